import * as tf from '@tensorflow/tfjs-core';
import { type Augmentation, drawVariant, UNCHANGED, type Variant } from '../../shared/augmentation.ts';
import { PREFIX_BATCH } from '../../shared/predictMemory.ts';
import type { Random } from '../../shared/random.ts';
import { varyImage } from '../../shared/varyImage.ts';
import type { Engine } from '../engine/engine.ts';
import { HeapExhausted } from '../engine/portable/memoryGuard.ts';
import { CompiledSteps } from '../execution/compiledSteps.ts';
import { firstRows, FixedBatch } from '../execution/fixedBatch.ts';
import type { FoldedConstants } from '../execution/runSteps.ts';
import type { Step, ValueId } from '../execution/steps.ts';
import type { ExampleSet } from './examples.ts';
import { inputTensor, type NetworkInput } from './inputTensor.ts';
import type { PhaseProgram } from './phaseProgram.ts';

/** The constant part of a network: the steps below the first one that trains, and the values they hand over. */
export interface Prefix {
  steps: Step[];
  input: ValueId;
  boundary: ValueId[];
  constants: FoldedConstants;
  /** Image tensors to the boundary. */
  compiled: CompiledSteps;
}

/** The constant part of a phase. The caller disposes of `compiled` when the phase is over. */
export function prefixOf(
  engine: Engine,
  program: Pick<PhaseProgram, 'prefix' | 'sequence' | 'boundary' | 'constants'>,
): Prefix {
  const { prefix: steps, boundary, constants, sequence } = program;
  const stretch = { steps, given: [sequence.input], wanted: boundary, constants };
  return { steps, input: sequence.input, boundary, constants, compiled: new CompiledSteps(engine, stretch, []) };
}

/** Values at the cut, [n, ...], of the examples `indexes`. The receiver disposes of the tensors. */
export interface FeatureBatch {
  indexes: readonly number[];
  values: ReadonlyMap<ValueId, tf.Tensor>;
}

/** Where batches of the values at the cut come from. */
export interface FeatureSource {
  /**
   * Examples whose image cannot be read (any more) are left out of the answer.
   * @param draw Random numbers for augmentation; null gives every image as it is.
   */
  batch(indexes: readonly number[], draw: Random | null): Promise<FeatureBatch>;
}

/** Runs the constant part for images on the spot, with augmentation drawn anew each time. */
export class LiveFeatures implements FeatureSource {
  private batchSize = PREFIX_BATCH;
  private readonly fixed: FixedBatch;

  constructor(
    engine: Engine,
    private readonly prefix: Prefix,
    private readonly set: ExampleSet,
    private readonly input: NetworkInput,
    private readonly augmentation: Augmentation,
  ) {
    this.fixed = new FixedBatch(engine);
  }

  async batch(indexes: readonly number[], draw: Random | null): Promise<FeatureBatch> {
    const images: { index: number; pixels: Uint8Array }[] = [];
    for await (const image of this.set.read(indexes)) images.push(image);
    if (images.length === 0) return { indexes: [], values: new Map() };
    const variants = images.map(() => (draw ? drawVariant(draw, this.augmentation) : UNCHANGED));
    const pixels = images.map((image) => image.pixels);
    return { indexes: images.map((image) => image.index), values: this.compute(pixels, variants) };
  }

  /** Values at the cut for one variant of each decoded image. Halves its batches when memory runs out. */
  compute(pixels: readonly Uint8Array[], variants: readonly Variant[]): ReadonlyMap<ValueId, tf.Tensor> {
    for (;;) {
      try {
        return this.computeInParts(pixels, variants);
      } catch (error) {
        if (!(error instanceof HeapExhausted) || this.batchSize === 1) throw error;
        this.batchSize = Math.ceil(this.batchSize / 2);
      }
    }
  }

  /**
   * Images come in batches of this size, whatever is asked for, on an engine whose results may depend on it: so that features
   * are the same whether all of a set are computed or those that a cache lacks.
   */
  keepTo(size: number): void {
    this.fixed.keepTo(size);
  }

  private computeInParts(pixels: readonly Uint8Array[], variants: readonly Variant[]): ReadonlyMap<ValueId, tf.Tensor> {
    const { boundary, compiled, input } = this.prefix;
    const parts: tf.Tensor[][] = boundary.map(() => []);
    try {
      for (let start = 0; start < pixels.length; start += this.batchSize) {
        const end = start + this.batchSize;
        const varied = variants
          .slice(start, end)
          .map((variant, position) => varyImage(pixels[start + position], this.input, variant));
        const images = inputTensor(this.fixed.filled(varied, this.batchSize), this.input);
        try {
          const values = compiled.run(new Map([[input, images]]));
          values.forEach((value, position) => parts[position].push(firstRows(value, varied.length)));
        } finally {
          images.dispose();
        }
      }
      return new Map(boundary.map((id, position) => [id, joined(parts[position])]));
    } catch (error) {
      tf.dispose(parts);
      throw error;
    }
  }
}

function joined(parts: tf.Tensor[]): tf.Tensor {
  if (parts.length === 1) return parts[0];
  const whole = tf.concat(parts, 0);
  tf.dispose(parts);
  return whole;
}
