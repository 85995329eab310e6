/**
 * How near the predicted cost of a plan comes to the measured one: six plans, each checked and trained one after the other,
 * for two networks. Prints a table, and with --write it becomes the section of its engine in docs/performance.md.
 *
 *   node scripts/costAccuracy.mjs --model FOLDER --data FOLDER [--engine portable|native] [--plan NAME] [--rounds N]
 *     [--write]
 *
 * `--model` is MobileNetV2 0.35 (a folder with model.json) and `--data` a folder of classes. The sample network with the
 * sample images comes along. Build first: npm run build.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { importTypeScript } from './lib/importTypeScript.mjs';
import { machine, printTable, today, writeSection } from './lib/performanceReport.mjs';
import { requireNode, root } from './lib/project.mjs';
import { runLines } from './lib/runLines.mjs';

const CLI = join(root, 'dist', 'cli.js');
/** The first epoch is slower than all others. */
const EPOCHS = 4;

/** What each plan changes of the one that `thaw init` writes; `blocks` is the share of the blocks that train. */
const PLANS = [
  { name: 'head only', blocks: 0 },
  { name: 'last block', blocks: 'last' },
  { name: 'last third', blocks: 1 / 3 },
  { name: 'all layers', blocks: 1 },
  { name: 'head, 4 variants', blocks: 0, augment: 'medium' },
  {
    name: 'head, recomputed',
    blocks: 0,
    augment: { flip: true, crop: 0.15, rotate: 10, color: 0.2, variants: 'recompute' },
  },
];

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function thaw(args, cwd, cache) {
  const environment = { ...process.env, THAW_CACHE_DIR: cache };
  return runLines(process.execPath, [CLI, ...args], { cwd, env: environment });
}

/** Writes the plan into its folder and returns the names of what trains in it. */
async function writePlan(path, { blocks, augment = 'none' }, network) {
  const plan = JSON.parse(await readFile(path, 'utf8'));
  const names = network.blocks.filter(({ parameters }) => parameters > 0).map(({ name }) => name);
  const count = blocks === 'last' ? 1 : Math.ceil(blocks * names.length);
  const unfrozen = count === 0 ? [] : names.slice(-count);
  await writeFile(
    path,
    JSON.stringify({
      ...plan,
      blocks: Object.fromEntries(unfrozen.map((name) => [name, { frozen: false }])),
      phases: [{ name: 'all', epochs: EPOCHS }],
      batchSize: 16,
      batchNorm: 'affine',
      augment,
      earlyStopping: null,
    }),
  );
}

/** Predicts and trains one plan, some rounds of each in turn; medians. */
async function measure(setting, { model, data, network, folder, cache, engine, count }) {
  const path = join(folder, 'plan.finetune.json');
  await rm(path, { force: true });
  await thaw(['init', '--model', model, '--data', data, '-o', path, '--json'], folder, cache);
  await writePlan(path, setting, network);
  const rounds = [];
  for (let round = 0; round < count; round++) rounds.push(await measureOnce(path, { folder, cache, engine }));
  const medianOf = (valueOf) => median(rounds.map(valueOf));
  return {
    name: setting.name,
    predicted: medianOf(({ predicted }) => predicted),
    measured: medianOf(({ measured }) => measured),
    predictedBytes: medianOf(({ predictedBytes }) => predictedBytes),
    measuredBytes: Math.max(...rounds.map(({ measuredBytes }) => measuredBytes)),
    checkSeconds: medianOf(({ checkSeconds }) => checkSeconds),
  };
}

/** One prediction and one run, one after the other, so that both see the machine as it is now. */
async function measureOnce(path, { folder, cache, engine }) {
  await rm(join(cache, 'measurements'), { recursive: true, force: true });
  const started = performance.now();
  const [{ cost }] = await thaw(['check', path, '--json', '--engine', engine], folder, cache);
  const checkSeconds = (performance.now() - started) / 1000;
  const run = join(folder, 'run');
  const lines = await thaw(['train', path, '--run', run, '--json', '--engine', engine], folder, cache);
  await rm(run, { recursive: true });
  const epochs = lines.filter(({ event }) => event === 'epoch').map(({ seconds }) => seconds);
  return {
    predicted: cost.secondsPerEpoch,
    measured: median(epochs.slice(1)),
    predictedBytes: cost.memoryBytes,
    measuredBytes: lines.at(-1).peakMemoryBytes,
    checkSeconds,
  };
}

async function measureNetwork(title, place, wanted) {
  const [network] = await thaw(['inspect', place.model, '--json'], place.folder, place.cache);
  const rows = [];
  for (const setting of PLANS.filter(({ name }) => wanted === undefined || name === wanted)) {
    const row = await measure(setting, { ...place, network });
    rows.push(row);
    const ratio = (row.predicted / row.measured).toFixed(2);
    console.log(
      `${title}, ${row.name}: predicted ${row.predicted.toFixed(3)} s, measured ${row.measured.toFixed(3)} s, ratio ${ratio}; memory ${(row.predictedBytes / 1e9).toFixed(2)} and ${(row.measuredBytes / 1e9).toFixed(2)} GB; check took ${row.checkSeconds.toFixed(1)} s`,
    );
  }
  return { title, rows };
}

async function main({ model, data, engine = 'portable', plan, rounds = '3', write }) {
  if (!model || !data) throw new Error('Say --model FOLDER and --data FOLDER.');
  const folder = await mkdtemp(join(tmpdir(), 'thaw-cost-'));
  const cache = join(folder, 'cache');
  await mkdir(cache);
  const [load] = loadavg();
  try {
    const common = { folder, cache, engine, count: Number(rounds) };
    const tables = [
      await measureNetwork('MobileNetV2 0.35', { ...common, model: resolve(model), data: resolve(data) }, plan),
      await measureNetwork(
        'sample network',
        { ...common, model: 'digits_backbone', data: await sampleData(folder) },
        plan,
      ),
    ];
    const { costHead, costRows, renderCost } = await importTypeScript('bench/costReport.ts');
    console.log('');
    for (const table of tables) printTable(costHead(), costRows(table));
    if (write)
      await writeSection(`cost-${engine}`, renderCost({ engine, date: today(), machine: machine(), load, tables }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The larger set of digits of the sample project. */
async function sampleData(folder) {
  const { unpackSample } = await importTypeScript('src/node/sampleProject.ts');
  await unpackSample(join(root, 'media'), join(folder, 'sample'));
  return join(folder, 'sample', 'digits-many');
}

requireNode();
try {
  const text = { type: 'string' };
  await main(
    parseArgs({
      options: { model: text, data: text, engine: text, plan: text, rounds: text, write: { type: 'boolean' } },
    }).values,
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
