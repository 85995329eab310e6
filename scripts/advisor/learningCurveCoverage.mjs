/**
 * How often the forecast of a learning curve holds (docs/advisor.md, "Would more data help?"): on random parts of data folders,
 * whether the accuracy with all images lies in the interval that was forecast from a quarter to three quarters of them; and
 * whether what a part forecasts for twice its images holds: whether the mean accuracy of parts of that size lies in its interval.
 *
 *   node scripts/advisor/learningCurveCoverage.mjs [--seeds 10] [--model MODEL --data FOLDER]
 *
 * Without --model and --data: the two small data folders of the sample project with its network. Build first: npm run build.
 */
import { link, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { importTypeScript } from '../lib/importTypeScript.mjs';
import { printTable } from '../lib/performanceReport.mjs';
import { requireNode, root } from '../lib/project.mjs';
import { runLines } from '../lib/runLines.mjs';

const CLI = join(root, 'dist', 'cli.js');
/** Parts of a folder that are curves of their own; each but the last forecasts the next. */
const PARTS = [0.25, 0.5, 1];

const { Random } = await importTypeScript('src/shared/random.ts');
const { listData } = await importTypeScript('src/node/dataFolder.ts');
const { unpackSample } = await importTypeScript('src/node/sampleProject.ts');
const { TrainerClient } = await importTypeScript('src/node/trainerClient.ts');
const { wilsonInterval } = await importTypeScript('src/shared/statistics.ts');

/** Writes a random part of each class of a folder, as links. */
async function writePart({ classes, images }, part, seed, folder) {
  const random = Random.seeded(seed, `part/${part}`);
  for (const [label, name] of classes.entries()) {
    await mkdir(join(folder, name), { recursive: true });
    const own = images.filter((image) => image.classIndex === label && (image.split ?? 'train') === 'train');
    const chosen = random.shuffle(own).slice(0, Math.round(part * own.length));
    for (const [place, { file }] of chosen.entries())
      await link(file, join(folder, name, `${place}-${basename(file)}`));
  }
  return folder;
}

/** The plan that Thaw makes of a folder, as plain data. */
async function planOf(model, data, folder) {
  const path = join(folder, `${basename(data)}.finetune.json`);
  const args = ['init', '--model', model, '--data', data, '--similarity', 'high', '-o', path, '--json'];
  await runLines(process.execPath, [CLI, ...args], { cwd: folder });
  return { path, plan: JSON.parse(await readFile(path, 'utf8')) };
}

async function curveOf(client, { path, plan }, data) {
  const text = JSON.stringify({ ...plan, data: { ...plan.data, train: data } });
  return client.request('learningCurve', { directory: dirname(path), engine: 'portable', plan: path, text });
}

/** Parts with fewer images of a class than there are folds have no curve. */
const isTooSmall = (error) => error.problem?.reason === 'dataTooFewForCurve';

/** Accuracy of all images of a curve that is learned from. */
const reached = ({ points }) => points[points.length - 1].accuracy;

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

async function measure(client, { model, data }, seeds, folder) {
  const listing = await listData(data);
  const file = await planOf(model, data, folder);
  const curves = new Map(PARTS.map((part) => [part, []]));
  for (const part of PARTS) {
    for (let seed = 1; seed <= (part === 1 ? 1 : seeds); seed++) {
      const own = join(folder, `${basename(data)}-${part}-${seed}`);
      const curve = await writePart(listing, part, seed, own)
        .then(() => curveOf(client, file, own))
        .catch((error) => {
          if (isTooSmall(error)) return null;
          throw error;
        });
      await rm(own, { recursive: true, force: true });
      if (curve) curves.get(part).push(curve);
    }
  }
  const tests = PARTS.flatMap((part) =>
    curves.get(part).map(({ images, backTest }) => ({ part, images, ...backTest })),
  );
  const doubled = PARTS.slice(0, -1).flatMap((part) => {
    const larger = curves.get(2 * part);
    // Of more images than a curve uses, only a part was learned from.
    if (larger.length === 0 || larger[0].images < larger[0].allImages) return [];
    const measured = mean(larger.map(reached));
    return curves.get(part).map(({ images, forecast }) => ({ part, images, ...forecast, measured }));
  });
  return { tests, doubled };
}

const percent = (share) => `${(100 * share).toFixed(1)} %`;

function describe(name, results) {
  const within = results.filter((each) => each.within).length;
  const error = results.reduce((sum, each) => sum + Math.abs(each.error), 0) / results.length;
  const width = results.reduce((sum, { low, high }) => sum + high - low, 0) / results.length;
  return [name, String(results.length), String(within), percent(error), percent(width)];
}

const ofTest = (test) => ({ ...test, error: test.forecast - test.accuracy });
const ofDoubled = ({ part, images, accuracy, low, high, measured }) => ({
  ...{ part, images, low, high, error: accuracy - measured },
  within: measured >= low && measured <= high,
});

async function main({ seeds = '10', model, data }) {
  const folder = await mkdtemp(join(tmpdir(), 'thaw-curves-'));
  const environment = { ...process.env, THAW_CACHE_DIR: join(folder, 'cache') };
  const client = new TrainerClient(join(root, 'dist', 'trainer.js'), { environment });
  try {
    const cases = [];
    if (data === undefined) {
      await unpackSample(join(root, 'media'), join(folder, 'sample'));
      for (const name of ['digits-few', 'clothing-few']) {
        cases.push({ model: 'digits_backbone', data: join(folder, 'sample', name) });
      }
    } else cases.push({ model: resolve(model), data: resolve(data) });
    const rows = [];
    const all = { tests: [], doubled: [] };
    for (const each of cases) {
      const { tests, doubled } = await measure(client, each, Number(seeds), folder);
      const name = basename(each.data);
      for (const part of PARTS) {
        const own = tests.filter((test) => test.part === part).map(ofTest);
        if (own.length > 0) rows.push(describe(`${name}, ${own[0].images} images: 75 % to 100 %`, own));
      }
      for (const part of PARTS) {
        const own = doubled.filter((each) => each.part === part).map(ofDoubled);
        if (own.length > 0) rows.push(describe(`${name}, ${own[0].images} images: twice as many`, own));
      }
      all.tests.push(...tests.map(ofTest));
      all.doubled.push(...doubled.map(ofDoubled));
    }
    rows.push(describe('all: 75 % to 100 %', all.tests), describe('all: twice as many', all.doubled));
    printTable(['forecast', 'forecasts', 'within', 'mean error', 'mean width'], rows);
    for (const [name, results] of Object.entries(all)) {
      const within = results.filter((each) => each.within).length;
      const { low, high } = wilsonInterval(within, results.length);
      console.log(`${name}: ${percent(within / results.length)} within (95 %: ${percent(low)} to ${percent(high)})`);
    }
  } finally {
    await client.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

requireNode();
try {
  const text = { type: 'string' };
  await main(parseArgs({ options: { seeds: text, model: text, data: text } }).values);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
