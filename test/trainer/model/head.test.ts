import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { readModelFiles } from '../../../src/node/modelFiles.ts';
import type { Plan } from '../../../src/shared/plan.ts';
import { attachHead } from '../../../src/trainer/model/head.ts';
import { reinitialise } from '../../../src/trainer/model/initialWeights.ts';
import { loadNetwork } from '../../../src/trainer/model/loadNetwork.ts';
import { answers, nestedClassifier, residualBackbone, seedWeights, writeNetwork } from '../../support/networks.ts';
import { problemFrom } from '../../support/problems.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const head = (changes: Partial<Plan['head']> = {}): Plan['head'] => ({
  classes: ['a', 'b', 'c'],
  hidden: [],
  dropout: 0,
  l2: 0,
  ...changes,
});

async function flatClassifier(): Promise<tfl.LayersModel> {
  const nested = nestedClassifier();
  seedWeights(nested, 5);
  const folder = await temporaryFolder();
  await writeNetwork(nested, folder);
  return (await loadNetwork(await readModelFiles(folder))).model;
}

const values = (model: tfl.LayersModel) =>
  new Map(model.weights.map((weight) => [weight.originalName, [...weight.read().dataSync()]]));

describe('attachHead', () => {
  it('pools a 4-D output and adds Dense with softmax', () => {
    const backbone = residualBackbone();
    const before = backbone.layers.map((layer) => layer.name);
    const { model, after, headLayers, removedLayers } = attachHead(backbone, head(), 1);
    expect(after).toBe('out');
    expect(headLayers).toEqual(['head_pool', 'head_dense']);
    expect(removedLayers).toEqual([]);
    expect(model.layers.map((layer) => layer.name)).toEqual([...before, ...headLayers]);
    expect(model.outputs[0].shape).toEqual([null, 3]);
    const probabilities = answers(model, [8, 8, 3]);
    expect(probabilities[0] + probabilities[1] + probabilities[2]).toBeCloseTo(1, 5);
  });

  it('replaces an old Dense output and keeps every other weight', async () => {
    const classifier = await flatClassifier();
    const before = values(classifier);
    const { model, after, headLayers, removedLayers } = attachHead(classifier, head(), 1);
    expect({ after, headLayers, removedLayers }).toEqual({
      after: 'dense_a',
      headLayers: ['head_dense'],
      removedLayers: ['dense_b'],
    });
    const now = values(model);
    before.delete('dense_b/kernel');
    for (const [name, value] of before) expect(now.get(name)).toEqual(value);
    expect(now.size).toBe(before.size + 2);
  });

  it('sits on the layer the plan names, adds hidden layers and dropout, and drops what does not lead there', async () => {
    const settings = head({ after: 'stem_relu', hidden: [7, 4], dropout: 0.25 });
    const { model, headLayers, removedLayers } = attachHead(await flatClassifier(), settings, 1);
    expect(headLayers).toEqual(['head_pool', 'head_hidden_1', 'head_hidden_2', 'head_dropout', 'head_dense']);
    expect(removedLayers).toEqual(['depthwise', 'sum', 'out', 'pool', 'dense_a', 'dense_b']);
    expect(model.getLayer('head_hidden_1').getConfig()).toMatchObject({ units: 7, activation: 'relu' });
    expect(model.getLayer('head_hidden_2').getConfig()).toMatchObject({ units: 4, activation: 'relu' });
    expect(model.getLayer('head_dropout').getConfig()).toMatchObject({ rate: 0.25 });
    expect(model.getLayer('head_dense').getConfig()).toMatchObject({ units: 3, activation: 'softmax' });
  });

  it('keeps the output of a network whose last weights are not Dense', () => {
    const input = tfl.input({ shape: [8, 8, 3] });
    const conv = tfl.layers.conv2d({ name: 'predictions', filters: 5, kernelSize: 1 }).apply(input);
    const flat = tfl.layers.reshape({ name: 'tokens', targetShape: [64, 5] }).apply(conv) as tfl.SymbolicTensor;
    const { after, headLayers, model } = attachHead(tfl.model({ inputs: input, outputs: flat }), head(), 1);
    expect(after).toBe('tokens');
    expect(headLayers).toEqual(['head_pool', 'head_dense']);
    expect(model.getLayer('head_pool').getClassName()).toBe('Flatten');
  });

  it('sits on the last call of a shared layer', () => {
    const input = tfl.input({ shape: [4, 4, 3], name: 'image' });
    const shared = tfl.layers.conv2d({ name: 'shared', filters: 3, kernelSize: 1 });
    const relu = tfl.layers.reLU({ name: 'relu' }).apply(shared.apply(input));
    const backbone = tfl.model({ inputs: input, outputs: shared.apply(relu) as tfl.SymbolicTensor });
    const { model } = attachHead(backbone, head({ after: 'shared' }), 1);
    expect(model.layers.map((layer) => layer.name)).toContain('relu');
  });

  it('finds free names beside the head of an earlier run that stays in the network', () => {
    const first = attachHead(residualBackbone(), head({ hidden: [4] }), 1).model;
    const second = attachHead(first, head({ classes: ['x', 'y'], hidden: [6] }), 2);
    expect(second.after).toBe('head_hidden_1');
    expect(second.headLayers).toEqual(['head_hidden_1_1', 'head_dense']);
    expect(second.removedLayers).toEqual(['head_dense']);
    expect(second.model.outputs[0].shape).toEqual([null, 2]);
  });

  it('draws its weights from the seed alone: Glorot uniform kernels and zero biases', () => {
    const make = (seed: number) => values(attachHead(residualBackbone(), head({ hidden: [50] }), seed).model);
    const [one, again, other] = [make(1), make(1), make(2)];
    const kernel = one.get('head_hidden_1/kernel') ?? [];
    expect(again.get('head_hidden_1/kernel')).toEqual(kernel);
    expect(other.get('head_hidden_1/kernel')).not.toEqual(kernel);
    const limit = Math.sqrt(6 / (6 + 50));
    const largest = kernel.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    expect(largest).toBeLessThanOrEqual(limit);
    expect(largest).toBeGreaterThan(0.9 * limit);
    expect(one.get('head_dense/bias')).toEqual([0, 0, 0]);
    expect(one.get('head_dense/kernel')?.slice(0, 3)).not.toEqual(kernel.slice(0, 3));
  });

  it('names the nearest layer when there is none of the name', async () => {
    const attach = async (after: string) => attachHead(residualBackbone(), head({ after }), 1);
    const problem = { reason: 'modelLayerMissing', layer: 'stem_rellu', nearest: 'stem_relu' };
    expect(await problemFrom(attach('stem_rellu'))).toEqual(problem);
    expect(await problemFrom(attach('xyzxyz'))).toEqual({ reason: 'modelLayerMissing', layer: 'xyzxyz' });
  });
});

