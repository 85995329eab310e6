import '@tensorflow/tfjs-backend-cpu';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { Random } from '../../src/shared/random.ts';

/** Gives every weight of a model seeded values; variances stay positive. */
export function seedWeights(model: tfl.LayersModel, seed: number): void {
  const random = Random.seeded(seed, 'fixture');
  for (const weight of model.weights) {
    const shape = weight.shape as number[];
    const positive = weight.originalName.includes('variance');
    const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () =>
      positive ? 0.5 + random.uniform() : 0.3 * random.normal(),
    );
    tf.tidy(() => void weight.write(tf.tensor(values, shape)));
  }
}

/** Answers to a fixed batch of two seeded images. */
export function answers(model: tfl.LayersModel, [height, width, channels]: readonly number[]): Float32Array {
  const random = Random.seeded(1, 'images');
  const pixels = Float32Array.from({ length: 2 * height * width * channels }, () => 2 * random.uniform() - 1);
  return tf.tidy(() => {
    const images = tf.tensor4d(pixels, [2, height, width, channels]);
    return (model.predict(images) as tf.Tensor).dataSync<'float32'>().slice();
  });
}

/** Writes a model as TensorFlow.js itself would. */
export async function writeNetwork(model: tfl.LayersModel, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
      const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
      await writeFile(join(folder, 'model.json'), JSON.stringify({ modelTopology, weightsManifest }));
      await writeFile(join(folder, 'weights.bin'), new Uint8Array(weightData as ArrayBuffer));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } };
    }),
  );
}

export interface ModelJson {
  modelTopology: object;
  weightsManifest: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[];
}

export async function readModelJson(folder: string): Promise<ModelJson> {
  return JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as ModelJson;
}

/** Loads a model with one weight file as any program would that only knows TensorFlow.js. */
export async function plainLoad(folder: string): Promise<tfl.LayersModel> {
  const { modelTopology, weightsManifest } = await readModelJson(folder);
  const weightData = new Uint8Array(await readFile(join(folder, 'weights.bin'))).buffer;
  const weightSpecs = weightsManifest[0].weights;
  return tfl.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData }));
}

type Symbolic = tfl.SymbolicTensor;
const apply = (layer: tfl.layers.Layer, input: Symbolic | Symbolic[]): Symbolic => layer.apply(input) as Symbolic;

/** A small backbone with batch normalization and a residual branch: 8 x 8 x 3 to 4 x 4 x 6. */
export function residualBackbone(name = 'backbone'): tfl.LayersModel {
  const input = tfl.input({ shape: [8, 8, 3], name: `${name}_input` });
  const stem = apply(
    tfl.layers.conv2d({ name: 'stem', filters: 6, kernelSize: 3, strides: 2, padding: 'same', useBias: false }),
    input,
  );
  const normalized = apply(tfl.layers.batchNormalization({ name: 'stem_bn' }), stem);
  const rectified = apply(tfl.layers.reLU({ name: 'stem_relu', maxValue: 6 }), normalized);
  const branch = apply(tfl.layers.depthwiseConv2d({ name: 'depthwise', kernelSize: 3, padding: 'same' }), rectified);
  const sum = apply(tfl.layers.add({ name: 'sum' }), [rectified, branch]);
  return tfl.model({
    inputs: input,
    outputs: apply(tfl.layers.activation({ name: 'out', activation: 'relu' }), sum),
    name,
  });
}

/** Built like an export of Teachable Machine: Sequential [Sequential [Model, pooling], Sequential [Dense, Dense]]. */
export function nestedClassifier(): tfl.LayersModel {
  const features = tfl.sequential({ name: 'features' });
  features.add(residualBackbone());
  features.add(tfl.layers.globalAveragePooling2d({ name: 'pool', dataFormat: 'channelsLast' }));
  const classifier = tfl.sequential({ name: 'classifier' });
  classifier.add(tfl.layers.dense({ name: 'dense_a', units: 5, activation: 'relu', inputShape: [6] }));
  classifier.add(tfl.layers.dense({ name: 'dense_b', units: 2, activation: 'softmax', useBias: false }));
  const outer = tfl.sequential({ name: 'outer' });
  outer.add(features);
  outer.add(classifier);
  return outer;
}
