import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { hashTensors, proveFreeze, runFreezeProof } from '../../../src/node/freezeProof.ts';
import { readModelFiles } from '../../../src/node/modelFiles.ts';
import type { SavedMetadata } from '../../../src/shared/modelMetadata.ts';
import { attachHead } from '../../../src/trainer/model/head.ts';
import { loadNetwork } from '../../../src/trainer/model/loadNetwork.ts';
import { saveNetwork } from '../../../src/trainer/model/saveNetwork.ts';
import {
  answers,
  nestedClassifier,
  plainLoad,
  readModelJson,
  residualBackbone,
  seedWeights,
  writeNetwork,
} from '../../support/networks.ts';
import { problemFrom } from '../../support/problems.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const metadata: SavedMetadata = {
  labels: ['cat', 'dog'],
  preprocessing: { range: '-1..1', resize: 'crop', channels: 'rgb', width: 8, height: 8 },
  thaw: { version: '0.0.0' },
};

/** Two models inside with the same layer names: the hard case for the names of weights. */
function twins(): tfl.LayersModel {
  const part = (name: string) => {
    const inner = tfl.sequential({ name });
    inner.add(tfl.layers.conv2d({ name: 'conv', filters: 3, kernelSize: 1, inputShape: [8, 8, 3] }));
    return inner;
  };
  const input = tfl.input({ shape: [8, 8, 3], name: 'image' });
  return tfl.model({ inputs: input, outputs: part('b').apply(part('a').apply(input)) as tfl.SymbolicTensor });
}

async function sourceAndSaved(source: tfl.LayersModel, change?: (model: tfl.LayersModel) => void) {
  const folder = await temporaryFolder();
  const [sourceModel, savedModel] = [join(folder, 'source'), join(folder, 'saved')];
  seedWeights(source, 5);
  await writeNetwork(source, sourceModel);
  const { model, sourceNames } = await loadNetwork(await readModelFiles(sourceModel));
  change?.(model);
  await saveNetwork(model, savedModel, metadata);
  return { folder, sourceModel, savedModel, model, sourceNames };
}

describe('saveNetwork', () => {
  it.each([
    ['nested', nestedClassifier],
    ['with repeated names', twins],
    ['with a branch', residualBackbone],
  ])('writes a model that plain TensorFlow.js loads and that answers the same: %s', async (_, make) => {
    const { savedModel, model } = await sourceAndSaved(make());
    expect((await readdir(savedModel)).sort()).toEqual(['metadata.json', 'model.json', 'weights.bin']);
    expect(answers(await plainLoad(savedModel), [8, 8, 3])).toEqual(answers(model, [8, 8, 3]));
    const files = await readModelFiles(savedModel);
    expect(files.metadata).toMatchObject({ labels: ['cat', 'dog'], preprocessing: { range: '-1..1' } });
    const again = await loadNetwork(files);
    expect(answers(again.model, [8, 8, 3])).toEqual(answers(model, [8, 8, 3]));
    expect(again.model.layers.map((layer) => layer.name)).toEqual(model.layers.map((layer) => layer.name));
  });

  it('keeps layers that are called twice, and a head', async () => {
    const input = tfl.input({ shape: [8, 8, 3], name: 'image' });
    const inner = tfl.sequential({ name: 'inner' });
    inner.add(tfl.layers.conv2d({ name: 'conv', filters: 3, kernelSize: 1, inputShape: [8, 8, 3] }));
    const { model: backbone, folder } = await sourceAndSaved(
      tfl.model({ inputs: input, outputs: inner.apply(inner.apply(input)) as tfl.SymbolicTensor }),
    );
    const { model } = attachHead(backbone, { classes: ['a', 'b'], hidden: [3], dropout: 0.1, l2: 0 }, 7);
    const path = join(folder, 'with-head');
    await saveNetwork(model, path, metadata);
    expect(answers(await plainLoad(path), [8, 8, 3])).toEqual(answers(model, [8, 8, 3]));
  });

  it('stores weights under names that do not depend on what was loaded before', async () => {
    const names = async () =>
      (await readModelFiles((await sourceAndSaved(twins())).savedModel)).weightSpecs.map(({ name }) => name);
    const first = await names();
    expect(first).toEqual(['conv/kernel', 'conv/bias', 'conv_1/kernel', 'conv_1/bias']);
    expect(await names()).toEqual(first);
  });

  it('replaces an earlier model and nothing beside it', async () => {
    const { folder, savedModel, model } = await sourceAndSaved(residualBackbone());
    await writeFile(join(savedModel, 'stale.bin'), 'x');
    await saveNetwork(model, savedModel, metadata);
    expect((await readdir(savedModel)).sort()).toEqual(['metadata.json', 'model.json', 'weights.bin']);
    expect((await readdir(folder)).sort()).toEqual(['saved', 'source']);
  });
});

