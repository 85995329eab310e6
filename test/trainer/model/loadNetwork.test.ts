import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { readModelFiles } from '../../../src/node/modelFiles.ts';
import { loadNetwork } from '../../../src/trainer/model/loadNetwork.ts';
import {
  answers,
  nestedClassifier,
  plainLoad,
  readModelJson,
  residualBackbone,
  seedWeights,
  writeNetwork,
} from '../../support/networks.ts';
import { floatBytes, writeModelFolder } from '../../support/modelFixtures.ts';
import { problemFrom } from '../../support/problems.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const load = async (folder: string) => loadNetwork(await readModelFiles(folder));

/** Writes a seeded model, loads it flattened, and returns both with the answers of the original. */
async function roundTrip(model: tfl.LayersModel, shape: number[] = [8, 8, 3]) {
  seedWeights(model, 5);
  const folder = await temporaryFolder();
  await writeNetwork(model, folder);
  const before = answers(model, shape);
  return { folder, before, loaded: await load(folder) };
}

function expectFlat(model: tfl.LayersModel): void {
  const names = model.layers.map((layer) => layer.name);
  expect(new Set(names).size).toBe(names.length);
  expect(model.layers.filter((layer) => layer instanceof tfl.LayersModel)).toEqual([]);
}

const image = (name = 'image') => tfl.input({ shape: [8, 8, 3], name });
const apply = (layer: tfl.layers.Layer, input: tfl.SymbolicTensor | tfl.SymbolicTensor[]) =>
  layer.apply(input) as tfl.SymbolicTensor;

