import { setImmediate as nextTurn } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { type LayerMoments, pooledDistance } from '../../shared/batchNormDistance.ts';
import type { FeatureRows } from '../../shared/nearestNeighbours.ts';
import type { Engine } from '../engine/engine.ts';
import { weightOf } from '../execution/layerWeights.ts';
import { FoldedConstants, inferSteps } from '../execution/runSteps.ts';
import { compileSteps, type NormalizationStep, type StepSequence, type ValueId } from '../execution/steps.ts';
import { inputTensor, type NetworkInput } from '../training/inputTensor.ts';

/** Images a pass computes at a time: the inputs of all batch normalizations are kept at once. */
const BATCH = 4;

/** What a network makes of images on its way. */
export interface NetworkProbe {
  /** A batch normalization with statistics each, input to output. */
  moments: LayerMoments[];
  /** Features at the end of the blocks asked for: means over the pixels of each channel. */
  depths: { block: string; features: FeatureRows }[];
}

export interface ProbeOptions {
  /** Blocks whose outputs are wanted, with their layers. */
  blocks?: readonly { name: string; layers: readonly string[] }[];
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}

/**
 * Runs images through a network once, in inference mode, and keeps what the batch normalizations meet and what the blocks
 * give out. Rejects with the signal's reason when it aborts.
 *
 * @param images decoded images of the network's size, 0 to 255
 */
export async function probeNetwork(
  engine: Engine,
  model: tfl.LayersModel,
  images: readonly Uint8Array[],
  input: NetworkInput,
  { blocks = [], signal, onProgress }: ProbeOptions = {},
): Promise<NetworkProbe> {
  const sequence = compileSteps(model, { separate: true });
  const normalizations = sequence.steps.filter(
    (step): step is NormalizationStep => step.kind === 'normalization' && hasStatistics(step),
  );
  const moments = normalizations.map((step) => new MomentsOfLayer(step, images.length));
  const depths = blocks.flatMap(({ name, layers }) => depthAt(sequence, name, layers, images.length));
  const wanted = [...new Set([...moments, ...depths].map(({ value }) => value))];
  const last = sequence.steps.findLastIndex((step) => wanted.includes(step.output));
  const steps = sequence.steps.slice(0, last + 1);
  if (wanted.length === 0) return { moments: [], depths: [] };
  const constants = new FoldedConstants(steps);
  try {
    for (let start = 0; start < images.length; start += BATCH) {
      signal?.throwIfAborted();
      const batch = inputTensor(images.slice(start, start + BATCH), input);
      const values = inferSteps(engine, steps, new Map([[sequence.input, batch]]), wanted, constants);
      try {
        const computed = new Map(wanted.map((id, place) => [id, values[place]]));
        for (const each of [...moments, ...depths]) await each.add(engine, start, computed);
      } finally {
        tf.dispose([batch, ...values]);
      }
      onProgress?.(Math.min(images.length, start + BATCH), images.length);
      await nextTurn();
    }
  } finally {
    constants.dispose();
  }
  return {
    moments: moments.map((each) => each.result()),
    depths: depths.map(({ block, features }) => ({ block, features })),
  };
}

/** Mean of the distances of all batch normalizations (`layerDistances`); null for a network without any that has statistics. */
export async function batchNormDistance(
  engine: Engine,
  model: tfl.LayersModel,
  images: readonly Uint8Array[],
  input: NetworkInput,
): Promise<number | null> {
  const { moments } = await probeNetwork(engine, model, images, input);
  if (moments.length === 0 || images.length === 0) return null;
  return pooledDistance(moments, new Uint8Array(images.length).fill(1));
}

/** Whether it has met images in training: a new one expects a mean of 0 and a variance of 1 in every channel. */
function hasStatistics({ normalization }: NormalizationStep): boolean {
  const isOther = (role: string, initial: number): boolean =>
    (weightOf(normalization, role)?.dataSync<'float32'>() ?? []).some((value) => value !== initial);
  return isOther('moving_mean', 0) || isOther('moving_variance', 1);
}

/** Sums and squares at the input of a batch normalization. */
class MomentsOfLayer {
  readonly value: ValueId;
  private readonly channels: number;
  private readonly sums: Float64Array;
  private readonly squares: Float64Array;
  private pixels = 0;

  constructor(
    private readonly step: NormalizationStep,
    images: number,
  ) {
    this.value = step.inputs[0];
    this.channels = step.outputShape[step.outputShape.length - 1];
    this.sums = new Float64Array(images * this.channels);
    this.squares = new Float64Array(images * this.channels);
  }

  async add(engine: Engine, start: number, values: ReadonlyMap<ValueId, tf.Tensor>): Promise<void> {
    const value = values.get(this.value);
    if (!value) return;
    const [count] = value.shape;
    this.pixels = value.size / count / this.channels;
    const both = tf.tidy(() => {
      const rows = tf.reshape(value, [count, -1, this.channels]);
      return [tf.sum(rows, 1), tf.sum(tf.square(rows), 1)];
    });
    this.sums.set(await engine.read(both[0]), start * this.channels);
    this.squares.set(await engine.read(both[1]), start * this.channels);
    tf.dispose(both);
  }

  result(): LayerMoments {
    const { sums, squares, pixels, step } = this;
    const read = (role: string): Float32Array =>
      weightOf(step.normalization, role)?.dataSync<'float32'>() ?? new Float32Array();
    const epsilon = Number(step.normalization.getConfig().epsilon);
    const movingVariance = Float32Array.from(read('moving_variance'), (variance) => variance + epsilon);
    return { layer: step.normalization.name, sums, squares, pixels, movingMean: read('moving_mean'), movingVariance };
  }
}

/** Means over pixels of what a block gives out. */
class FeaturesAtDepth {
  readonly features: FeatureRows;

  constructor(
    readonly block: string,
    readonly value: ValueId,
    channels: number,
    images: number,
  ) {
    this.features = { values: new Float32Array(images * channels), size: channels };
  }

  async add(engine: Engine, start: number, values: ReadonlyMap<ValueId, tf.Tensor>): Promise<void> {
    const value = values.get(this.value);
    if (!value) return;
    const { size } = this.features;
    const pooled = tf.tidy(() => tf.mean(tf.reshape(value, [value.shape[0], -1, size]), 1));
    this.features.values.set(await engine.read(pooled), start * size);
    pooled.dispose();
  }
}

/** None for a block whose output is neither a picture nor a row of numbers. */
function depthAt(sequence: StepSequence, block: string, layers: readonly string[], images: number): FeaturesAtDepth[] {
  const step = sequence.steps.findLast((candidate) => candidate.layers.some((layer) => layers.includes(layer)));
  if (!step || (step.outputShape.length !== 3 && step.outputShape.length !== 1)) return [];
  return [new FeaturesAtDepth(block, step.output, step.outputShape[step.outputShape.length - 1], images)];
}
