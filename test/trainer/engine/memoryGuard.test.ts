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

beforeEach(async () => {
  engine = await createPortableEngine({ heapLimitBytes: 32 * megabyte });
});

afterEach(async () => {
  await createPortableEngine();
});

const everything = () => ({ ...tf.memory(), buffers: tf.backend().numDataIds() });

function expectWorking(): void {
  expect([...tf.tidy(() => tf.add(tf.tensor1d([1, 2, 3]), 1).dataSync())]).toEqual([2, 3, 4]);
}

describe('an exhausted heap', () => {
  it('throws, and leaves tensors and computations as they were', () => {
    const kept = tf.tensor1d([4, 5, 6]);
    const before = tf.memory();
    expect(() => tf.tidy(() => tf.ones([16 * megabyte]))).toThrow(HeapExhausted);
    expect(tf.memory()).toEqual(before);
    expect([...kept.dataSync()]).toEqual([4, 5, 6]);
    expectWorking();
    kept.dispose();
  });

  it('says how much was asked for', () => {
    let thrown: unknown;
    try {
      tf.ones([16 * megabyte]);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ requestedBytes: 64 * megabyte });
    expect(isHeapExhaustion(thrown)).toBe(true);
    expect(isHeapExhaustion(new Error('Something else'))).toBe(false);
  });

  it('throws where the bytes wrap around the address space', async () => {
    await createPortableEngine();
    const x = tf.zeros([1, megabyte]);
    expect(() => tf.tidy(() => tf.matMul(x, x, true))).toThrow(HeapExhausted);
    x.dispose();
  });

  it('leaves nothing behind where it ends within a kernel', () => {
    const x = tf.zeros<tf.Rank.R4>([1, 1024, 1024, 2]);
    const dy = tf.zeros<tf.Rank.R4>([1, 128, 128, 6]);
    const before = everything();
    // The gradient itself is small; the repeated input it is computed from, 24 MB, does not fit.
    const attributes = { strides: 8, dilations: 1, pad: 'same', filterShape: [1, 1, 2, 3] };
    expect(() => tf.engine().runKernel('DepthwiseConv2dNativeBackpropFilter', { x, dy }, attributes)).toThrow(
      HeapExhausted,
    );
    expect(everything()).toEqual(before);
    expectWorking();
    tf.dispose([x, dy]);
  });

  it('leaves nothing behind in the middle of a training step', () => {
    const filter = tf.variable(tf.ones<tf.Rank.R4>([3, 3, 4, 4]));
    const x = tf.ones<tf.Rank.R4>([1, 256, 256, 4]);
    const before = everything();
    const layers = (count: number) => () => {
      let y = x;
      for (let i = 0; i < count; i++) {
        y = engine.operations.convolution(y, filter, tf.zeros([4]), {
          kind: 'conv2d',
          strides: [1, 1],
          padding: 'same',
          dilations: [1, 1],
          activation: 'relu',
        });
      }
      return tf.mean<tf.Scalar>(y);
    };
    // Once the forward pass ends it, at another depth the backward pass.
    for (let count = 1; count < 40; count++) {
      try {
        tf.dispose(tf.variableGrads(layers(count)));
      } catch (error) {
        if (!(error instanceof HeapExhausted)) throw error;
        releaseAbandonedTape();
      }
      expect(everything()).toEqual(before);
    }
    expect(() => tf.variableGrads(layers(40))).toThrow(HeapExhausted);
    releaseAbandonedTape();
    expectWorking();
    filter.dispose();
    x.dispose();
  });
});
