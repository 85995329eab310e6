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

const SIZE = 224;

async function writeWeights(model: string, path: string): Promise<void> {
  const weights = await (await readModelFiles(model)).readWeights();
  await writeFile(path, encodeTensors(weights));
}

/** Images of one class share a pattern of waves, each with a phase, a strength and noise of its own. */
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
  const [across, down] = [(1 + (label % 4)) / 9, (1 + Math.floor(label / 4)) / 9];
  const pixels = new Uint8Array(SIZE * SIZE * 3);
  for (let place = 0; place < SIZE * SIZE; place++) {
    const wave = Math.sin(phase + across * (place % SIZE) + down * Math.floor(place / SIZE));
    const noise = 24 * random.uniform();
    for (let channel = 0; channel < 3; channel++) {
      pixels[3 * place + channel] = 116 + strength * wave * (channel === label % 3 ? 1 : 0.4) + noise;
    }
  }
  return pixels;
}

const [what, ...rest] = process.argv.slice(2);
if (what === 'weights') await writeWeights(rest[0], rest[1]);
else await writeImages(rest[0], Number(rest[1]), Number(rest[2]));
console.log('{}');
