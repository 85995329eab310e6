import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { VALUE_RANGES, type ValueRange } from '../../shared/plan.ts';
import type { Engine } from '../engine/engine.ts';
import { weightOf } from '../execution/layerWeights.ts';
import { FoldedConstants, inferSteps } from '../execution/runSteps.ts';
import { compileSteps, type NormalizationStep } from '../execution/steps.ts';
import { inputTensor, type NetworkInput } from '../training/inputTensor.ts';

/** Images a pass computes at a time: the inputs of all batch normalizations are kept at once. */
const BATCH = 4;

/** Sums over images and pixels, per channel. */
interface Moments {
  sum: Float64Array;
  squares: Float64Array;
  count: number;
}

/**
 * How far images are from what a network saw before: per batch normalization, the mean over channels of
 * ((mean - mean_s)^2 + (std - std_s)^2) / std_s^2, where mean_s and std_s are the layer's moving statistics (its epsilon
 * included) and mean and std those of its input, pooled over images and pixels; averaged over layers. Precedents:
 * https://arxiv.org/abs/1603.04779, https://arxiv.org/abs/2107.00191. Null for a network without batch normalization.
 *
 * @param images decoded images of the network's size, 0 to 255
 */
export async function batchNormDistance(
  engine: Engine,
  model: tfl.LayersModel,
  images: readonly Uint8Array[],
  input: NetworkInput,
): Promise<number | null> {
  const sequence = compileSteps(model, { separate: true });
  const steps = sequence.steps.filter((step): step is NormalizationStep => step.kind === 'normalization');
  if (steps.length === 0 || images.length === 0) return null;
  const wanted = steps.map((step) => step.inputs[0]);
  const moments = steps.map((): Moments => ({ sum: new Float64Array(0), squares: new Float64Array(0), count: 0 }));
  const constants = new FoldedConstants(sequence.steps);
  try {
    for (let start = 0; start < images.length; start += BATCH) {
      const batch = inputTensor(images.slice(start, start + BATCH), input);
      const values = inferSteps(engine, sequence.steps, new Map([[sequence.input, batch]]), wanted, constants);
      for (const [index, value] of values.entries()) await addMoments(engine, moments[index], value);
      tf.dispose([batch, ...values]);
    }
  } finally {
    constants.dispose();
  }
  const distances = steps.map((step, index) => layerDistance(step, moments[index]));
  return distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
}

async function addMoments(engine: Engine, moments: Moments, value: tf.Tensor): Promise<void> {
  const channels = value.shape[value.shape.length - 1];
  const [sum, squares] = tf.tidy((): [tf.Tensor, tf.Tensor] => {
    const rows = tf.reshape(value, [-1, channels]);
    return [tf.sum(rows, 0), tf.sum(tf.square(rows), 0)];
  });
  if (moments.sum.length === 0) {
    moments.sum = new Float64Array(channels);
    moments.squares = new Float64Array(channels);
  }
  (await engine.read(sum)).forEach((entry, channel) => (moments.sum[channel] += entry));
  (await engine.read(squares)).forEach((entry, channel) => (moments.squares[channel] += entry));
  moments.count += value.size / channels;
  tf.dispose([sum, squares]);
}

function layerDistance(step: NormalizationStep, { sum, squares, count }: Moments): number {
  const movingMean = weightOf(step.normalization, 'moving_mean')?.dataSync<'float32'>() ?? new Float32Array(0);
  const movingVariance = weightOf(step.normalization, 'moving_variance')?.dataSync<'float32'>() ?? new Float32Array(0);
  const epsilon = Number(step.normalization.getConfig().epsilon);
  let total = 0;
  movingMean.forEach((expectedMean, channel) => {
    const mean = sum[channel] / count;
    const deviation = Math.sqrt(Math.max(0, squares[channel] / count - mean * mean));
    const expectedVariance = movingVariance[channel] + epsilon;
    const difference = (mean - expectedMean) ** 2 + (deviation - Math.sqrt(expectedVariance)) ** 2;
    total += difference / expectedVariance;
  });
  return total / movingMean.length;
}

/** The distance under every value range, and the range with the least. Null for a network without batch normalization. */
export async function measureRange(
  engine: Engine,
  model: tfl.LayersModel,
  images: readonly Uint8Array[],
  size: Omit<NetworkInput, 'range'>,
): Promise<{ best: ValueRange; distances: Record<ValueRange, number> } | null> {
  const measured: [ValueRange, number][] = [];
  for (const range of VALUE_RANGES) {
    const distance = await batchNormDistance(engine, model, images, { ...size, range });
    if (distance === null) return null;
    measured.push([range, distance]);
  }
  const [best] = measured.reduce((least, entry) => (entry[1] < least[1] ? entry : least));
  return { best, distances: Object.fromEntries(measured) as Record<ValueRange, number> };
}
