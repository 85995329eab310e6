/**
 * Writes a project of seeded weights and images whose memory is measured. Prints `{}` as the last line.
 *
 *   node memoryProject.mjs NETWORK FOLDER WASM_DIRECTORY
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as tfl from '@tensorflow/tfjs-layers';
import sharp from 'sharp';
import type { PlanInput } from '../src/shared/plan.ts';
import { Random } from '../src/shared/random.ts';
import { createPortableEngine } from '../src/trainer/engine/portable/portableEngine.ts';
import { describeGraph } from '../src/trainer/model/networkGraph.ts';
import { saveNetwork } from '../src/trainer/model/saveNetwork.ts';
import { summarizeBlocks } from '../src/trainer/training/prepareNetwork.ts';
import { buildInceptionV3, INCEPTION_SIZE } from './inceptionV3.ts';
import { buildMobileNetV2 } from './mobileNetV2.ts';
import { seedNetwork } from './seedNetwork.ts';

const SEED = 42;
const OLD_CLASSES = 'predictions';
const CLASS_NAMES = ['light', 'dark'];
/** Batches of 32 in an epoch: two to train on, so that one is not the first, and half a one to judge. */
const PER_CLASS = 40;

const NETWORKS: Record<string, { size: number; build: () => tfl.LayersModel }> = {
  mobileNetV2: { size: 224, build: () => buildMobileNetV2(224) },
  inceptionV3: { size: INCEPTION_SIZE, build: () => buildInceptionV3(1) },
};

async function writeImages(folder: string, size: number): Promise<void> {
  const random = Random.seeded(SEED, 'memory/images');
  for (const [place, name] of CLASS_NAMES.entries()) {
    await mkdir(join(folder, name), { recursive: true });
    for (let image = 0; image < PER_CLASS; image++) {
      const pixels = new Uint8Array(size * size * 3);
      const shade = place === 0 ? 120 : 20;
      for (let at = 0; at < pixels.length; at++) pixels[at] = shade + 110 * random.uniform();
      const encoded = await sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
        .jpeg()
        .toBuffer();
      await writeFile(join(folder, name, `${image}.jpg`), encoded);
    }
  }
}

/** A plan that trains every block. */
function planOf(blocks: readonly string[]): PlanInput {
  return {
    version: 1,
    model: 'model',
    input: { range: '-1..1', resize: 'crop', channels: 'rgb' },
    data: { train: 'images', validation: 0.2 },
    head: { classes: CLASS_NAMES },
    blocks: Object.fromEntries(blocks.map((name) => [name, { frozen: false }])),
    phases: [{ name: 'all layers', epochs: 1 }],
    optimizer: { name: 'adam', headLearningRate: 1e-4 },
    batchSize: 32,
    seed: SEED,
  };
}

const [name, folder, wasmDirectory] = process.argv.slice(2);
const { size, build } = NETWORKS[name];
await createPortableEngine({ wasmDirectory });
const model = build();
seedNetwork(model, SEED);
await mkdir(folder, { recursive: true });
const preprocessing = { range: '-1..1', resize: 'crop', channels: 'rgb', width: size, height: size } as const;
await saveNetwork(model, join(folder, 'model'), { labels: ['none'], preprocessing, thaw: { version: '0' } });
await writeImages(join(folder, 'images'), size);
// A plan puts its head in the place of the classes that are there.
const blocks = summarizeBlocks(describeGraph(model))
  .map((block) => block.name)
  .filter((block) => block !== OLD_CLASSES);
await writeFile(join(folder, 'all.finetune.json'), JSON.stringify(planOf(blocks), null, 2));
console.log('{}');