describe('loadNetwork', () => {
  it('loads a functional model as it is', async () => {
    const model = residualBackbone();
    const { before, loaded } = await roundTrip(model);
    expect(answers(loaded.model, [8, 8, 3])).toEqual(before);
    expect(loaded.inputShape).toEqual([8, 8, 3]);
    expect(loaded.model.layers.map((layer) => layer.name)).toEqual(model.layers.map((layer) => layer.name));
    expect(loaded.labels).toBeUndefined();
  });

  it('loads a sequential model', async () => {
    const model = tfl.sequential();
    model.add(tfl.layers.conv2d({ name: 'conv', filters: 2, kernelSize: 3, inputShape: [8, 8, 1] }));
    model.add(tfl.layers.flatten({ name: 'flat' }));
    model.add(tfl.layers.dense({ name: 'dense', units: 3, activation: 'softmax' }));
    const { before, loaded } = await roundTrip(model, [8, 8, 1]);
    expect(answers(loaded.model, [8, 8, 1])).toEqual(before);
    expect(loaded.model.layers.slice(1).map((layer) => layer.name)).toEqual(['conv', 'flat', 'dense']);
    expectFlat(loaded.model);
  });

  it('flattens a network built like a Teachable Machine export, which then answers exactly the same', async () => {
    const { before, loaded } = await roundTrip(nestedClassifier());
    expect(answers(loaded.model, [8, 8, 3])).toEqual(before);
    expectFlat(loaded.model);
    expect(loaded.model.layers.map((layer) => layer.name)).toEqual([
      ...['backbone_input', 'stem', 'stem_bn', 'stem_relu', 'depthwise', 'sum', 'out'],
      ...['pool', 'dense_a', 'dense_b'],
    ]);
    expect([...loaded.sourceNames].every(([name, source]) => name === source)).toBe(true);
    expect(loaded.sourceNames.size).toBe(10);
  });

  it('makes every layer trainable', async () => {
    const model = residualBackbone();
    const stem = model.getLayer('stem');
    stem.trainable = false;
    const { folder, loaded } = await roundTrip(model);
    expect(await readFile(join(folder, 'model.json'), 'utf8')).toContain('"trainable":false');
    expect(loaded.model.getLayer('stem').trainableWeights).toHaveLength(1);
    expect(loaded.model.getLayer('stem_bn').trainableWeights).toHaveLength(2);
    expect(loaded.model.getLayer('stem_bn').nonTrainableWeights).toHaveLength(2);
  });

  it('keeps a layer that is called several times as one layer with several calls', async () => {
    const input = image();
    const shared = tfl.layers.conv2d({ name: 'shared', filters: 3, kernelSize: 1 });
    const once = apply(shared, input);
    const twice = apply(shared, apply(tfl.layers.reLU({ name: 'relu' }), once));
    const model = tfl.model({ inputs: input, outputs: apply(tfl.layers.add({ name: 'add' }), [once, twice]) });
    const { before, loaded } = await roundTrip(model);
    expect(answers(loaded.model, [8, 8, 3])).toEqual(before);
    expect(loaded.model.getLayer('shared').inboundNodes).toHaveLength(2);
    expect(loaded.model.weights).toHaveLength(2);
  });

  it('enters a model that is called twice, with the same weights both times', async () => {
    const input = image();
    const inner = tfl.sequential({ name: 'inner' });
    inner.add(tfl.layers.conv2d({ name: 'conv', filters: 3, kernelSize: 1, inputShape: [8, 8, 3] }));
    inner.add(tfl.layers.activation({ name: 'tanh', activation: 'tanh' }));
    const outputs = apply(inner, apply(inner, input));
    const { before, loaded } = await roundTrip(tfl.model({ inputs: input, outputs }));
    expect(answers(loaded.model, [8, 8, 3])).toEqual(before);
    expectFlat(loaded.model);
    expect(loaded.model.getLayer('conv').inboundNodes).toHaveLength(2);
    expect(loaded.model.weights).toHaveLength(2);
  });

  it('renames layers of two models inside that have the same names, each with its own weights', async () => {
    const part = (name: string) => {
      const inner = tfl.sequential({ name });
      inner.add(tfl.layers.conv2d({ name: 'conv', filters: 3, kernelSize: 1, inputShape: [8, 8, 3] }));
      inner.add(tfl.layers.batchNormalization({ name: 'bn' }));
      return inner;
    };
    const input = image();
    const outputs = apply(part('second'), apply(part('first'), input));
    const { folder, before, loaded } = await roundTrip(tfl.model({ inputs: input, outputs }));
    expect(answers(loaded.model, [8, 8, 3])).toEqual(before);
    expectFlat(loaded.model);
    expect(loaded.model.layers.map((layer) => layer.name)).toEqual(['image', 'conv', 'bn', 'conv_1', 'bn_1']);
    expect(loaded.sourceNames.get('conv/kernel')).toBe('conv/kernel');
    expect(loaded.sourceNames.get('conv_1/kernel')).toBe('conv/kernel#2');
    expect(loaded.sourceNames.get('bn_1/moving_variance')).toBe('bn/moving_variance#2');
    const source = await (await readModelFiles(folder)).readWeights();
    const kernel = loaded.model.getLayer('conv_1').weights[0];
    expect(kernel.originalName).toBe('conv_1/kernel');
    expect(kernel.read().dataSync()).toEqual(source.get('conv/kernel#2')?.values);
  });

  it('frees a fixed batch size', async () => {
    const input = tfl.input({ batchShape: [2, 8, 8, 3], name: 'image' });
    const outputs = apply(tfl.layers.conv2d({ name: 'conv', filters: 2, kernelSize: 3 }), input);
    const { before, loaded } = await roundTrip(tfl.model({ inputs: input, outputs }));
    expect(loaded.model.inputs[0].shape).toEqual([null, 8, 8, 3]);
    expect(answers(loaded.model, [8, 8, 3])).toEqual(before);
  });

  it('loads uint8-quantised weights as TensorFlow.js does', async () => {
    const model = residualBackbone();
    const { folder } = await roundTrip(model);
    const modelJson = await readModelJson(folder);
    const [group] = modelJson.weightsManifest;
    group.weights[0].quantization = { dtype: 'uint8', scale: 0.0123, min: -1.5 };
    const bytes = await readFile(join(folder, 'weights.bin'));
    const kernelSize = 3 * 3 * 3 * 6;
    const quantised = Uint8Array.from({ length: kernelSize }, (_, i) => (i * 37) % 256);
    const all = new Uint8Array([...quantised, ...bytes.subarray(kernelSize * 4)]);
    await writeFile(join(folder, 'weights.bin'), all);
    await writeFile(join(folder, 'model.json'), JSON.stringify(modelJson));
    const plain = await plainLoad(folder);
    expect(answers((await load(folder)).model, [8, 8, 3])).toEqual(answers(plain, [8, 8, 3]));
  });

  it('takes the labels from metadata.json', async () => {
    const { folder } = await roundTrip(nestedClassifier());
    await writeFile(join(folder, 'metadata.json'), JSON.stringify({ labels: ['cat', 'dog'] }));
    expect((await load(folder)).labels).toEqual(['cat', 'dog']);
  });

  it('gives all memory back when the model is disposed, shared layers included', async () => {
    const input = image();
    const inner = tfl.sequential({ name: 'inner' });
    inner.add(tfl.layers.conv2d({ name: 'conv', filters: 3, kernelSize: 1, inputShape: [8, 8, 3] }));
    const twice = tfl.model({ inputs: input, outputs: apply(inner, apply(inner, input)) });
    for (const model of [nestedClassifier(), twice]) {
      const { folder } = await roundTrip(model);
      const tensors = tf.memory().numTensors;
      (await load(folder)).model.dispose();
      expect(tf.memory().numTensors).toBe(tensors);
    }
  });

  const exported = resolve('../shared/models/teachable_machine_export');
  it('flattens the real Teachable Machine export', async ({ skip }) => {
    skip(!existsSync(exported), 'the Teachable Machine export of ../shared is not here');
    const before = answers(await plainLoad(exported), [224, 224, 3]);
    const loaded = await load(exported);
    expectFlat(loaded.model);
    expect(loaded.labels).toEqual(['twin1', 'twin2']);
    expect(answers(loaded.model, [224, 224, 3])).toEqual(before);
  }, 120_000);
});

