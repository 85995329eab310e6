/**
 * Whether training stays within its memory: trains all layers of MobileNetV2 1.0 (224 x 224) and InceptionV3 (299 x 299) at
 * batch 32 under a limit and prints the predicted and the measured peak. Exits with 1 where the limit is passed.
 *
 *   node scripts/memory.mjs [--network mobileNetV2|inceptionV3] [--memory MEGABYTES] [--engine portable|native]
 *
 * Takes minutes: InceptionV3 trains an epoch of 64 images. Build first: npm run build.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleProgram, runForJson } from './lib/benchProgram.mjs';
import { requireNode, root } from './lib/project.mjs';
import { runLines } from './lib/runLines.mjs';

const FOLDER = join(root, 'build', 'memory');
const WASM_FOLDER = join(root, 'node_modules', '@tensorflow', 'tfjs-backend-wasm', 'dist');
const CLI = join(root, 'dist', 'cli.js');
const NETWORKS = ['mobileNetV2', 'inceptionV3'];

async function measure(name, program, { memory, engine }) {
  const folder = join(FOLDER, name);
  await rm(folder, { recursive: true, force: true });
  await runForJson(process.execPath, [program, name, folder, WASM_FOLDER]);
  const options = ['--memory', memory, '--engine', engine, '--json'];
  const environment = { ...process.env, THAW_CACHE_DIR: join(FOLDER, 'cache') };
  const thaw = (...args) => runLines(process.execPath, [CLI, ...args, ...options], { cwd: folder, env: environment });
  const [{ cost }] = await thaw('check', 'all.finetune.json');
  const lines = await thaw('train', 'all.finetune.json', '--run', 'run');
  const { microBatch } = lines.find(({ event }) => event === 'phase');
  const peak = lines.at(-1).peakMemoryBytes;
  const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(2)} GB`;
  const within = peak <= memory * 1e6;
  console.log(
    `${name}, ${engine}: ${microBatch} of 32 images at a time, predicted ${gigabytes(cost.memoryBytes)}, measured ${gigabytes(peak)}, ratio ${(cost.memoryBytes / peak).toFixed(2)}, ${within ? 'within' : 'over'} ${memory} MB`,
  );
  return within;
}

requireNode();
try {
  const text = { type: 'string' };
  const {
    network,
    memory = '4000',
    engine = 'portable',
  } = parseArgs({
    options: { network: text, memory: text, engine: text },
  }).values;
  await mkdir(FOLDER, { recursive: true });
  const program = join(FOLDER, 'memoryProject.mjs');
  await bundleProgram('bench/memoryProject.ts', program);
  for (const name of network === undefined ? NETWORKS : [network]) {
    if (!(await measure(name, program, { memory, engine }))) process.exitCode = 1;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
