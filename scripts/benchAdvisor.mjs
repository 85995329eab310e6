/**
 * npm run bench:advisor: whether the advice is good. Trains every plan on every task, writes what the advisor's plan loses
 * against the best one, and what fixed policies lose, into its section of docs/advisor.md.
 *
 *   npm run bench:advisor -- [--model FOLDER --photographs FOLDER] [--quick] [--jobs 2] [--seeds 3] [--engine auto]
 *     [--only TEXT] [--anew] [--report]
 *
 * MODEL is MobileNetV2 0.35 without its classifier as a TensorFlow.js LayersModel, PHOTOGRAPHS a folder with train/ and
 * test/; without them only the tasks of the sample network are run. --quick runs every tenth task, --only those whose names
 * hold a text, --report none: it writes what is there. Every cell (a plan on a task with a seed) is kept in
 * bench/advisor/cells.jsonl when it is finished, and a script that was stopped goes on where it was; --anew forgets first what
 * there is of its tasks.
 */
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { listTasks, openSources, PHOTO_SIDE, writeTask } from './advisor/benchTasks.mjs';
import { importTypeScript } from './lib/importTypeScript.mjs';
import { findNativeEngine } from './lib/nativeEngine.mjs';
import { machine, printTable, today, writeAdvisorSection } from './lib/performanceReport.mjs';
import { installIfNeeded, requireNode, root, runNode } from './lib/project.mjs';

const FOLDER = join(root, 'build', 'bench-advisor');
const CELLS = join(root, 'bench', 'advisor', 'cells.jsonl');
const QUICK = 10;
/** Name of the cell that holds what the advisor says. */
const ADVICE = 'advice';

const { Random } = await importTypeScript('src/shared/random.ts');
const { TrainerClient } = await importTypeScript('src/node/trainerClient.ts');
const { packAnswers, unpackAnswers } = await importTypeScript('bench/advisor/answers.ts');
const { candidatePlans, nameOf, triedPlans } = await importTypeScript('bench/advisor/plans.ts');
const { findChallenger } = await importTypeScript('src/shared/challenger.ts');
const { dataBand } = await importTypeScript('src/shared/dataBand.ts');

/** What is finished: cells and pieces of advice. A line that was cut off by an interruption is passed over. */
function readCells() {
  if (!existsSync(CELLS)) return [];
  return readFileSync(CELLS, 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line));
}

/** Forgets what there is of some tasks. */
function forget(tasks) {
  const names = new Set(tasks.map(({ name }) => name));
  const kept = readCells().filter(({ task }) => !names.has(task));
  writeFileSync(CELLS, kept.map((cell) => `${JSON.stringify(cell)}\n`).join(''));
}

/** What of some tasks is finished; the advice of a task says which plans there are. */
function progressOf(cells) {
  const keyOf = (task, seed, plan) => `${task}|${seed}|${plan}`;
  const known = new Map();
  const add = (cell) => known.set(keyOf(cell.task, cell.seed, cell.plan), cell);
  cells.forEach(add);
  const isDone = ({ name }, seed, plan) => known.has(keyOf(name, seed, plan));
  const isFinished = (task, seeds) =>
    seeds.every((seed) => known.get(keyOf(task.name, seed, ADVICE))?.plans.every((plan) => isDone(task, seed, plan)));
  return { add, isDone, isFinished };
}

