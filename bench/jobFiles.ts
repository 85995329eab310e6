/**
 * Prepares the benchmark of the whole job.
 *
 *   node jobFiles.mjs weights MODEL FILE          the weights of a model as safetensors, by their names
 *   node jobFiles.mjs images FOLDER COUNT CLASSES  generated photographs, a folder a class
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { readModelFiles } from '../src/node/modelFiles.ts';
import { encodeTensors } from '../src/node/safetensors.ts';
import { Random } from '../src/shared/random.ts';

/** Patches of an image in each direction. */
const PATCHES = 6;
const SIZE = 224;

async function writeWeights(model: string, path: string): Promise<void> {
  const weights = await (await readModelFiles(model)).readWeights();
  await writeFile(path, encodeTensors(weights));
}

/**
 * Images of one class share a pattern of waves, each with a phase, a strength, patches and noise of its own: without the
 * patches they would look nearly the same when small, and then stay together when they are divided.
 */
async function writeImages(folder: string, count: number, classes: number): Promise<void> {
  for (let label = 0; label < classes; label++) await mkdir(join(folder, `class-${label}`), { recursive: true });
  for (let index = 0; index < count; index++) {
    const label = index % classes;
    const path = join(folder, `class-${label}`, `${index}.jpg`);
    await sharp(draw(label, index), { raw: { width: SIZE, height: SIZE, channels: 3 } })
      .jpeg({ quality: 85 })
      .toFile(path);
  }
}

function draw(label: number, index: number): Uint8Array {
  const random = Random.seeded(index, 'bench/images');
  const [phase, strength] = [6.3 * random.uniform(), 40 + 60 * random.uniform()];
  const patches = Float64Array.from({ length: 3 * PATCHES * PATCHES }, () => 80 * (random.uniform() - 0.5));
  const [across, down] = [(1 + (label % 4)) / 9, (1 + Math.floor(label / 4)) / 9];
  const pixels = new Uint8Array(SIZE * SIZE * 3);
  for (let place = 0; place < SIZE * SIZE; place++) {
    const wave = Math.sin(phase + across * (place % SIZE) + down * Math.floor(place / SIZE));
    const noise = 24 * random.uniform();
    const patchAt = (position: number): number => Math.floor((position * PATCHES) / SIZE);
    const patch = 3 * (patchAt(Math.floor(place / SIZE)) * PATCHES + patchAt(place % SIZE));
    for (let channel = 0; channel < 3; channel++) {
      const value = 116 + strength * wave * (channel === label % 3 ? 1 : 0.4) + patches[patch + channel] + noise;
      pixels[3 * place + channel] = Math.min(255, Math.max(0, value));
    }
  }
  return pixels;
}

const [what, ...rest] = process.argv.slice(2);
if (what === 'weights') await writeWeights(rest[0], rest[1]);
else await writeImages(rest[0], Number(rest[1]), Number(rest[2]));
console.log('{}');
