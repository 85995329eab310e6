import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { readModelFiles } from '../../src/node/modelFiles.ts';
import { Random } from '../../src/shared/random.ts';
import { floatBytes, writeModelFolder, type FixtureWeight } from '../support/modelFixtures.ts';
import { problemFrom } from '../support/problems.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const kernel: FixtureWeight = { name: 'dense/kernel', shape: [2, 1] };

describe('readModelFiles', () => {
  it('reads a folder and the model.json in it alike', async () => {
    const folder = await writeModelFolder(await temporaryFolder(), [kernel], floatBytes(1.5, -2));
    for (const path of [folder, join(folder, 'model.json')]) {
      const files = await readModelFiles(path);
      expect(files.directory).toBe(folder);
      expect(files.modelJsonPath).toBe(join(folder, 'model.json'));
      expect(files.weightSpecs.map((spec) => spec.name)).toEqual(['dense/kernel']);
      expect(files.metadata).toBeUndefined();
      expect(await files.readWeights()).toEqual(
        new Map([['dense/kernel', { shape: [2, 1], values: Float32Array.of(1.5, -2) }]]),
      );
    }
  });

  it('joins shards in the middle of a weight and leaves the weights of an optimizer out', async () => {
    const folder = await temporaryFolder();
    const weights = [
      kernel,
      { name: 'iter', shape: [], dtype: 'int32', group: 'optimizer' },
      { name: 'bias', shape: [1] },
    ];
    const bytes = floatBytes(1, 2, 99, 3);
    const weightsManifest = [
      { paths: ['a/1.bin', '2.bin'], weights: weights.map((weight) => ({ dtype: 'float32', ...weight })) },
    ];
    await writeModelFolder(folder, weights, bytes, { weightsManifest });
    await mkdir(join(folder, 'a'));
    await writeFile(join(folder, 'a', '1.bin'), bytes.subarray(0, 6));
    await writeFile(join(folder, '2.bin'), bytes.subarray(6));
    const files = await readModelFiles(folder);
    const values = [...(await files.readWeights())].map(([name, { values }]) => [name, ...values]);
    expect(values).toEqual([
      ['dense/kernel', 1, 2],
      ['bias', 3],
    ]);
    expect(files.shards).toEqual(['a/1.bin', '2.bin']);
  });

  it('numbers repeated names', async () => {
    const folder = await writeModelFolder(await temporaryFolder(), [kernel, kernel], floatBytes(1, 2, 3, 4));
    const files = await readModelFiles(folder);
    expect(files.weightSpecs.map((spec) => [spec.name, spec.savedName])).toEqual([
      ['dense/kernel', 'dense/kernel'],
      ['dense/kernel#2', 'dense/kernel'],
    ]);
    expect((await files.readWeights()).get('dense/kernel#2')?.values).toEqual(Float32Array.of(3, 4));
  });

  it.each([
    { dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.0371, min: -3.14159 }, bytes: 1 },
    { dtype: 'float32', quantization: { dtype: 'uint16', scale: 1.7e-4, min: -2.2 }, bytes: 2 },
    { dtype: 'int32', quantization: { dtype: 'uint8', scale: 1.3, min: -20 }, bytes: 1 },
    { dtype: 'float32', quantization: { dtype: 'float16' }, bytes: 2 },
    { dtype: 'int32', quantization: undefined, bytes: 4 },
  ])(
    'dequantises $dtype from $quantization.dtype to the bits of TensorFlow.js',
    async ({ dtype, quantization, bytes }) => {
      const random = Random.seeded(3, 'bytes');
      const size = 3000;
      // Without the highest exponent bit of a float16, so that all values are finite.
      const data = Uint8Array.from({ length: size * bytes }, (_, i) => random.below(256) & (i % 2 ? 0xbf : 0xff));
      const weight = { name: 'w', shape: [size], dtype, ...(quantization && { quantization }) };
      // An odd offset before it: 16-bit values do not start where a 16-bit view could.
      const before = { name: 'b', shape: [1], dtype: 'bool' };
      const all = Uint8Array.of(1, ...data);
      const files = await readModelFiles(await writeModelFolder(await temporaryFolder(), [before, weight], all));
      const values = (await files.readWeights()).get('w')?.values;
      const expected = tf.io.decodeWeights(data.buffer, [weight as tf.io.WeightsManifestEntry]).w.dataSync();
      expect(new Uint32Array(values?.buffer ?? new ArrayBuffer(0))).toEqual(
        new Uint32Array(Float32Array.from(expected).buffer),
      );
    },
  );

  it('reads the metadata of Teachable Machine and knows its preprocessing', async () => {
    const folder = await writeModelFolder(await temporaryFolder(), [kernel], floatBytes(1, 2));
    const metadata = { packageName: '@teachablemachine/image', labels: ['cat', 'dog'], imageSize: 224, tmVersion: '2' };
    await writeFile(join(folder, 'metadata.json'), JSON.stringify(metadata));
    expect((await readModelFiles(folder)).metadata).toEqual({
      packageName: '@teachablemachine/image',
      labels: ['cat', 'dog'],
      imageSize: 224,
      preprocessing: { range: '-1..1', resize: 'crop', channels: 'rgb' },
    });
  });

  it('reads our own metadata and leaves out what it cannot understand', async () => {
    const folder = await writeModelFolder(await temporaryFolder(), [kernel], floatBytes(1, 2));
    const preprocessing = { range: '0..1', resize: 'pad', channels: 'gray', width: 28, height: 28 };
    await writeFile(join(folder, 'metadata.json'), JSON.stringify({ labels: 'zero', preprocessing }));
    const { metadata } = await readModelFiles(folder);
    expect(metadata?.labels).toBeUndefined();
    expect(metadata?.preprocessing).toEqual({ range: '0..1', resize: 'pad', channels: 'gray' });
  });
});

