import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Engine } from '../../../src/trainer/engine/engine.ts';
import {
  HeapExhausted,
  isHeapExhaustion,
  releaseAbandonedTape,
} from '../../../src/trainer/engine/portable/memoryGuard.ts';
import { createPortableEngine } from '../../../src/trainer/engine/portable/portableEngine.ts';

const megabyte = 2 ** 20;

let engine: Engine;

/** Room for `bytes` more than the heap has now, whatever ran before. */
async function limitHeap(bytes: number): Promise<void> {
  const unlimited = await createPortableEngine();
  engine = await createPortableEngine({ heapLimitBytes: unlimited.memory().heapBytes + bytes });
}

beforeEach(async () => {
  await limitHeap(32 * megabyte);
});

afterEach(async () => {
  await createPortableEngine();
});

function expectWorking(): void {
  expect([...tf.tidy(() => tf.add(tf.tensor1d([1, 2, 3]), 1).dataSync())]).toEqual([2, 3, 4]);
}

describe('an exhausted heap', () => {
  it('throws, and leaves tensors and computations as they were', () => {
    const kept = tf.tensor1d([4, 5, 6]);
    const before = tf.memory();
    expect(() => tf.tidy(() => tf.ones([64 * megabyte]))).toThrow(HeapExhausted);
    expect(tf.memory()).toEqual(before);
    expect([...kept.dataSync()]).toEqual([4, 5, 6]);
    expectWorking();
    kept.dispose();
  });

  it('says how much was asked for', () => {
    let thrown: unknown;
    try {
      tf.ones([64 * megabyte]);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ requestedBytes: 256 * megabyte });
    expect(isHeapExhaustion(thrown)).toBe(true);
    expect(isHeapExhaustion(new Error('Something else'))).toBe(false);
  });

  it('leaves nothing behind where it ends within a kernel of several tensors', () => {
    const x = tf.zeros([4, megabyte]);
    const before = { ...tf.memory(), buffers: tf.backend().numDataIds() };
    // The masked gradient fits, 16 MB; what the product needs to work in does not.
    for (let i = 0; i < 20; i++) {
      expect(() => tf.tidy(() => tf.matMul(x, x, true))).toThrow(HeapExhausted);
    }
    expect({ ...tf.memory(), buffers: tf.backend().numDataIds() }).toEqual(before);
    expectWorking();
    x.dispose();
  });

  it('leaves nothing behind in the middle of a training step', () => {
    const filter = tf.variable(tf.ones([3, 3, 4, 4]) as tf.Tensor4D);
    const x = tf.ones([1, 512, 512, 4]) as tf.Tensor4D;
    const before = { ...tf.memory(), buffers: tf.backend().numDataIds() };
    const layers = (count: number) => () => {
      let y = x;
      for (let i = 0; i < count; i++) {
        y = engine.operations.convolution(y, filter as tf.Tensor as tf.Tensor4D, tf.zeros([4]), {
          kind: 'conv2d',
          strides: [1, 1],
          padding: 'same',
          dilations: [1, 1],
          activation: 'relu',
        });
      }
      return tf.mean(y) as tf.Scalar;
    };
    // Once the forward pass ends it, at another depth the backward pass.
    for (let count = 1; count < 40; count++) {
      try {
        tf.dispose(tf.variableGrads(layers(count)));
      } catch (error) {
        if (!(error instanceof HeapExhausted)) throw error;
        releaseAbandonedTape();
      }
      expect({ ...tf.memory(), buffers: tf.backend().numDataIds() }).toEqual(before);
    }
    expect(() => tf.variableGrads(layers(40))).toThrow(HeapExhausted);
    releaseAbandonedTape();
    expectWorking();
    filter.dispose();
    x.dispose();
  });
});
