import * as tf from '@tensorflow/tfjs-core';
import { type Augmentation, cachedVariants, drawVariant, UNCHANGED, type Variant } from '../../shared/augmentation.ts';
import { PREFIX_BATCH } from '../../shared/predictMemory.ts';
import type { Random } from '../../shared/random.ts';
import { varyImage } from '../../shared/varyImage.ts';
import type { Engine } from '../engine/engine.ts';
import { HeapExhausted } from '../engine/portable/memoryGuard.ts';
import { type FoldedConstants, inferSteps } from '../execution/runSteps.ts';
import type { Step, ValueId } from '../execution/steps.ts';
import type { ExampleSet } from './examples.ts';
import { inputTensor, type NetworkInput } from './inputTensor.ts';

/** The constant part of a network: the steps below the first one that trains, and the values they hand over. */
export interface Prefix {
  steps: Step[];
  input: ValueId;
  boundary: ValueId[];
  constants: FoldedConstants;
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

export interface CacheProgress {
  done: number;
  total: number;
  bytes: number;
}

/** Runs the constant part for images on the spot, with augmentation drawn anew each time. */
export class LiveFeatures implements FeatureSource {
  private batchSize = PREFIX_BATCH;

  constructor(
    private readonly engine: Engine,
    private readonly prefix: Prefix,
    private readonly set: ExampleSet,
    private readonly input: NetworkInput,
    private readonly augmentation: Augmentation,
  ) {}

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

  private computeInParts(pixels: readonly Uint8Array[], variants: readonly Variant[]): ReadonlyMap<ValueId, tf.Tensor> {
    const { steps, boundary, constants } = this.prefix;
    const parts: tf.Tensor[][] = boundary.map(() => []);
    try {
      for (let start = 0; start < pixels.length; start += this.batchSize) {
        const end = start + this.batchSize;
        const varied = variants
          .slice(start, end)
          .map((variant, position) => varyImage(pixels[start + position], this.input, variant));
        const images = inputTensor(varied, this.input);
        try {
          const values = inferSteps(this.engine, steps, new Map([[this.prefix.input, images]]), boundary, constants);
          values.forEach((value, position) => parts[position].push(value));
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

/** A way of varying images that holds for the whole of a phase: a cache can keep every variant. */
export type FixedAugmentation = Augmentation & { variants: number };

/** Everything below the cut computed once per image and variant, and kept in memory. */
export class CachedFeatures implements FeatureSource {
  private readonly features = new Map<string, Float32Array[]>();
  private readonly shapes = new Map<ValueId, number[]>();
  private hitCount = 0;
  private byteCount = 0;

  constructor(
    private readonly engine: Engine,
    private readonly prefix: Prefix,
    private readonly set: ExampleSet,
    private readonly live: LiveFeatures,
    private readonly augmentation: FixedAugmentation,
    private readonly seed: number,
  ) {}

  get statistics(): { hits: number; misses: number; bytes: number } {
    return { hits: this.hitCount, misses: this.features.size, bytes: this.byteCount };
  }

  /** Computes the features of the given examples in all variants (the first is the image as it is). */
  async fill(
    indexes: readonly number[],
    onProgress: (progress: CacheProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const group = Math.max(1, Math.floor(PREFIX_BATCH / this.augmentation.variants));
    let waiting: { index: number; pixels: Uint8Array }[] = [];
    let done = 0;
    const flush = async (): Promise<void> => {
      if (waiting.length === 0) return;
      await this.add(waiting);
      done += waiting.length;
      waiting = [];
      onProgress({ done, total: indexes.length, bytes: this.byteCount });
    };
    for await (const image of this.set.read(indexes, signal)) {
      signal.throwIfAborted();
      waiting.push(image);
      if (waiting.length >= group) await flush();
    }
    await flush();
  }

  private async add(images: { index: number; pixels: Uint8Array }[]): Promise<void> {
    const { variants: count } = this.augmentation;
    const variants = images.flatMap(({ index }) => cachedVariants(this.augmentation, count, this.seed, index));
    const pixels = images.flatMap((image) => new Array<Uint8Array>(count).fill(image.pixels));
    const values = this.live.compute(pixels, variants);
    for (const id of this.prefix.boundary) {
      const tensor = values.get(id);
      if (!tensor) continue;
      this.shapes.set(id, tensor.shape.slice(1));
      const all = await this.engine.read(tensor);
      const size = all.length / pixels.length;
      pixels.forEach((_, position) => {
        const key = `${images[Math.floor(position / count)].index}/${position % count}`;
        const earlier = this.features.get(key) ?? [];
        this.features.set(key, [...earlier, all.slice(position * size, (position + 1) * size)]);
      });
      this.byteCount += all.byteLength;
      tensor.dispose();
    }
  }

  batch(indexes: readonly number[], draw: Random | null): Promise<FeatureBatch> {
    const rows = indexes.map((index) => {
      const variant = draw ? draw.below(this.augmentation.variants) : 0;
      const row = this.features.get(`${index}/${variant}`);
      if (!row) throw new Error(`example ${index} is not in the cache`);
      return row;
    });
    this.hitCount += rows.length;
    const values = this.prefix.boundary.map((id, value) => {
      const shape = this.shapes.get(id) ?? [];
      const size = shape.reduce((product, length) => product * length, 1);
      const all = new Float32Array(rows.length * size);
      rows.forEach((row, position) => all.set(row[value], position * size));
      return [id, tf.tensor(all, [rows.length, ...shape])] as const;
    });
    return Promise.resolve({ indexes, values: new Map(values) });
  }
}
