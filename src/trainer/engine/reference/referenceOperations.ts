import * as tf from '@tensorflow/tfjs-core';
import type { EngineOperations } from '../engine.ts';

/**
 * The operations composed of plain TensorFlow.js: for engines that have nothing better, and for tests to compare with.
 * At the limits of an activation they follow TensorFlow.js (an input of exactly 6 passes the gradient of relu6).
 */
export const referenceOperations: EngineOperations = {
  convolution(x, filter, bias, attributes) {
    const { strides, padding, inputGradient = true, filterGradient = true } = attributes;
    const input = inputGradient ? x : detached(x);
    const weights = dilatedFilter(filterGradient ? filter : detached(filter), attributes.dilations);
    const convolved =
      attributes.kind === 'depthwise'
        ? tf.depthwiseConv2d(input, weights, strides, padding)
        : tf.conv2d(input, weights, strides, padding);
    const shifted = tf.add<tf.Tensor4D>(convolved, filterGradient ? bias : detached(bias));
    if (attributes.activation === 'linear') return shifted;
    return attributes.activation === 'relu' ? tf.relu(shifted) : tf.relu6(shifted);
  },

  channelAffine(x, scale, shift, { inputGradient = true, coefficientGradient = true } = {}) {
    const input = inputGradient ? x : detached(x);
    if (!coefficientGradient) return tf.add(tf.mul(input, detached(scale)), detached(shift));
    return tf.add(tf.mul(input, scale), shift);
  },

  batchNormalization(x, gamma, beta, epsilon) {
    const axes = [...x.shape.keys()].slice(0, -1);
    const { mean, variance } = tf.moments(x, axes);
    const deviation = tf.sqrt(tf.add(variance, epsilon));
    const output = tf.add(tf.mul(tf.div(tf.sub(x, mean), deviation), gamma), beta);
    return { output, mean: detached(mean as tf.Tensor1D), variance: detached(variance as tf.Tensor1D) };
  },
};

/** The same values, through which no gradient passes. */
export function detached<T extends tf.Tensor>(tensor: T): T {
  return tf.customGrad<T>((...inputs) => ({
    value: tf.clone(inputs[0] as T),
    gradFunc: (gradient) => tf.zerosLike(gradient),
  }))(tensor);
}

/**
 * A filter that convolves like `filter` with these dilations, but without any: zeros between its taps. TensorFlow.js has
 * no gradients of dilated convolutions.
 */
function dilatedFilter(filter: tf.Tensor4D, [dilationHeight, dilationWidth]: [number, number]): tf.Tensor4D {
  if (dilationHeight === 1 && dilationWidth === 1) return filter;
  const [height, width, inputs, outputs] = filter.shape;
  const spread = tf.pad(tf.reshape(filter, [height, 1, width, 1, inputs * outputs]), [
    [0, 0],
    [0, dilationHeight - 1],
    [0, 0],
    [0, dilationWidth - 1],
    [0, 0],
  ]);
  const trailing = tf.reshape(spread, [height * dilationHeight, width * dilationWidth, inputs, outputs]);
  const size: [number, number] = [(height - 1) * dilationHeight + 1, (width - 1) * dilationWidth + 1];
  return tf.slice(trailing, [0, 0, 0, 0], [...size, inputs, outputs]) as tf.Tensor4D;
}
