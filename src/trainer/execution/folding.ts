import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { weightOf } from './layerWeights.ts';
import type { ConvolutionStep } from './steps.ts';

/** Filter and bias of a convolution with its batch normalization folded in. */
export interface FoldedWeights {
  /** [height, width, in, out], or [height, width, in, multiplier] of a depthwise convolution. */
  filter: tf.Tensor4D;
  /** [out] */
  bias: tf.Tensor1D;
}

/** Scale and shift per channel that batch normalization with fixed statistics amounts to; both [channels]. */
export function normalizationAffine(layer: tfl.layers.Layer): { scale: tf.Tensor1D; shift: tf.Tensor1D } {
  const mean = weightOf(layer, 'moving_mean');
  const variance = weightOf(layer, 'moving_variance');
  if (!mean || !variance) throw new Error(`batch normalization "${layer.name}" has no moving statistics`);
  const gamma = weightOf(layer, 'gamma');
  const beta = weightOf(layer, 'beta');
  const inverse = tf.rsqrt(tf.add(variance, Number(layer.getConfig().epsilon)));
  const scale = (gamma ? tf.mul(gamma, inverse) : inverse) as tf.Tensor1D;
  const offset = tf.mul(mean, scale);
  const shift = (beta ? tf.sub(beta, offset) : tf.neg(offset)) as tf.Tensor1D;
  return { scale, shift };
}

/**
 * w' = w * gamma / sqrt(variance + epsilon), b' = beta + (b - mean) * gamma / sqrt(variance + epsilon). Built from taped
 * products, so that gradients reach kernel, bias, gamma and beta.
 */
export function foldWeights(step: ConvolutionStep): FoldedWeights {
  const depthwise = step.attributes.kind === 'depthwise';
  const kernel = weightOf(step.convolution, depthwise ? 'depthwise_kernel' : 'kernel') as tf.Tensor4D | undefined;
  if (!kernel) throw new Error(`convolution "${step.convolution.name}" has no kernel`);
  const ownBias = weightOf(step.convolution, 'bias') as tf.Tensor1D | undefined;
  const channels = step.outputShape[step.outputShape.length - 1];
  if (!step.normalization) return { filter: kernel, bias: ownBias ?? tf.zeros([channels]) };
  const { scale, shift } = normalizationAffine(step.normalization);
  const perFilter = depthwise ? tf.reshape(scale, [1, 1, kernel.shape[2], kernel.shape[3]]) : scale;
  const bias = ownBias ? tf.add(tf.mul(ownBias, scale), shift) : shift;
  return { filter: tf.mul(kernel, perFilter), bias: bias as tf.Tensor1D };
}
