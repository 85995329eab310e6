/**
 * npm run bench:job: the whole job from images on disk to an evaluated model, on both engines, with an empty and with a
 * filled cache of features, beside Keras where it is installed. Prints a table and writes its section of docs/performance.md.
 *
 *   npm run bench:job -- --model FOLDER --data FOLDER [--rounds 5] [--growth]
 *
 * MODEL is MobileNetV2 0.35 without its classifier as a TensorFlow.js LayersModel, DATA a folder with train/ and test/.
 * --growth measures the job on 100, 1,000 and 10,000 generated images as well. THAW_BENCH_PYTHON names a Python with Keras.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { bundleProgram, runForJson } from './lib/benchProgram.mjs';
import { importTypeScript } from './lib/importTypeScript.mjs';
import { findNativeEngine } from './lib/nativeEngine.mjs';
import { machine, printTable, today, writeSection } from './lib/performanceReport.mjs';
import { installIfNeeded, requireNode, root, runNode } from './lib/project.mjs';

const FOLDER = join(root, 'build', 'bench-job');
const FILES = join(FOLDER, 'jobFiles.mjs');
const CLI = join(root, 'dist', 'cli.js');
const PEER = join(root, 'bench', 'job.py');
const PYTHON = process.env.THAW_BENCH_PYTHON ?? (process.platform === 'win32' ? 'python' : 'python3');
const EPOCHS = 10;
const CLASSES = 12;
const SIZES = [100, 1000, 10_000];

/** Runs the command line and returns its last line of JSON. */
async function thaw(environment, ...args) {
  const child = spawn(process.execPath, [CLI, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (code !== 0) throw new Error(`thaw ${args.join(' ')} ended with code ${code}: ${stderr.trim()}`);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

/** A plan that trains only a head, for ten epochs. */
async function writePlan(name, model, data) {
  const path = join(FOLDER, `${name}.finetune.json`);
  rmSync(path, { force: true });
  await thaw({}, 'init', '--model', model, '--data', data, '-o', path, '--similarity', 'high');
  const plan = JSON.parse(readFileSync(path, 'utf8'));
  const headOnly = {
    ...plan,
    ...{ blocks: {}, phases: [{ name: 'head', epochs: EPOCHS, unfreeze: [] }], augment: 'none', batchSize: 16 },
    ...{ earlyStopping: null, head: { ...plan.head, dropout: 0.2 } },
  };
  writeFileSync(path, JSON.stringify(headOnly, null, 2));
  return path;
}

/** Trains and evaluates once, both in processes of their own, and times them together. */
async function job(engine, cache, plan, test) {
  const run = join(FOLDER, 'run');
  rmSync(run, { recursive: true, force: true });
  const environment = { ...engine.environment, THAW_CACHE_DIR: cache };
  const options = ['--engine', engine.name, '--quiet'];
  const started = performance.now();
  const trained = await thaw(environment, 'train', plan, '--run', run, ...options);
  const judged = await thaw(environment, 'evaluate', run, ...(test ? ['--data', test] : []), ...options);
  return {
    seconds: (performance.now() - started) / 1000,
    peakBytes: trained.peakMemoryBytes,
    n: judged.n,
    right: Math.round(judged.accuracy * judged.n),
  };
}

async function peerJob(weights, data) {
  const started = performance.now();
  const result = await runForJson(PYTHON, [PEER, weights, data, String(EPOCHS)]);
  return { ...result, seconds: (performance.now() - started) / 1000 };
}

/** Versions of the peer, or null where it is not installed. */
const findPeer = () => runForJson(PYTHON, [join(root, 'bench', 'peer.py'), 'version']).catch(() => null);

async function engines() {
  const native = await findNativeEngine();
  if (!native) console.log('The native engine is not installed, so it is not measured.');
  const found = native ? [{ name: 'native', environment: { THAW_ENGINE_DIR: native.directory } }] : [];
  return [...found, { name: 'portable', environment: {} }];
}

function say(way, { seconds }) {
  console.log(`  ${way.padEnd(15)}${seconds.toFixed(1).padStart(7)} s`);
}

/** Every engine with an empty cache and then with what that has left. */
async function coldAndWarm(engine, plan, test, hear) {
  const cache = join(FOLDER, 'cache');
  rmSync(cache, { recursive: true, force: true });
  for (const state of ['cold', 'warm']) hear(`${engine.name} ${state}`, await job(engine, cache, plan, test));
}

async function measureGrowth(model, sides) {
  const growth = [];
  for (const images of SIZES) {
    console.log(`${images} images`);
    const folder = join(FOLDER, `images-${images}`);
    if (!existsSync(folder)) await runForJson(process.execPath, [FILES, 'images', folder, String(images), '12']);
    const plan = await writePlan(`growth-${images}`, model, folder);
    for (const engine of sides) {
      await coldAndWarm(engine, plan, null, (way, { seconds }) => {
        growth.push({ images, way, seconds });
        say(way, { seconds });
      });
    }
  }
  return growth;
}

function countImages(folder) {
  return readdirSync(folder).reduce((sum, name) => sum + readdirSync(join(folder, name)).length, 0);
}

async function bench({ model, data, rounds: wanted = '5', growth: withGrowth }) {
  if (!model || !data) throw new Error('--model and --data name a network and a folder with train/ and test/.');
  const { JOB_HEAD, jobRows, renderJobReport } = await importTypeScript('bench/jobReport.ts');
  mkdirSync(FOLDER, { recursive: true });
  await bundleProgram('bench/jobFiles.ts', FILES);
  if ((await runNode('esbuild.mjs', ['--production'])) !== 0) throw new Error('The programs cannot be built.');
  const [modelPath, dataPath] = [resolve(model), resolve(data)];
  const weights = join(FOLDER, 'weights.safetensors');
  await runForJson(process.execPath, [FILES, 'weights', modelPath, weights]);
  const plan = await writePlan('job', modelPath, dataPath);
  const [sides, peer] = [await engines(), await findPeer()];
  const versions = [`Node.js ${process.versions.node}`, ...(peer ? [`Python ${peer.python}, ${peer.version}`] : [])];

  const [load] = loadavg();
  const rounds = [];
  for (let round = 1; round <= Number(wanted); round++) {
    console.log(`round ${round} of ${wanted}`);
    const times = {};
    const hear = (way, time) => {
      times[way] = time;
      say(way, time);
    };
    for (const engine of sides) await coldAndWarm(engine, plan, dataPath, hear);
    if (peer) hear('keras', await peerJob(weights, dataPath));
    rounds.push(times);
  }
  const growth = withGrowth ? await measureGrowth(modelPath, sides) : [];
  const [train, test] = ['train', 'test'].map((split) => countImages(join(dataPath, split)));
  const description = `${basename(dataPath)}: ${train} images of ${CLASSES} kinds train and validate a head for ${EPOCHS} epochs on ${basename(modelPath)}, ${test} test it`;
  const benchmark = { date: today(), load, machine: machine(), job: description, versions, rounds, growth };
  printTable(JOB_HEAD, jobRows(benchmark));
  await writeSection('job', renderJobReport(benchmark));
  console.log('\nWritten to docs/performance.md.');
}

requireNode();
try {
  await installIfNeeded();
  const string = { type: 'string' };
  const options = { model: string, data: string, rounds: string, growth: { type: 'boolean' } };
  await bench(parseArgs({ options }).values);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
