import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { GradientSum } from '../../src/trainer/training/gradientSum.ts';
import { useEngine } from '../support/trainingFixture.ts';

beforeAll(() => useEngine());

/** Two variables and a sum of gradients for them. */
function example(first: number[], second: number[]): { sum: GradientSum; names: string[]; variables: tf.Variable[] } {
  const variables = tf.tidy(() => [tf.variable(tf.tensor1d([1, -2])), tf.variable(tf.tensor1d([3]))]);
  const sum = new GradientSum();
  const gradients = new Map([first, second].map((values, index) => [variables[index].name, tf.tensor1d(values)]));
  sum.add(gradients);
  tf.dispose([...gradients.values()]);
  return { sum, names: variables.map(({ name }) => name), variables };
}

const valuesOf = (sum: GradientSum, name: string): number[] => [...(sum.gradients.get(name)?.dataSync() ?? [])];

it('adds up the gradients of micro-batches', () => {
  const { sum, names, variables } = example([1, 2], [3]);
  const more = tf.tensor1d([10, 20]);
  sum.add(new Map([[names[0], more]]));
  expect([valuesOf(sum, names[0]), valuesOf(sum, names[1])]).toEqual([[11, 22], [3]]);
  sum.dispose();
  tf.dispose([...variables, more]);
});

it('shortens all gradients by one factor where together they are too long', async () => {
  // Lengths 3, 4 and 12: 13 together.
  const { sum, names, variables } = example([3, 4], [12]);
  await sum.clip(13);
  expect([valuesOf(sum, names[0]), valuesOf(sum, names[1])]).toEqual([[3, 4], [12]]);
  await sum.clip(6.5);
  expect([valuesOf(sum, names[0]), valuesOf(sum, names[1])]).toEqual([[1.5, 2], [6]]);
  sum.dispose();
  tf.dispose(variables);
});

it('adds the gradient of an L2 penalty to its variable only', () => {
  const { sum, names, variables } = example([0, 0], [1]);
  sum.addPenalties([{ variable: variables[0], l2: 0.25 }]);
  // 2 x 0.25 x (1, -2).
  expect([valuesOf(sum, names[0]), valuesOf(sum, names[1])]).toEqual([[0.5, -1], [1]]);
  sum.dispose();
  tf.dispose(variables);
});

it('gives all tensors back', async () => {
  const before = tf.memory().numTensors;
  const { sum, variables } = example([3, 4], [12]);
  sum.addPenalties([{ variable: variables[1], l2: 1 }]);
  await sum.clip(1);
  sum.dispose();
  tf.dispose(variables);
  expect(tf.memory().numTensors).toBe(before);
});
