import * as tf from '@tensorflow/tfjs-core';
import { ABOVE_ZERO } from '../activationRange.ts';
import type { MaskAttributes, NormalizationAttributes } from '../ownKernels.ts';
import { registerConvolutions } from './convolutionKernels.ts';
import { CHANNELS_LAST, type Operations } from './operations.ts';
import { registerKernel } from './registerKernel.ts';

/**
 * Registers the kernels of our own (see ownKernels.ts), and those of @tensorflow/tfjs-node anew that take more operations
 * than TensorFlow needs: a convolution adds its bias and limits its output by one operation each.
 */
export function registerNativeKernels(operations: Operations): void {
  registerChannelKernels(operations);
  registerNormalization(operations);
  registerConvolutions(operations);
}

function registerChannelKernels(operations: Operations): void {
  const sums = (x: tf.TensorInfo): tf.Tensor => operations.run('BiasAddGrad', [x], [CHANNELS_LAST]);
  const masked = (x: tf.Tensor, dy: tf.Tensor, limits: MaskAttributes): tf.Tensor =>
    maskedGradient(operations, x, dy, limits);

  registerKernel<MaskAttributes>('MaskedGradient', ({ x, dy }, limits) => masked(x, dy, limits));
  registerKernel<MaskAttributes>('MaskedGradientSums', ({ x, dy }, limits) => {
    const gradient = masked(x, dy, limits);
    return [gradient, sums(gradient)];
  });
  registerKernel('ChannelSums', ({ x }) => sums(x));
  registerKernel('ChannelProductSums', ({ a, b }) => sums(tf.mul(a, b)));
  registerKernel('CenteredProductSums', ({ a, b, center }) => sums(tf.mul(a, tf.sub(b, center))));
  registerKernel('ChannelAffine', ({ x, scale, shift }) => tf.add(tf.mul(x, scale), shift));
  registerKernel('ChannelScale', ({ x, scale }) => tf.mul(x, scale));
  registerKernel('ChannelMoments', ({ x }) => {
    const axes = x.shape.slice(0, -1).map((_, axis) => axis);
    const { mean, variance } = tf.moments(x, axes);
    return tf.stack([mean, variance]);
  });
}

/** ReLU and ReLU6, the only limits that training meets often, have gradients of their own in TensorFlow. */
function maskedGradient(operations: Operations, x: tf.Tensor, dy: tf.Tensor, { low, high }: MaskAttributes): tf.Tensor {
  if (low === ABOVE_ZERO && high === Infinity) return operations.run('ReluGrad', [dy, x]);
  if (low === ABOVE_ZERO && high < 6) return operations.run('Relu6Grad', [dy, x]);
  const passes = tf.logicalAnd(tf.greaterEqual(x, low), tf.lessEqual(x, high));
  return tf.where(passes, dy, tf.zerosLike(dy));
}

function registerNormalization(operations: Operations): void {
  registerKernel<NormalizationAttributes>('Normalize', ({ x, moments, gamma, beta }, { epsilon }) => {
    const [mean, variance] = tf.unstack(moments);
    const scale = tf.mul(gamma, tf.rsqrt(tf.add(variance, epsilon)));
    return tf.add(tf.mul(x, scale), tf.sub(beta, tf.mul(mean, scale)));
  });

  registerKernel<NormalizationAttributes>('NormalizationGradient', ({ x, dy, moments, gamma }, { epsilon }) => {
    const sums = (values: tf.Tensor): tf.Tensor => operations.run('BiasAddGrad', [values], [CHANNELS_LAST]);
    const [mean, variance] = tf.unstack(moments);
    const inverse = tf.rsqrt(tf.add(variance, epsilon));
    const count = x.size / gamma.size;
    const dbeta = sums(dy);
    const dgamma = tf.mul(sums(tf.mul(dy, tf.sub(x, mean))), inverse);
    // dx = gamma * inverse * (dy - dbeta / count - normalized x * dgamma / count), as one affine function of dy and of x.
    const scale = tf.mul(gamma, inverse);
    const slope = tf.div(tf.mul(tf.mul(scale, inverse), dgamma), count);
    const offset = tf.sub(tf.mul(slope, mean), tf.div(tf.mul(scale, dbeta), count));
    return [tf.add(tf.sub(tf.mul(dy, scale), tf.mul(x, slope)), offset), dgamma, dbeta];
  });
}
