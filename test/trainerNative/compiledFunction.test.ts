import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { GraphSession } from '../../src/trainer/engine/native/graphSession.ts';
import type { ConvolutionAttributes, Engine } from '../../src/trainer/engine/engine.ts';
import { useEngine } from '../support/trainingFixture.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await useEngine();
});
afterEach(() => vi.restoreAllMocks());

const values = (tensors: tf.Tensor[]): number[][] => tensors.map((tensor) => [...tensor.dataSync()]);

/** A function that counts how often it is itself computed. */
function counted(compute: (inputs: readonly tf.Tensor[]) => tf.Tensor[]) {
  const calls = { count: 0 };
  return {
    calls,
    compute: (inputs: readonly tf.Tensor[]) => {
      calls.count++;
      return tf.tidy(() => compute(inputs));
    },
  };
}

describe('a compiled function', () => {
  it('is computed once for a shape, and gives the same from then on', () => {
    const { calls, compute } = counted(([x, y]) => [tf.softmax(tf.matMul(x, y, false, true)), tf.mean(x, 0)]);
    const compiled = engine.compile([], compute);
    for (const seed of [1, 2, 3]) {
      const inputs = [tf.randomNormal([4, 3], 0, 1, 'float32', seed), tf.randomNormal([5, 3], 0, 1, 'float32', 9)];
      const results = compiled.run(inputs);
      const expected = compute(inputs);
      values(results).forEach((list, index) =>
        list.forEach((value, place) => expect(value).toBeCloseTo(values(expected)[index][place], 5)),
      );
      tf.dispose([inputs, results, expected]);
    }
    expect(calls.count).toBe(1 + 3);
    compiled.dispose();
  });

  it('follows variables that change, and other shapes', () => {
    const weight = tf.variable(tf.scalar(2));
    const { calls, compute } = counted(([x]) => [tf.mul(x, weight)]);
    const compiled = engine.compile([weight], compute);
    const run = (given: number[]): number[] => {
      const input = tf.tensor1d(given);
      const [result] = compiled.run([input]);
      const list = [...result.dataSync()];
      tf.dispose([input, result]);
      return list;
    };
    expect(run([1, 2])).toEqual([2, 4]);
    weight.assign(tf.scalar(10));
    expect(run([1, 2])).toEqual([10, 20]);
    expect(run([1, 2, 3])).toEqual([10, 20, 30]);
    expect(run([5, 6])).toEqual([50, 60]);
    expect(calls.count).toBe(2);
    compiled.dispose();
    weight.dispose();
  });

  it('holds as many tensors after a run as before', () => {
    const compiled = engine.compile([], ([x]) => tf.tidy(() => [tf.relu(tf.add(x, 1))]));
    const input = tf.tensor1d([-3, 3]);
    tf.dispose(compiled.run([input]));
    const before = tf.memory().numTensors;
    for (let run = 0; run < 3; run++) tf.dispose(compiled.run([input]));
    expect(tf.memory().numTensors).toBe(before);
    compiled.dispose();
    input.dispose();
  });

  it('goes on being the function itself where two inputs are one tensor', () => {
    const { calls, compute } = counted(([x, y]) => [tf.add(x, y)]);
    const compiled = engine.compile([], compute);
    const input = tf.tensor1d([1, 2]);
    for (let run = 0; run < 2; run++) {
      const results = compiled.run([input, input]);
      expect(values(results)).toEqual([[2, 4]]);
      tf.dispose(results);
    }
    expect(calls.count).toBe(2);
    compiled.dispose();
    input.dispose();
  });

  it('goes on being the function itself where a graph computes something else, and says so', () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    vi.spyOn(GraphSession.prototype, 'run').mockImplementation(([input]) => [tf.neg(input)]);
    const { calls, compute } = counted(([x]) => [tf.square(x)]);
    const compiled = engine.compile([], compute);
    const input = tf.tensor1d([3]);
    for (let run = 0; run < 2; run++) {
      const results = compiled.run([input]);
      expect(values(results)).toEqual([[9]]);
      tf.dispose(results);
    }
    expect(calls.count).toBe(2);
    expect(said).toHaveBeenCalledOnce();
    compiled.dispose();
    input.dispose();
  });

  it('is a graph where batch normalization makes a gradient zero but for rounding', () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { operations } = engine;
    const shift = tf.variable(tf.randomNormal([6], 0, 1, 'float32', 1));
    const filter = tf.variable(tf.randomNormal([1, 1, 6, 6], 0, 1, 'float32', 2));
    const [ones, zeros] = [tf.ones<tf.Rank.R1>([6]), tf.zeros<tf.Rank.R1>([6])];
    const attributes: ConvolutionAttributes = {
      kind: 'conv2d',
      strides: [1, 1],
      padding: 'same',
      dilations: [1, 1],
      activation: 'linear',
    };
    const { calls, compute } = counted(([x]) => {
      const { grads } = tf.variableGrads(() => {
        const shifted = operations.channelAffine(x, ones, shift as tf.Tensor1D);
        const y = operations.convolution(shifted as tf.Tensor4D, filter as tf.Tensor4D, zeros, attributes);
        return tf.sum<tf.Scalar>(tf.sigmoid(operations.batchNormalization(y, ones, zeros, 1e-3).output).pow(3));
      }, [shift, filter]);
      return [grads[shift.name], grads[filter.name]];
    });
    const compiled = engine.compile([shift, filter], compute);
    const input = tf.randomNormal([8, 9, 9, 6], 0, 1, 'float32', 3);
    for (let run = 0; run < 2; run++) {
      const results = compiled.run([input]);
      const [ofShift, ofFilter] = results.map((result) => Math.max(...result.dataSync().map(Math.abs)));
      expect(ofShift).toBeLessThan(1e-4 * ofFilter);
      tf.dispose(results);
    }
    expect(said).not.toHaveBeenCalled();
    expect(calls.count).toBe(1);
    compiled.dispose();
    tf.dispose([input, shift, filter, ones, zeros]);
  });
});
