/**
 * Trains the same network on the same photographs by every recipe, with three seeds, and writes docs/experiments.md.
 *
 *   node scripts/experiments.mjs --model FOLDER --data FOLDER [--seeds 3] [--jobs 1] [--title TEXT]
 *
 * MODEL is a TensorFlow.js LayersModel without its classifier, DATA a folder with train/ and test/. Every training that is
 * over is kept in build/experiments, so a script that was stopped goes on where it was; --fresh starts over.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { format } from 'prettier';
import { importTypeScript } from './lib/importTypeScript.mjs';
import { installIfNeeded, requireNode, root, runNode } from './lib/project.mjs';

const FOLDER = join(root, 'build', 'experiments');
const RESULTS = join(FOLDER, 'results.json');
const REPORT = join(root, 'docs', 'experiments.md');
const CLI = join(root, 'dist', 'cli.js');

/** Runs the command line and returns its last line of JSON. */
async function thaw(...args) {
  const child = spawn(process.execPath, [CLI, ...args, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (code !== 0) throw new Error(`thaw ${args.join(' ')} ended with code ${code}: ${stderr.trim()}`);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

/** The plan that `thaw init` recommends, as the one all recipes begin with. */
async function basePlan(model, data) {
  const path = join(FOLDER, 'base.finetune.json');
  rmSync(path, { force: true });
  await thaw('init', '--model', model, '--data', data, '-o', path, '--similarity', 'high');
  const plan = JSON.parse(readFileSync(path, 'utf8'));
  // What the quadrant decides besides rates and phases is the same for all, so that only the recipe differs.
  return {
    ...plan,
    batchNorm: 'affine',
    augment: 'light',
    earlyStopping: null,
    head: { ...plan.head, dropout: 0.2, l2: 0 },
  };
}

/** Every recipe by its title, as a whole plan. */
async function recipes(base) {
  const { schedulePreset } = await importTypeScript('src/shared/schedulePresets.ts');
  const { baselinePlan } = await importTypeScript('src/shared/baseline.ts');
  const blocks = Object.keys(base.blocks);
  const preset = (id, settings) => {
    const { blocks: entries, phases, headLearningRate } = schedulePreset(id).parts(blocks, settings);
    return { ...base, blocks: entries, phases, optimizer: { ...base.optimizer, headLearningRate } };
  };
  const all = Object.fromEntries(blocks.map((name) => [name, { frozen: false, learningRate: 1e-4 }]));
  const atOnce = { ...base, blocks: all, phases: [{ name: 'all', epochs: 10 }] };
  return {
    'Head only': preset('featureExtraction', { epochs: 15 }),
    'Linear probe, then fine-tune (LP-FT)': preset('linearProbeThenFineTune'),
    'Gradual unfreezing (ULMFiT)': preset('gradualUnfreezing', { epochs: 2 }),
    'One-cycle fine-tuning (fastai)': preset('fastaiFineTune'),
    'All layers at 1e-4': atOnce,
    'From scratch': baselinePlan(atOnce, blocks, 'scratch'),
    'Head on random features': baselinePlan(atOnce, blocks, 'random-features'),
  };
}

function readResults() {
  return existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : {};
}

const runOf = (title, seed) => join(FOLDER, `${title.replace(/\W+/g, '-').toLowerCase()}-${seed}`);

/** Trains and evaluates one recipe with one seed. */
async function experiment(title, plan, seed, data) {
  const run = runOf(title, seed);
  const path = `${run}.finetune.json`;
  writeFileSync(path, JSON.stringify({ ...plan, seed }, null, 2));
  rmSync(run, { recursive: true, force: true });
  const { seconds, epochs, best, freezeProof, engine } = await thaw('train', path, '--run', run);
  const { n, images } = await thaw('evaluate', run, '--data', data);
  const correct = images.map((image) => image.correct);
  const [, load] = loadavg();
  return { seed, seconds, epochs, best, freezeProof, engine, n, correct, load };
}

/** Accuracy on the varied training images, over the steps of the last epoch. */
function trainingAccuracy(title, seed) {
  const lines = readFileSync(join(runOf(title, seed), 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line)).findLast(({ event }) => event === 'epoch').accuracy;
}

const mean = (values) => values.reduce((sum, each) => sum + each, 0) / values.length;
const share = (values) => values.filter(Boolean).length / values.length;

async function report(results, { model, data, title, jobs, images, classes }) {
  const { wilsonInterval } = await importTypeScript('src/shared/statistics.ts');
  const { compareModels } = await importTypeScript('src/shared/comparison.ts');
  const { formatDuration, formatPercent } = await importTypeScript('src/shared/format.ts');
  const rows = Object.entries(results).map(([name, runs]) => {
    const accuracies = runs.map(({ correct }) => share(correct));
    const pooled = runs.flatMap(({ correct }) => correct);
    const { low, high } = wilsonInterval(pooled.filter(Boolean).length, pooled.length);
    const seconds = runs.map((run) => run.seconds).sort((a, b) => a - b);
    const frozen = runs.map(({ freezeProof }) => freezeProof);
    const proof = frozen.every((each) => each === null)
      ? 'no source'
      : `${Math.max(...frozen.map((each) => each?.changedTensors ?? 0))} of ${frozen[0]?.frozenTensors ?? 0}`;
    return [
      name,
      String(runs[0].epochs),
      formatPercent(mean(runs.map(({ seed }) => trainingAccuracy(name, seed)))),
      formatPercent(mean(accuracies)),
      `${formatPercent(Math.min(...accuracies))} to ${formatPercent(Math.max(...accuracies))}`,
      `${formatPercent(low)} to ${formatPercent(high)}`,
      formatDuration(seconds[Math.floor(seconds.length / 2)]),
      proof,
    ];
  });
  const head = [
    'recipe',
    'epochs',
    'training accuracy, mean',
    'test accuracy, mean',
    'least to most of the seeds',
    '95 %, seeds pooled',
    'time, median',
    'frozen tensors that changed',
  ];
  const table = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const first = Object.entries(results).map(([name, runs]) => ({ name, correct: runs[0].correct }));
  const verdicts = compareModels(first)
    .filter(({ a }) => a === first[0].name)
    .map(({ verdict }) => `- ${verdict}`);
  const loads = Object.values(results).flatMap((runs) => runs.map(({ load }) => load));
  const seeds = Object.values(results)[0].map(({ seed }) => seed);
  const machine = `${cpus().length} cores, ${Math.round(totalmem() / 1e9)} GB, ${process.platform} ${process.arch}, Node.js ${process.versions.node}`;
  const page = `# Experiments

\`node scripts/experiments.mjs --model ${model} --data ${data} --jobs ${jobs} --title "${title}"\` wrote this page on
${new Date().toISOString().slice(0, 10)} (${machine}, ${Object.values(results)[0][0].engine} engine).

${title}: ${images} images in ${classes} classes to train on, a fifth of them held out for validation, and
${Object.values(results)[0][0].n} others to test on. Every recipe has the same head, batches of 16, augmentation, Adam, and
batch normalization with constant statistics (from scratch: adapting ones); only blocks, rates and phases differ. Seeds
${seeds.join(', ')}: each draws another split, head and order. The accuracy is that of the epoch with the least validation loss.

${table}

Training accuracy is that of the last epoch, on varied images and with dropout. Where random weights train, test accuracy
also hangs on batch normalization: its statistics move by what the momentum of the architecture leaves, 0.1 % a step at
0.999, and a few hundred steps leave them near where they began, while training uses those of the batch.

The seeds share their test images, so the pooled interval is narrower than it would be with others; read it beside the range
of the seeds. Times are of a whole run, reading, caching and the freeze proof included, on the wall clock: the load average
of the machine was ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}, and one run alone makes it 1.

## Compared with the head alone

On the same test images, seed ${seeds[0]}, by McNemar's test with Holm's adjustment for all pairs:

${verdicts.join('\n')}
`;
  writeFileSync(REPORT, await format(page, { parser: 'markdown', printWidth: 120 }));
}

async function main() {
  const options = {
    model: { type: 'string' },
    data: { type: 'string' },
    seeds: { type: 'string', default: '3' },
    jobs: { type: 'string', default: '1' },
    title: { type: 'string', default: 'Photographs' },
    fresh: { type: 'boolean', default: false },
  };
  const { values } = parseArgs({ options });
  if (!values.model || !values.data) throw new Error('--model and --data are needed; see the head of the script.');
  if (values.fresh) rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  if (!(await installIfNeeded()) || (await runNode('esbuild.mjs')) !== 0) return 1;
  const [model, data] = [resolve(values.model), resolve(values.data)];
  const base = await basePlan(model, join(data, 'train'));
  const results = readResults();
  const plans = Object.entries(await recipes(base));
  // Every recipe once before any a second time: what is there after a while can be compared.
  const waiting = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1)
    .flatMap((seed) => plans.map(([title, plan]) => ({ title, plan, seed })))
    .filter(({ title, seed }) => !results[title]?.some((run) => run.seed === seed));
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { title, plan, seed } = next;
      const result = await experiment(title, plan, seed, data);
      results[title] = [...(results[title] ?? []), result].sort((a, b) => a.seed - b.seed);
      writeFileSync(RESULTS, JSON.stringify(results));
      console.log(
        `${title}, seed ${seed}: ${(100 * share(result.correct)).toFixed(1)} %, ${result.seconds.toFixed(0)} s`,
      );
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, work));
  const { images, classes } = await thaw('data', join(data, 'train'));
  const used = plans.map(([title]) => [title, results[title].filter(({ seed }) => seed <= Number(values.seeds))]);
  await report(Object.fromEntries(used), { ...values, images, classes: classes.length });
  console.log('Written to docs/experiments.md.');
  return 0;
}

requireNode();
try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
