import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { Random } from '../../../src/shared/random.ts';

/** Seeded standard normal values; `label` tells one tensor from another. */
export function normalValues(shape: number[], label: string): Float32Array {
  const random = Random.seeded(7, label);
  return Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal());
}

/** A seeded tensor of standard normal values on the current backend. */
export function normalTensor<T extends tf.Tensor = tf.Tensor4D>(shape: number[], label: string): T {
  return tf.tensor(normalValues(shape, label), shape) as T;
}

/** Computes on a backend and returns the values; disposes every tensor it made. */
export async function valuesOn(backend: string, compute: () => tf.Tensor[]): Promise<Float32Array[]> {
  await tf.setBackend(backend);
  // Not the result of `tidy`, which would look for tensors among the values.
  const values: Float32Array[] = [];
  tf.tidy(() => {
    for (const tensor of compute()) values.push(Float32Array.from(tensor.dataSync()));
  });
  return values;
}

/** The largest difference, as a share of the largest expected value. */
export function relativeError(actual: Float32Array, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length);
  let difference = 0;
  let largest = 0;
  expected.forEach((value, i) => {
    const distance = Math.abs(actual[i] - value);
    // NaN must not pass as a small difference.
    if (!(distance <= difference)) difference = distance;
    largest = Math.max(largest, Math.abs(value));
  });
  return difference / Math.max(largest, 1e-30);
}

/** Expects the same results from WebAssembly as from the plain JavaScript backend, within float32 rounding. */
export async function expectSameOnBoth(compute: () => tf.Tensor[], tolerance = 1e-5): Promise<void> {
  const expected = await valuesOn('cpu', compute);
  expectClose(await valuesOn('wasm', compute), expected, tolerance);
}

/** Expects each list of values to be that expected, within `tolerance` of its largest. */
export function expectClose(actual: Float32Array[], expected: Float32Array[], tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((values, i) => {
    expect(relativeError(values, expected[i]), `result ${i}`).toBeLessThanOrEqual(tolerance);
  });
}
