import * as tf from '@tensorflow/tfjs-core';

/**
 * The filter that does without dilations what this one does with them: zeros between its taps. TensorFlow has no dilated
 * depthwise convolutions and no gradients of dilated convolutions for processors.
 *
 * @param filter [height, width, in, out]
 */
export function dilateFilter(filter: tf.Tensor, [vertical, horizontal]: [number, number]): tf.Tensor {
  const [height, width, inputs, outputs] = filter.shape;
  const apart = tf.reshape(filter, [height, 1, width, 1, inputs, outputs]);
  const none: [number, number] = [0, 0];
  const padded = tf.pad(apart, [none, [0, vertical - 1], none, [0, horizontal - 1], none, none]);
  const whole = tf.reshape(padded, [height * vertical, width * horizontal, inputs, outputs]);
  return tf.slice(whole, [0, 0, 0, 0], dilatedShape(filter.shape, [vertical, horizontal]));
}

/** Shape of a filter with zeros between its taps. */
export function dilatedShape(shape: readonly number[], [vertical, horizontal]: [number, number]): number[] {
  const [height, width, ...rest] = shape;
  return [(height - 1) * vertical + 1, (width - 1) * horizontal + 1, ...rest];
}

/** The taps of a dilated filter, or of its gradient. */
export function tapsOf(dilated: tf.Tensor, [vertical, horizontal]: [number, number]): tf.Tensor {
  return tf.stridedSlice(dilated, [0, 0, 0, 0], dilated.shape, [vertical, horizontal, 1, 1]);
}