describe('loadNetwork refuses', () => {
  const detailOf = async (model: tfl.LayersModel) => {
    const folder = await temporaryFolder();
    await writeNetwork(model, folder);
    const problem = await problemFrom(load(folder));
    expect(problem.reason).toBe('modelUnsupported');
    return problem.reason === 'modelUnsupported' ? problem.detail : '';
  };
  const convolved = (input: tfl.SymbolicTensor) =>
    tfl.model({ inputs: input, outputs: apply(tfl.layers.conv2d({ filters: 2, kernelSize: 1 }), input) });

  it('an input of any size', async () => {
    expect(await detailOf(convolved(tfl.input({ shape: [null, null, 3] })))).toContain('any x any x 3');
  });

  it('images of five channels', async () => {
    expect(await detailOf(convolved(tfl.input({ shape: [8, 8, 5] })))).toContain('5 channels');
  });

  it('an input that is no image', async () => {
    const input = tfl.input({ shape: [7] });
    const model = tfl.model({ inputs: input, outputs: apply(tfl.layers.dense({ units: 2 }), input) });
    expect(await detailOf(model)).toContain('not an image');
  });

  it('two inputs, and two outputs', async () => {
    const [left, right] = [image('left'), image('right')];
    const sum = apply(tfl.layers.add({ name: 'sum' }), [left, right]);
    expect(
      await detailOf(
        tfl.model({ inputs: [left, right], outputs: apply(tfl.layers.conv2d({ filters: 1, kernelSize: 1 }), sum) }),
      ),
    ).toContain('2 inputs');
    const input = image();
    const outputs = ['a', 'b'].map((name) => apply(tfl.layers.conv2d({ name, filters: 1, kernelSize: 1 }), input));
    expect(await detailOf(tfl.model({ inputs: input, outputs }))).toContain('2 outputs');
  });

  it('layer types that TensorFlow.js does not know, by their names', async () => {
    const modelTopology = {
      class_name: 'Sequential',
      config: {
        layers: [
          { class_name: 'Wavelet', config: {} },
          { class_name: 'Model', config: { layers: [{ class_name: 'Lambda', config: {} }] } },
        ],
      },
    };
    const weights = [{ name: 'a/kernel', shape: [1] }];
    const folder = await writeModelFolder(await temporaryFolder(), weights, floatBytes(1), { modelTopology });
    const problem = await problemFrom(load(folder));
    expect(problem).toMatchObject({ reason: 'modelUnsupported' });
    expect(problem).toHaveProperty('detail', expect.stringContaining('"Wavelet", "Lambda"'));
  });

  it('weights that are listed for no layer, or missing for one', async () => {
    const { folder } = await roundTrip(residualBackbone());
    const path = join(folder, 'model.json');
    const modelJson = await readModelJson(folder);
    const [first] = modelJson.weightsManifest[0].weights;
    first.name = 'elsewhere/kernel';
    await writeFile(path, JSON.stringify(modelJson));
    expect(await problemFrom(load(folder))).toMatchObject({ reason: 'modelUnsupported' });
    modelJson.weightsManifest[0].weights = [{ ...first, name: 'stem/kernel', shape: [3, 3, 3, 6] }];
    const bytes = (await readFile(join(folder, 'weights.bin'))).subarray(0, 4 * 162);
    await writeFile(join(folder, 'weights.bin'), bytes);
    await writeFile(path, JSON.stringify(modelJson));
    expect(await problemFrom(load(folder))).toMatchObject({ reason: 'modelNoWeights' });
  });

  it('weights that are not finite, by their name', async () => {
    const { folder } = await roundTrip(residualBackbone());
    const bytes = await readFile(join(folder, 'weights.bin'));
    bytes.writeFloatLE(NaN, 8);
    await writeFile(join(folder, 'weights.bin'), bytes);
    expect(await problemFrom(load(folder))).toMatchObject({ reason: 'modelNotFinite', tensor: 'stem/kernel' });
  });
});