describe('readModelFiles refuses', () => {
  it('what is not there', async () => {
    const folder = await temporaryFolder();
    const missing = join(folder, 'none');
    expect(await problemFrom(readModelFiles(missing))).toEqual({ reason: 'modelMissing', path: missing });
    expect(await problemFrom(readModelFiles(folder))).toEqual({ reason: 'modelMissing', path: folder });
  });

  it.each(['net.h5', 'net.keras', 'saved_model.pb', 'net.onnx', 'net.tflite', 'net.pt', 'net.txt'])(
    'a model of another format: %s',
    async (name) => {
      const path = join(await temporaryFolder(), name);
      await writeFile(path, 'x');
      expect(await problemFrom(readModelFiles(path))).toMatchObject({ reason: 'modelFormat', path });
    },
  );

  it('a folder whose only model has another format, by the name of the file', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'saved_model.pb'), 'x');
    const problem = await problemFrom(readModelFiles(folder));
    expect(problem).toMatchObject({ reason: 'modelFormat', path: join(folder, 'saved_model.pb') });
  });

  it.each(['not json', '{"modelTopology": {', ''])('text that is not JSON: %j', async (text) => {
    const path = join(await temporaryFolder(), 'model.json');
    await writeFile(path, text);
    expect(await problemFrom(readModelFiles(path))).toMatchObject({ reason: 'modelNotJson', path });
  });

  it.each(['[]', 'null', '{}', '{"modelTopology": 5}'])('JSON that is no model: %s', async (text) => {
    const path = join(await temporaryFolder(), 'model.json');
    await writeFile(path, text);
    expect(await problemFrom(readModelFiles(path))).toMatchObject({ reason: 'modelFormat', path });
  });

  it.each([{ format: 'graph-model' }, { modelTopology: { node: [] } }, { modelTopology: { library: {} } }])(
    'a GraphModel: %j',
    async (changes) => {
      const folder = await writeModelFolder(await temporaryFolder(), [kernel], floatBytes(1, 2), changes);
      const problem = await problemFrom(readModelFiles(folder));
      expect(problem).toEqual({ reason: 'modelGraph', path: join(folder, 'model.json') });
    },
  );

  it.each([undefined, null, []])('a model.json whose weightsManifest is %j', async (weightsManifest) => {
    const folder = await writeModelFolder(await temporaryFolder(), [kernel], floatBytes(1, 2), { weightsManifest });
    expect(await problemFrom(readModelFiles(folder))).toMatchObject({ reason: 'modelNoWeights' });
  });

  it('a missing shard, by its name', async () => {
    const weightsManifest = [{ paths: ['group1-shard1of2.bin'], weights: [{ ...kernel, dtype: 'float32' }] }];
    const folder = await writeModelFolder(await temporaryFolder(), [kernel], floatBytes(1, 2), { weightsManifest });
    const detail = 'group1-shard1of2.bin is missing';
    expect(await problemFrom(readModelFiles(folder))).toMatchObject({ reason: 'modelNoWeights', detail });
  });

  it.each([
    [floatBytes(1), 4],
    [floatBytes(1, 2, 3), 12],
    [new Uint8Array(0), 0],
  ])('weight files of the wrong length (%#)', async (bytes, actualBytes) => {
    const folder = await writeModelFolder(await temporaryFolder(), [kernel], bytes);
    const path = join(folder, 'model.json');
    const problem = await problemFrom(readModelFiles(folder));
    expect(problem).toEqual({ reason: 'modelWeightsShort', path, expectedBytes: 8, actualBytes });
  });

  it.each([
    '../weights.bin',
    'a/../../weights.bin',
    '..\\weights.bin',
    '/etc/weights.bin',
    'C:weights.bin',
    'http://a/b',
  ])('a weight file outside the folder of the model: %s', async (path) => {
    const parent = await temporaryFolder();
    const weightsManifest = [{ paths: [path], weights: [{ ...kernel, dtype: 'float32' }] }];
    const bytes = floatBytes(1, 2);
    const folder = await writeModelFolder(join(parent, 'inner'), [kernel], bytes, { weightsManifest });
    await writeFile(join(parent, 'weights.bin'), bytes);
    const problem = await problemFrom(readModelFiles(folder));
    expect(problem).toMatchObject({ reason: 'modelNoWeights' });
    expect(problem).toHaveProperty('detail', expect.stringContaining('outside'));
  });

  it.each([
    { dtype: 'string' },
    { shape: [-1] },
    { quantization: { dtype: 'uint4' } },
    { quantization: { dtype: 'uint8', scale: 1 } },
    { dtype: 'int32', quantization: { dtype: 'float16' } },
  ])('a manifest it cannot understand: %j', async (changes) => {
    const folder = await writeModelFolder(await temporaryFolder(), [{ ...kernel, ...changes }], floatBytes(1, 2));
    expect(await problemFrom(readModelFiles(folder))).toMatchObject({ reason: 'modelFormat' });
  });

  it.each([NaN, Infinity, -Infinity])('a weight that is %d, by its name', async (value) => {
    const weights = [kernel, { name: 'dense/bias', shape: [1] }];
    const folder = await writeModelFolder(await temporaryFolder(), weights, floatBytes(1, 2, value));
    const files = await readModelFiles(folder);
    expect(await problemFrom(files.readWeights())).toMatchObject({ reason: 'modelNotFinite', tensor: 'dense/bias' });
  });
});
