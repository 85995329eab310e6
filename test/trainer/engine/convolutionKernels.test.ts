import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import { createPortableEngine } from '../../../src/trainer/engine/portable/portableEngine.ts';
import { expectClose, expectSameOnBoth, normalTensor, valuesOn } from './backends.ts';

type Padding = 'same' | 'valid' | tf.backend_util.ExplicitPadding;
interface Case {
  size: [height: number, width: number];
  inputs: number;
  /** Outputs of a convolution, filters a channel of a depthwise one. */
  outputs: number;
  kernel: [number, number];
  strides: [number, number];
  padding: Padding;
}

const before = (top: number, left: number): Padding => [
  [0, 0],
  [top, 0],
  [left, 0],
  [0, 0],
];
const around = (top: number, bottom: number, left: number, right: number): Padding => [
  [0, 0],
  [top, bottom],
  [left, right],
  [0, 0],
];

const convolutions: Case[] = [
  { size: [7, 7], inputs: 12, outputs: 20, kernel: [1, 1], strides: [1, 1], padding: 'same' },
  { size: [5, 6], inputs: 70, outputs: 133, kernel: [1, 1], strides: [1, 1], padding: 'valid' },
  { size: [9, 6], inputs: 5, outputs: 7, kernel: [1, 1], strides: [2, 2], padding: 'same' },
  { size: [8, 8], inputs: 6, outputs: 9, kernel: [1, 1], strides: [1, 1], padding: around(1, 2, 0, 1) },
  { size: [9, 8], inputs: 3, outputs: 8, kernel: [3, 3], strides: [1, 1], padding: 'same' },
  { size: [9, 8], inputs: 3, outputs: 8, kernel: [3, 3], strides: [2, 2], padding: 'same' },
  { size: [10, 11], inputs: 5, outputs: 7, kernel: [3, 3], strides: [1, 1], padding: 'valid' },
  { size: [10, 11], inputs: 5, outputs: 7, kernel: [3, 3], strides: [2, 2], padding: 'valid' },
  { size: [10, 9], inputs: 4, outputs: 6, kernel: [3, 3], strides: [2, 1], padding: 'same' },
  { size: [6, 7], inputs: 16, outputs: 130, kernel: [3, 3], strides: [1, 1], padding: 'same' },
  { size: [8, 7], inputs: 4, outputs: 5, kernel: [3, 3], strides: [2, 2], padding: around(0, 1, 0, 1) },
  { size: [8, 7], inputs: 4, outputs: 5, kernel: [3, 3], strides: [1, 1], padding: before(3, 4) },
  { size: [8, 7], inputs: 4, outputs: 5, kernel: [3, 3], strides: [1, 1], padding: around(0, 2, 1, 0) },
  { size: [8, 7], inputs: 4, outputs: 5, kernel: [2, 4], strides: [1, 1], padding: 'same' },
  { size: [9, 9], inputs: 6, outputs: 4, kernel: [5, 5], strides: [2, 2], padding: 'same' },
  { size: [8, 9], inputs: 5, outputs: 6, kernel: [1, 7], strides: [1, 1], padding: 'same' },
  { size: [12, 13], inputs: 3, outputs: 5, kernel: [7, 7], strides: [2, 2], padding: around(3, 3, 3, 3) },
  { size: [7, 5], inputs: 3, outputs: 4, kernel: [5, 3], strides: [1, 1], padding: 'valid' },
];