describe('reinitialise', () => {
  it('gives a network the same new weights for the same seed, whatever it held before', () => {
    const [one, two, other] = [residualBackbone(), residualBackbone(), residualBackbone()];
    seedWeights(one, 1);
    seedWeights(two, 2);
    reinitialise(one, 9);
    reinitialise(two, 9);
    reinitialise(other, 10);
    expect(values(one)).toEqual(values(two));
    expect(values(one).get('stem/kernel')).not.toEqual(values(other).get('stem/kernel'));
  });

  it('draws He uniform kernels and starts batch normalization as the identity', () => {
    const model = residualBackbone();
    seedWeights(model, 1);
    reinitialise(model, 9);
    const weights = values(model);
    const largest = (name: string) => Math.max(...(weights.get(name) ?? []).map(Math.abs));
    for (const [name, fanIn] of [
      ['stem/kernel', 27],
      ['depthwise/depthwise_kernel', 9],
    ] as const) {
      const limit = Math.sqrt(6 / fanIn);
      expect(largest(name)).toBeLessThanOrEqual(limit);
      expect(largest(name)).toBeGreaterThan(0.85 * limit);
    }
    expect(new Set(weights.get('stem_bn/gamma'))).toEqual(new Set([1]));
    expect(new Set(weights.get('stem_bn/moving_variance'))).toEqual(new Set([1]));
    for (const name of ['stem_bn/beta', 'stem_bn/moving_mean', 'depthwise/bias']) {
      expect(new Set(weights.get(name))).toEqual(new Set([0]));
    }
  });
});
