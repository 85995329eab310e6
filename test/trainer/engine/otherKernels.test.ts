import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createPortableEngine } from '../../../src/trainer/engine/portable/portableEngine.ts';
import { expectSameOnBoth, normalTensor, valuesOn } from './backends.ts';

beforeAll(async () => {
  await createPortableEngine();
});

describe('gradient of max pooling', () => {
  const gradients = (x: tf.Tensor, size: number, strides: number, padding: 'same' | 'valid' | number): tf.Tensor[] => {
    const pool = (input: tf.Tensor) =>
      tf.maxPool(
        input as tf.Tensor4D,
        size,
        strides,
        padding,
        padding === 'same' || padding === 'valid' ? undefined : 'floor',
      );
    return [tf.grad(pool)(x, normalTensor(pool(x).shape, 'dy'))];
  };

  it.each([
    [2, 2, 'valid', 4],
    [2, 2, 'same', 7],
    [3, 2, 'same', 5],
    [3, 1, 'same', 8],
    [3, 2, 'valid', 13],
    [3, 2, 1, 6],
  ] as const)('window %i, stride %i, padding %s, %i channels', async (size, strides, padding, channels) => {
    await expectSameOnBoth(() => gradients(normalTensor([2, 9, 7, channels], 'x'), size, strides, padding));
  });

  it('finds the largest value where all are negative', async () => {
    await expectSameOnBoth(() => {
      const x = tf.neg(tf.add(tf.abs(normalTensor([2, 8, 8, 5], 'x')), 1));
      return gradients(x, 2, 2, 'valid');
    });
    const [gradient] = await valuesOn('wasm', () => [
      tf.grad((x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'))(
        tf.tensor4d([-4, -1, -3, -2], [1, 2, 2, 1]),
      ),
    ]);
    expect([...gradient]).toEqual([0, 1, 0, 0]);
  });

  it('gives a tie to the first', async () => {
    await expectSameOnBoth(() => gradients(tf.fill([1, 6, 6, 5], -2), 3, 1, 'same'));
  });
});

describe('matrix product', () => {
  it.each([
    [[6, 5], [6, 7], true, false],
    [[300, 70], [300, 133], true, false],
    [[130, 1], [130, 1], true, false],
    [[5, 6], [7, 6], false, true],
    [[6, 5], [7, 6], true, true],
    [[3, 6, 5], [3, 6, 4], true, false],
    [[1, 6, 5], [6, 4], true, false],
    [[2, 3, 5, 6], [2, 3, 4, 6], false, true],
    [[1, 6, 5], [4, 6, 3], true, false],
    [[4, 5], [5, 3], false, false],
  ] as const)('%j by %j, transposed %s and %s', async (a, b, transposeA, transposeB) => {
    await expectSameOnBoth(() => [
      tf.matMul(normalTensor([...a], 'a'), normalTensor([...b], 'b'), transposeA, transposeB),
    ]);
  });

  it('keeps the shape it has elsewhere', async () => {
    await tf.setBackend('wasm');
    const shape = tf.tidy(() => tf.matMul(tf.ones([1, 6, 5]), tf.ones([6, 4]), true).shape);
    expect(shape).toEqual([1, 5, 4]);
  });
});

describe('gradient of gather', () => {
  it('adds up the rows of a segment', async () => {
    await expectSameOnBoth(() => {
      const ids = tf.tensor1d([2, 0, 2, 3, 2], 'int32');
      const gather = (x: tf.Tensor) => tf.gather(x, ids);
      return [tf.grad(gather)(normalTensor([5, 3, 2], 'x'), normalTensor([5, 3, 2], 'dy'))];
    });
  });

  it('leaves out what belongs to no segment', async () => {
    await expectSameOnBoth(() => [
      tf.unsortedSegmentSum(normalTensor([4, 3], 'x'), tf.tensor1d([0, -1, 5, 0], 'int32'), 2),
    ]);
  });
});

describe('a clone', () => {
  it('shares its values, and outlives the original', async () => {
    await tf.setBackend('wasm');
    const buffers = tf.memory().numDataBuffers;
    const original = tf.tensor1d([1, 2, 3]);
    const clone = tf.clone(original);
    expect(tf.memory().numDataBuffers).toBe(buffers + 1);
    original.dispose();
    const other = tf.tensor1d([7, 8, 9]);
    expect([...clone.dataSync()]).toEqual([1, 2, 3]);
    tf.dispose([clone, other]);
    expect(tf.memory().numDataBuffers).toBe(buffers);
  });

  it('keeps its values when a variable changes', async () => {
    await tf.setBackend('wasm');
    const variable = tf.variable(tf.tensor1d([1, 2, 3]));
    const clone = tf.clone(variable);
    const changed = tf.tensor1d([4, 5, 6]);
    variable.assign(changed);
    expect([...clone.dataSync()]).toEqual([1, 2, 3]);
    tf.dispose([variable, clone, changed]);
  });
});
