import * as tf from '@tensorflow/tfjs-core';
import type { Engine } from '../engine/engine.ts';

/** Keeps batches to one size, for engines that take long over a new one: the last of a set is filled up. */
export class FixedBatch {
  private size = 0;

  constructor(private readonly engine: Pick<Engine, 'prefersFixedShapes'>) {}

  /** From here on batches have at least this size. */
  keepTo(size: number): void {
    this.size = size;
  }

  /** The images, the first of them repeated behind them up to the usual size, but not beyond `limit`. */
  filled<T>(images: readonly T[], limit: number): T[] {
    this.size = Math.max(this.size, images.length);
    if (!this.engine.prefersFixedShapes) return [...images];
    const missing = Math.min(this.size, limit) - images.length;
    return [...images, ...new Array<T>(Math.max(0, missing)).fill(images[0])];
  }
}

/** The first rows of a tensor in its place; the tensor itself where they are all. */
export function firstRows(value: tf.Tensor, count: number): tf.Tensor {
  if (value.shape[0] === count) return value;
  const rows = tf.slice(value, 0, count);
  value.dispose();
  return rows;
}
