/**
 * Makes media/digits_backbone: a small residual network pretrained on handwritten digits 0 to 4 by Thaw's own trainer.
 *
 *   node scripts/sample/buildSampleData.mjs --pretraining-images 0 && npm run build && node scripts/sample/pretrainBackbone.mjs
 *
 * The architecture starts from seeded random weights ("weights": "random"), batch normalization adapts, and what is saved
 * is the backbone without its head. Prints the accuracy on the held-out digits.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const data = join(root, '.cache', 'pretraining');
const work = join(root, 'build', 'pretraining');
const target = join(root, 'media', 'digits_backbone');
const preprocessing = { range: '0..1', resize: 'pad', channels: 'gray' };

/** Filters of the residual blocks; each halves the size. */
const BLOCKS = [24, 48, 64];

function normalized(name, x, relu) {
  const y = tfl.layers.batchNormalization({ name: `${name}_bn`, momentum: 0.9, epsilon: 1e-3 }).apply(x);
  return relu ? tfl.layers.reLU({ name: `${name}_relu` }).apply(y) : y;
}

function convolution(name, x, filters, kernelSize, strides) {
  return tfl.layers.conv2d({ name, filters, kernelSize, strides, padding: 'same', useBias: false }).apply(x);
}

/** Two 3x3 convolutions and a 1x1 shortcut (He et al. 2015, https://arxiv.org/abs/1512.03385, option B). */
function residualBlock(name, x, filters) {
  let y = normalized(`${name}_1`, convolution(`${name}_1`, x, filters, 3, 2), true);
  y = normalized(`${name}_2`, convolution(`${name}_2`, y, filters, 3, 1), false);
  const shortcut = normalized(`${name}_shortcut`, convolution(`${name}_shortcut`, x, filters, 1, 2), false);
  return tfl.layers.reLU({ name: `${name}_out` }).apply(tfl.layers.add({ name: `${name}_add` }).apply([y, shortcut]));
}

function architecture() {
  const input = tfl.input({ shape: [28, 28, 1], name: 'image' });
  let x = normalized('stem', convolution('stem', input, 16, 3, 1), true);
  BLOCKS.forEach((filters, index) => (x = residualBlock(`block_${index + 1}`, x, filters)));
  // Flattened, not pooled: where a stroke lies tells digits apart, and a new head sees it.
  const features = tfl.layers.flatten({ name: 'features' }).apply(x);
  return tfl.model({ inputs: input, outputs: features, name: 'digits_backbone' });
}

async function save(model, folder, metadata) {
  mkdirSync(folder, { recursive: true });
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
      const manifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
      const json = { format: 'layers-model', generatedBy: 'Thaw', modelTopology, weightsManifest: manifest };
      writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
      writeFileSync(join(folder, 'weights.bin'), new Uint8Array(weightData));
      writeFileSync(join(folder, 'metadata.json'), `${JSON.stringify(metadata, null, 2)}\n`);
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
}

async function load(folder) {
  const { modelTopology, weightsManifest } = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
  const weightData = new Uint8Array(readFileSync(join(folder, 'weights.bin'))).buffer;
  return tfl.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest[0].weights, weightData }));
}

const thaw = (...args) =>
  execFileSync(process.execPath, [join(root, 'dist', 'cli.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  }).toString();

rmSync(work, { recursive: true, force: true });
await tf.setBackend('cpu');
await save(architecture(), join(work, 'architecture'), { preprocessing });
const unfrozen = Object.fromEntries(
  ['stem', ...BLOCKS.map((_, index) => `block_${index + 1}`)].map((name) => [
    name,
    { frozen: false, learningRate: 1e-3 },
  ]),
);
const rates = (rate) => Object.fromEntries(Object.keys(unfrozen).map((name) => [name, rate]));
const plan = {
  version: 1,
  model: 'architecture',
  weights: 'random',
  input: preprocessing,
  data: { train: join(data, 'train'), validation: join(data, 'validation') },
  head: { classes: ['four', 'one', 'three', 'two', 'zero'], dropout: 0.5 },
  blocks: unfrozen,
  phases: [
    { name: 'fast', epochs: 4 },
    { name: 'slow', epochs: 1, headLearningRate: 1e-4, learningRates: rates(1e-4) },
  ],
  optimizer: { name: 'adam', headLearningRate: 1e-3 },
  batchSize: 32,
  batchNorm: 'adapt',
  augment: { flip: false, crop: 0.2 },
  seed: 1,
};
writeFileSync(join(work, 'pretraining.finetune.json'), JSON.stringify(plan, null, 2));
thaw('train', join(work, 'pretraining.finetune.json'), '--run', join(work, 'run'));
const held = JSON.parse(thaw('evaluate', join(work, 'run'), '--data', join(data, 'test'), '--json'));
const trained = await load(join(work, 'run', 'model'));
const backbone = tfl.model({
  inputs: trained.inputs,
  outputs: trained.getLayer('features').output,
  name: 'digits_backbone',
});
rmSync(target, { recursive: true, force: true });
await save(backbone, target, { preprocessing });
const percent = (share) => `${(100 * share).toFixed(2)} %`;
console.log(
  `digits 0 to 4, held out: ${percent(held.accuracy)} (95 % interval ${percent(held.low)} to ${percent(held.high)}, ${held.n} images)`,
);
