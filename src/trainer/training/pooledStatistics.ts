import * as tf from '@tensorflow/tfjs-core';
import { weightOf } from '../execution/layerWeights.ts';
import type { NormalizationStep } from '../execution/steps.ts';

interface Moments {
  images: number;
  mean: tf.Tensor1D;
  variance: tf.Tensor1D;
}

/**
 * What adaptive batch normalization has seen of a batch, part by part. The parts are brought together before the moving
 * statistics move, once a step, so that they are those of the batch however it was divided: its mean, and its variance as
 * the mean of the parts' variances and the variance between the parts.
 */
export class PooledStatistics {
  private readonly parts = new Map<NormalizationStep, Moments[]>();

  /** Takes over the moments of one part, [channels] each. */
  add(step: NormalizationStep, images: number, mean: tf.Tensor1D, variance: tf.Tensor1D): void {
    const part = { images, mean, variance };
    this.parts.set(step, [...(this.parts.get(step) ?? []), part]);
  }

  /** Moves the moving statistics of every layer. */
  apply(): void {
    for (const [step, parts] of this.parts) tf.tidy(() => moveStatistics(step, pooledMoments(parts)));
  }

  dispose(): void {
    for (const parts of this.parts.values()) for (const { mean, variance } of parts) tf.dispose([mean, variance]);
    this.parts.clear();
  }
}

/** Mean and biased variance of all parts together. */
function pooledMoments(parts: readonly Moments[]): Omit<Moments, 'images'> {
  if (parts.length === 1) return parts[0];
  const images = parts.reduce((sum, part) => sum + part.images, 0);
  const weighted = (valueOf: (part: Moments) => tf.Tensor1D): tf.Tensor1D =>
    tf.addN(parts.map((part) => tf.mul(valueOf(part), part.images / images)));
  const mean = weighted((part) => part.mean);
  const variance = weighted((part) => tf.add(part.variance, tf.square(tf.sub(part.mean, mean))));
  return { mean, variance };
}

/** Exponential moving average of the batch's statistics, as Keras keeps it. */
function moveStatistics({ normalization }: NormalizationStep, { mean, variance }: Omit<Moments, 'images'>): void {
  const momentum = Number(normalization.getConfig().momentum ?? 0.99);
  const move = (role: string, value: tf.Tensor1D): void => {
    const variable = weightOf(normalization, role);
    variable?.assign(tf.add(tf.mul(variable, momentum), tf.mul(value, 1 - momentum)));
  };
  move('moving_mean', mean);
  move('moving_variance', variance);
}