const depthwise: Case[] = [
  { size: [7, 9], inputs: 8, outputs: 1, kernel: [3, 3], strides: [1, 1], padding: 'same' },
  { size: [9, 8], inputs: 35, outputs: 1, kernel: [3, 3], strides: [2, 2], padding: 'same' },
  { size: [8, 9], inputs: 20, outputs: 1, kernel: [3, 3], strides: [2, 2], padding: 'valid' },
  { size: [9, 11], inputs: 5, outputs: 1, kernel: [3, 3], strides: [1, 1], padding: 'valid' },
  { size: [6, 5], inputs: 19, outputs: 1, kernel: [1, 1], strides: [1, 1], padding: 'same' },
  { size: [7, 6], inputs: 4, outputs: 1, kernel: [1, 1], strides: [2, 2], padding: 'same' },
  { size: [10, 9], inputs: 21, outputs: 1, kernel: [5, 5], strides: [1, 1], padding: 'same' },
  { size: [11, 9], inputs: 6, outputs: 1, kernel: [5, 5], strides: [2, 2], padding: 'same' },
  { size: [12, 13], inputs: 7, outputs: 1, kernel: [7, 7], strides: [2, 2], padding: 'same' },
  { size: [3, 2], inputs: 6, outputs: 1, kernel: [5, 5], strides: [1, 1], padding: 'same' },
  { size: [9, 8], inputs: 6, outputs: 1, kernel: [3, 3], strides: [2, 2], padding: around(0, 1, 0, 1) },
  { size: [8, 8], inputs: 6, outputs: 1, kernel: [3, 3], strides: [1, 1], padding: before(2, 1) },
  { size: [8, 8], inputs: 6, outputs: 1, kernel: [3, 3], strides: [1, 1], padding: around(5, 4, 4, 5) },
  { size: [9, 8], inputs: 5, outputs: 1, kernel: [3, 5], strides: [1, 2], padding: 'same' },
  { size: [8, 9], inputs: 6, outputs: 2, kernel: [3, 3], strides: [1, 1], padding: 'same' },
  { size: [8, 9], inputs: 5, outputs: 3, kernel: [3, 3], strides: [2, 2], padding: 'same' },
];

const title = ({ size, inputs, outputs, kernel, strides, padding }: Case): string =>
  `${size.join('x')}x${inputs} to ${outputs}, kernel ${kernel.join('x')}, strides ${strides.join('x')}, ${JSON.stringify(padding)}`;

beforeAll(async () => {
  await createPortableEngine();
});

describe('gradients of convolutions', () => {
  it.each(convolutions.map((example) => [title(example), example] as const))('%s', async (_, example) => {
    const convolve = (x: tf.Tensor, filter: tf.Tensor) =>
      tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, example.strides, example.padding);
    await expectSameOnBoth(() => gradients(example, convolve));
  });

  it('takes the images of a large input gradient in parts', async () => {
    // 5 images with 28 x 28 x 3 x 3 x 600 columns each: more than are kept in memory at a time.
    const lastOf = (images: number) => () => {
      const filter = normalTensor([3, 3, 600, 1], 'filter');
      const dy = tf.slice(normalTensor([5, 28, 28, 1], 'dy'), [5 - images, 0, 0, 0], [images, 28, 28, 1]);
      const attributes = { strides: 2, pad: 'same', dataFormat: 'NHWC', inputShape: [images, 56, 56, 600] };
      const gradient = tf.engine().runKernel<tf.Tensor4D>('Conv2DBackpropInput', { dy, filter }, attributes);
      return [tf.slice(gradient, [images - 1, 0, 0, 0], [1, 56, 56, 600])];
    };
    const together = await valuesOn('wasm', lastOf(5));
    expectClose(await valuesOn('wasm', lastOf(1)), together, 0);
  });
});

describe('depthwise convolutions and their gradients', () => {
  it.each(depthwise.map((example) => [title(example), example] as const))('%s', async (_, example) => {
    const convolve = (x: tf.Tensor, filter: tf.Tensor) =>
      tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, example.strides, example.padding);
    await expectSameOnBoth(() => gradients(example, convolve));
    await expectSameOnBoth(() => [convolve(...inputsOf(example))]);
  });
});

function inputsOf({ size, inputs, outputs, kernel }: Case): [x: tf.Tensor, filter: tf.Tensor] {
  return [normalTensor([3, ...size, inputs], 'x'), normalTensor([...kernel, inputs, outputs], 'filter')];
}

function gradients(example: Case, convolve: (x: tf.Tensor, filter: tf.Tensor) => tf.Tensor): tf.Tensor[] {
  const inputs = inputsOf(example);
  return tf.grads(convolve)(inputs, normalTensor(convolve(...inputs).shape, 'dy'));
}
