import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../src/shared/random.ts';
import type { Engine } from '../../../src/trainer/engine/engine.ts';
import { createPortableEngine } from '../../../src/trainer/engine/portable/portableEngine.ts';
import { FoldedConstants, inferSteps } from '../../../src/trainer/execution/runSteps.ts';
import { compileSteps } from '../../../src/trainer/execution/steps.ts';
import { seedWeights } from '../../support/networks.ts';

type Pads = [[number, number], [number, number]];

interface Case {
  size: [number, number];
  pads: Pads;
  kernelSize: number;
  strides: number;
}

let engine: Engine;
beforeAll(async () => {
  engine = await createPortableEngine();
});

function paddedNetwork({ size, pads, kernelSize, strides }: Case): tfl.LayersModel {
  const input = tfl.input({ shape: [...size, 3] });
  const padding = tfl.layers.zeroPadding2d({ name: 'pad', padding: pads }).apply(input);
  const settings = { name: 'convolution', kernelSize, strides, padding: 'valid' } as const;
  const convolved = tfl.layers.depthwiseConv2d(settings).apply(padding);
  const normalized = tfl.layers.batchNormalization({ name: 'normalization' }).apply(convolved);
  const model = tfl.model({ inputs: input, outputs: normalized as tfl.SymbolicTensor });
  seedWeights(model, 3);
  return model;
}

/** Largest difference between the network as TensorFlow.js computes it and as steps. */
async function difference(model: tfl.LayersModel, size: number[]): Promise<number> {
  const random = Random.seeded(4, 'images');
  const images = tf.tensor(
    Float32Array.from({ length: 2 * size[0] * size[1] * 3 }, () => random.normal()),
    [2, ...size, 3],
  );
  const sequence = compileSteps(model);
  const constants = new FoldedConstants(sequence.steps);
  const [output] = inferSteps(
    engine,
    sequence.steps,
    new Map([[sequence.input, images]]),
    [sequence.output],
    constants,
  );
  const expected = model.predict(images) as tf.Tensor;
  expect(output.shape).toEqual(expected.shape);
  const [actual, wanted] = [await engine.read(output), await engine.read(expected)];
  tf.dispose([images, output, expected]);
  constants.dispose();
  return actual.reduce((largest, value, index) => Math.max(largest, Math.abs(value - wanted[index])), 0);
}

const END_ONLY: Pads = [
  [0, 1],
  [0, 1],
];
const ALL_AROUND: Pads = [
  [1, 1],
  [1, 1],
];

describe('padding in front of a convolution', () => {
  it.each<[string, Case]>([
    ['an even size with stride 2, as MobileNetV2 pads', { size: [8, 6], pads: END_ONLY, kernelSize: 3, strides: 2 }],
    ['an odd size with stride 2', { size: [7, 9], pads: ALL_AROUND, kernelSize: 3, strides: 2 }],
    ['stride 1', { size: [5, 6], pads: ALL_AROUND, kernelSize: 3, strides: 1 }],
  ])('becomes part of it at %s', async (_, network) => {
    const model = paddedNetwork(network);
    const { steps } = compileSteps(model);
    expect(steps.map((step) => step.layers)).toEqual([['pad', 'convolution', 'normalization']]);
    expect(await difference(model, network.size)).toBeLessThan(1e-5);
  });

  it.each<[string, Case]>([
    ['pads at the wrong end', { size: [8, 8], pads: ALL_AROUND, kernelSize: 3, strides: 2 }],
    ['pads more than the filter reaches', { size: [8, 8], pads: ALL_AROUND, kernelSize: 1, strides: 1 }],
    ['pads one axis only', { size: [8, 7], pads: END_ONLY, kernelSize: 3, strides: 2 }],
  ])('stays a step of its own where it %s', async (_, network) => {
    const model = paddedNetwork(network);
    const { steps } = compileSteps(model);
    expect(steps.map((step) => step.layers)).toEqual([['pad'], ['convolution', 'normalization']]);
    expect(await difference(model, network.size)).toBeLessThan(1e-5);
  });

  it('stays a step of its own where every layer is wanted', () => {
    const model = paddedNetwork({ size: [8, 6], pads: END_ONLY, kernelSize: 3, strides: 2 });
    const { steps } = compileSteps(model, { separate: true });
    expect(steps).toHaveLength(3);
  });
});
