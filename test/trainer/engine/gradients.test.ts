import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createPortableEngine } from '../../../src/trainer/engine/portable/portableEngine.ts';
import { expectSameOnBoth, normalTensor, valuesOn } from './backends.ts';

beforeAll(async () => {
  await createPortableEngine();
});

const atTheLimits = () => tf.tensor1d([-1, -0, 0, 1e-38, 3, 5.9999995, 6, 6.0000005, 7]);

describe.each([
  ['relu', (x: tf.Tensor) => tf.relu(x), [0, 0, 0, 1, 1, 1, 1, 1, 1]],
  ['relu6', (x: tf.Tensor) => tf.relu6(x), [0, 0, 0, 1, 1, 1, 1, 0, 0]],
  ['clip', (x: tf.Tensor) => tf.clipByValue(x, 0, 6), [0, 1, 1, 1, 1, 1, 1, 0, 0]],
] as const)('gradient of %s', (_, operation, passes) => {
  it('passes at the limits where TensorFlow.js lets it', async () => {
    const [gradient] = await valuesOn('wasm', () => [tf.grad(operation)(atTheLimits())]);
    expect([...gradient]).toEqual(passes);
    await expectSameOnBoth(() => [tf.grad(operation)(atTheLimits())], 0);
  });

  it.each([[[3, 5, 7]], [[]], [[4, 4]]])('has the shape %j', async (shape) => {
    await expectSameOnBoth(() => {
      const x = tf.mul(normalTensor<tf.Tensor>(shape, 'x'), 4);
      return [tf.grad(operation)(x, normalTensor<tf.Tensor>(shape, 'dy'))];
    }, 0);
  });
});

describe('gradients of batch normalization with given statistics', () => {
  it.each([[[2, 5, 3, 7]], [[40, 3, 4, 16]]])('%j', async (shape) => {
    const channels = [shape[shape.length - 1]];
    await expectSameOnBoth(() => {
      const positive = (label: string) => tf.add(tf.abs(normalTensor<tf.Tensor1D>(channels, label)), 0.1);
      const inputs = [
        normalTensor(shape, 'x'),
        normalTensor(channels, 'mean'),
        positive('variance'),
        normalTensor(channels, 'offset'),
        normalTensor(channels, 'scale'),
      ];
      const normalize = (x: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor, offset: tf.Tensor, scale: tf.Tensor) =>
        tf.batchNorm(x, mean, variance, offset, scale, 1e-3);
      return tf.grads(normalize)(inputs, normalTensor(shape, 'dy'));
    });
  });
});
