import * as tf from '@tensorflow/tfjs-core';

/**
 * Kernels that TensorFlow.js does not have. Every engine registers its own form of each; the channels are the last axis.
 *
 * - `MaskedGradient` {x, dy}: dy where low <= x <= high, else 0. `MaskedGradientSums` gives its ChannelSums as well.
 * - `ChannelSums` {x}, `ChannelProductSums` {a, b}, `CenteredProductSums` {a, b, center}: sums over all axes but the
 *   last, [channels], of x, of a * b, and of a * (b - center).
 * - `ChannelAffine` {x, scale, shift}: x * scale + shift. `ChannelScale` {x, scale}: x * scale.
 * - `ChannelMoments` {x}: mean and biased variance of each channel, [2, channels].
 * - `Normalize` {x, moments, gamma, beta}: gamma * (x - mean) / sqrt(variance + epsilon) + beta.
 * - `NormalizationGradient` {x, dy, moments, gamma}: gradients of x, gamma and beta, the moments depending on x.
 */
export type OwnKernel =
  | 'MaskedGradient'
  | 'MaskedGradientSums'
  | 'ChannelSums'
  | 'ChannelProductSums'
  | 'CenteredProductSums'
  | 'ChannelAffine'
  | 'ChannelScale'
  | 'ChannelMoments'
  | 'Normalize'
  | 'NormalizationGradient';

/** Of `MaskedGradient` and `MaskedGradientSums`. */
export interface MaskAttributes {
  /** The gradient passes where low <= x <= high. */
  low: number;
  high: number;
}

/** Of `Normalize` and `NormalizationGradient`. */
export interface NormalizationAttributes {
  epsilon: number;
}

/** Runs a kernel by its name; it is not recorded on the tape where an operation with a gradient of its own runs it. */
export function runKernel<T extends tf.Tensor | tf.Tensor[] = tf.Tensor>(
  kernelName: string,
  inputs: Record<string, tf.Tensor>,
  attributes: object = {},
): T {
  return tf.engine().runKernel<T>(kernelName, inputs, attributes as tf.NamedAttrMap);
}