/** MobileNetV2 for smaller photographs: the same layers and weights, another size of the input. */
function writeNetwork(model) {
  const folder = join(FOLDER, 'network');
  mkdirSync(folder, { recursive: true });
  cpSync(model, folder, { recursive: true });
  const path = join(folder, 'model.json');
  const topology = readFileSync(path, 'utf8');
  const smaller = topology.replaceAll(
    /("batch_?[iI]nput_?[sS]hape":\s*\[null,\s*)\d+,\s*\d+/g,
    `$1${PHOTO_SIDE}, ${PHOTO_SIDE}`,
  );
  if (smaller === topology) throw new Error('The input of the network cannot be made smaller.');
  writeFileSync(path, smaller);
  return folder;
}

/** Works off one task: all plans with all seeds, as far as they are missing. */
class TaskRun {
  constructor(task, { source, model, engine, environment, seeds, isDone, keep }) {
    Object.assign(this, { task, source, model, engine, seeds, isDone, keep });
    this.folder = join(FOLDER, 'tasks', task.name.replaceAll(/\W+/g, '-'));
    this.environment = { ...environment, THAW_CACHE_DIR: join(this.folder, 'cache') };
  }

  async run() {
    const { task, seeds } = this;
    rmSync(this.folder, { recursive: true, force: true });
    this.client = new TrainerClient(join(root, 'dist', 'trainer.js'), { environment: this.environment });
    try {
      await writeTask(join(this.folder, 'test'), task, 'test', { source: this.source, Random });
      for (const seed of seeds) await this.runSeed(seed);
    } finally {
      await this.client.dispose();
      rmSync(this.folder, { recursive: true, force: true });
    }
  }

  request(method, params) {
    return this.client.request(method, { directory: this.folder, engine: this.engine, ...params });
  }

  async runSeed(seed) {
    const data = join(this.folder, `train-${seed}`);
    await writeTask(data, this.task, seed, { source: this.source, Random });
    const { plans, advice } = await this.advise(data, seed);
    if (!this.isDone(this.task, seed, ADVICE)) this.keep({ task: this.task.name, seed, plan: ADVICE, ...advice });
    for (const [name, plan] of Object.entries(plans)) {
      if (!this.isDone(this.task, seed, name)) await this.train(name, plan, seed);
    }
  }

  /** The plan that `thaw init` writes, all others, and what `thaw advise` says. */
  async advise(data, seed) {
    const path = join(this.folder, `advised-${seed}.finetune.json`);
    const { blocks } = await this.request('inspect', { model: this.model });
    const advice = await this.request('advise', { model: this.model, data });
    await this.request('init', { model: this.model, data, output: path, seed });
    const plan = JSON.parse(readFileSync(path, 'utf8'));
    const known = blocks.filter(({ name }) => name in plan.blocks);
    const counts = plan.head.classes.map(() => this.task.perClass);
    const band = dataBand(counts);
    const cut = this.cutOf(advice, known, band);
    const candidates = candidatePlans({ advised: plan, blocks: known, data: band, cut });
    const plans = triedPlans(plan, candidates, band);
    const { similarity, quadrant, challenger } = advice;
    const images = counts.length * this.task.perClass;
    const { bnDistance, band: similarityBand } = similarity;
    return {
      plans,
      advice: {
        ...{ advised: nameOf(plan, candidates), plans: Object.keys(plans), quadrant, images },
        ...{ similarity: { bnDistance, band: similarityBand }, challenger: challenger?.kind ?? null, cut: cut.block },
      },
    };
  }

  /** Where the challenger's head sits, or would sit with few and dissimilar images. */
  cutOf({ similarity }, blocks, data) {
    const points = similarity.depthCurve;
    const peak = points.reduce((best, { accuracy }, place) => (accuracy >= points[best].accuracy ? place : best), 0);
    const curve = points.length > 0 ? { points, images: similarity.images, peak, drop: 0, dropPValue: 1 } : null;
    const input = { data: { ...data, quadrantData: 'low' }, similarity: 'low', similaritySource: 'given', blocks };
    const { headAfter } = findChallenger(input, { borderline: false }, curve);
    const block = blocks.find(({ name }) => name === headAfter);
    return { block: block.name, layer: block.layers.at(-1) };
  }

  async train(name, plan, seed) {
    const run = join(this.folder, 'run');
    rmSync(run, { recursive: true, force: true });
    const path = join(this.folder, `${name}.finetune.json`);
    writeFileSync(path, JSON.stringify(plan));
    const { epochs, seconds, engine } = await this.request('train', { plan: path, run });
    const { accuracy, images } = await this.request('evaluate', { model: run, data: join(this.folder, 'test') });
    const correct = packAnswers(images.map((image) => image.correct));
    const answers = { accuracy, images: images.length, correct };
    this.keep({
      task: this.task.name,
      seed,
      plan: name,
      ...answers,
      epochs,
      seconds: Number(seconds.toFixed(1)),
      engine,
    });
  }
}

async function measure(tasks, { model, photographs, jobs, seeds, engine }) {
  const native = await findNativeEngine();
  const environment = { THAW_THREADS: '1', ...(native ? { THAW_ENGINE_DIR: native.directory } : {}) };
  const openSource = openSources({ photographFolder: photographs, Random });
  const network = model ? writeNetwork(model) : null;
  const progress = progressOf(readCells());
  const { isDone } = progress;
  const keep = (cell) => {
    appendFileSync(CELLS, `${JSON.stringify(cell)}\n`);
    progress.add(cell);
    const { task, seed, plan, accuracy, seconds } = cell;
    const trained = plan === ADVICE ? [] : [`${(100 * accuracy).toFixed(1)} %`, `${seconds.toFixed(1)} s`];
    console.log([task, `seed ${seed}`, plan, ...trained].join(', '));
  };
  const waiting = tasks.filter((task) => !progress.isFinished(task, seeds));
  const work = async () => {
    for (let task = waiting.shift(); task; task = waiting.shift()) {
      const settings = { model: task.network === 'digits' ? 'digits_backbone' : network, engine, environment, seeds };
      try {
        await new TaskRun(task, { ...settings, source: await openSource(task), isDone, keep }).run();
      } catch (error) {
        console.error(`${task.name}: ${error instanceof Error ? error.message : String(error)}`);
        process.exitCode = 1;
      }
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

async function report(planned, seeds, command) {
  const { judgeTask, renderAdvisorReport, TASK_HEAD, taskRows } = await importTypeScript('bench/advisor/report.ts');
  const cells = readCells().filter(({ seed }) => seeds.includes(seed));
  const { isFinished } = progressOf(cells);
  const finished = planned.filter((task) => isFinished(task, seeds));
  const results = finished.map(({ name, half }) => {
    const own = cells.filter(({ task }) => task === name);
    const trained = own.filter(({ plan }) => plan !== ADVICE);
    return judgeTask({
      ...{ name, half },
      cells: trained.map((cell) => ({ ...cell, correct: unpackAnswers(cell.correct, cell.images) })),
      advice: own.filter(({ plan }) => plan === ADVICE),
    });
  });
  printTable(
    TASK_HEAD.slice(0, 7),
    taskRows(results).map((row) => row.slice(0, 7)),
  );
  const text = renderAdvisorReport({
    ...{ date: today(), machine: machine(), command, seeds, results },
    planned: planned.length,
  });
  await writeAdvisorSection(text);
  console.log('\nWritten to docs/advisor.md.');
}

requireNode();
try {
  const string = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  const options = {
    ...{ model: string, photographs: string, only: string, quick: flag, anew: flag, report: flag },
    jobs: { ...string, default: '2' },
    seeds: { ...string, default: '3' },
    engine: { ...string, default: 'auto' },
  };
  const { values } = parseArgs({ options });
  if ((values.model === undefined) !== (values.photographs === undefined)) {
    throw new Error('--model and --photographs go together.');
  }
  const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1);
  const all = listTasks(values.model !== undefined);
  const tasks = values.quick ? all.filter((_, index) => index % QUICK === 0) : all;
  mkdirSync(FOLDER, { recursive: true });
  if (!values.report) {
    await installIfNeeded();
    if ((await runNode('esbuild.mjs')) !== 0) throw new Error('The programs cannot be built.');
    const [model, photographs] = [values.model, values.photographs].map((path) => path && resolve(path));
    const { only = '' } = values;
    const chosen = tasks.filter(({ name }) => name.includes(only));
    if (values.anew) forget(chosen);
    await measure(chosen, { ...values, model, photographs, jobs: Number(values.jobs), seeds });
  }
  const command = ['npm run bench:advisor', process.argv.slice(2).length > 0 ? '--' : '', ...process.argv.slice(2)];
  await report(tasks, seeds, command.filter((part) => part && part !== '--report').join(' '));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