describe('proveFreeze', () => {
  const touch = (model: tfl.LayersModel, name: string) => {
    const weight = model.weights.find((candidate) => candidate.originalName === name);
    if (!weight) throw new Error(`no weight ${name}`);
    // The least change there is: one bit of one value.
    const values = weight.read().dataSync<'float32'>().slice();
    new Uint32Array(values.buffer)[0] ^= 1;
    weight.write(tf.tensor(values, weight.shape as number[]));
  };

  it('finds nothing when nothing changed, and counts the tensors', async () => {
    const { sourceModel, savedModel, sourceNames } = await sourceAndSaved(nestedClassifier());
    const names = [...sourceNames.keys()];
    expect(await proveFreeze(sourceModel, savedModel, names, sourceNames)).toEqual({
      frozenTensors: 10,
      changedTensors: [],
    });
  });

  it.each(['stem/kernel', 'stem_bn/moving_mean', 'stem_bn/moving_variance'])(
    'finds one changed bit in %s',
    async (name) => {
      const { sourceModel, savedModel, sourceNames } = await sourceAndSaved(residualBackbone(), (model) =>
        touch(model, name),
      );
      const proof = await proveFreeze(sourceModel, savedModel, [...sourceNames.keys()], sourceNames);
      expect(proof).toEqual({ frozenTensors: 7, changedTensors: [name] });
      const others = [...sourceNames.keys()].filter((other) => other !== name);
      expect((await proveFreeze(sourceModel, savedModel, others, sourceNames)).changedTensors).toEqual([]);
    },
  );

  it('compares renamed weights with those they came from', async () => {
    const { sourceModel, savedModel, sourceNames } = await sourceAndSaved(twins());
    const names = ['conv/kernel', 'conv_1/kernel', 'conv_1/bias'];
    expect((await proveFreeze(sourceModel, savedModel, names, sourceNames)).changedTensors).toEqual([]);
    expect((await proveFreeze(sourceModel, savedModel, names)).changedTensors).toEqual([
      'conv_1/kernel',
      'conv_1/bias',
    ]);
  });

  it('counts a name that is missing as changed', async () => {
    const { sourceModel, savedModel } = await sourceAndSaved(residualBackbone());
    expect((await proveFreeze(sourceModel, savedModel, ['stem/kernel', 'gone/kernel'])).changedTensors).toEqual([
      'gone/kernel',
    ]);
  });

  it('hashes quantised weights by the values they stand for', async () => {
    const { sourceModel, savedModel } = await sourceAndSaved(residualBackbone(), (model) => {
      const kernel = model.weights.find((weight) => weight.originalName === 'stem/kernel');
      kernel?.write(tf.fill(kernel.shape as number[], Math.fround(2 * 0.25 - 1)));
    });
    const modelJson = await readModelJson(sourceModel);
    modelJson.weightsManifest[0].weights[0].quantization = { dtype: 'uint8', scale: 0.25, min: -1 };
    const rest = (await readFile(join(sourceModel, 'weights.bin'))).subarray(162 * 4);
    await writeFile(join(sourceModel, 'weights.bin'), Buffer.concat([new Uint8Array(162).fill(2), rest]));
    await writeFile(join(sourceModel, 'model.json'), JSON.stringify(modelJson));
    expect((await hashTensors(sourceModel)).get('stem/kernel')).toBe(
      (await hashTensors(savedModel)).get('stem/kernel'),
    );
  });
});

describe('runFreezeProof', () => {
  it('proves in a process of its own and hands its problems on', async () => {
    const { folder, sourceModel, savedModel } = await sourceAndSaved(residualBackbone());
    const entry = join(folder, 'proof.mjs');
    await copyFile(fileURLToPath(new URL('../../../dist/freezeProof.js', import.meta.url)), entry);
    const proof = await runFreezeProof(entry, { sourceModel, savedModel, frozenNames: ['stem/kernel', 'gone'] });
    expect(proof).toEqual({ frozenTensors: 2, changedTensors: ['gone'] });
    const missing = { sourceModel: join(folder, 'none'), savedModel, frozenNames: [] };
    expect(await problemFrom(runFreezeProof(entry, missing))).toMatchObject({ reason: 'modelMissing' });
    await writeFile(entry, 'process.exit(3)');
    expect(await problemFrom(runFreezeProof(entry, missing))).toEqual({
      reason: 'trainerExited',
      code: 3,
      signal: null,
    });
  });
});
