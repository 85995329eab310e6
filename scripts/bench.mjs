/**
 * npm run bench: speed and memory of training MobileNetV2 1.0 on this machine, beside Keras where it is installed.
 * Prints a table and writes docs/performance.md.
 *
 *   npm run bench -- [--quick] [--rounds N] [--profile]
 *
 * THAW_BENCH_PYTHON names a Python that has TensorFlow and Keras; default: python3 on the path.
 */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { format } from 'prettier';
import { importTypeScript } from './lib/importTypeScript.mjs';
import { requireNode, root } from './lib/project.mjs';

const FOLDER = join(root, 'build', 'bench');
const PROGRAM = join(FOLDER, 'main.mjs');
const WASM_FOLDER = join(root, 'node_modules', '@tensorflow', 'tfjs-backend-wasm', 'dist');
const PEER = join(root, 'bench', 'peer.py');
const REPORT = join(root, 'docs', 'performance.md');
const PYTHON = process.env.THAW_BENCH_PYTHON ?? (process.platform === 'win32' ? 'python' : 'python3');

/** Repetitions of each stage in a round. */
const REPETITIONS = { forward: 8, head: 5, lastBlock: 8, all: 5 };
const QUICK_REPETITIONS = { forward: 3, head: 3, lastBlock: 3, all: 2 };
const ROUNDS = 3;

/** Beyond it the two sides do not compute the same. */
const LARGEST_DISAGREEMENT = 1e-3;

/** TensorFlow.js is CommonJS inside. */
const COMMON_JS_NAMES = [
  "import { createRequire as benchCreateRequire } from 'node:module';",
  "import { fileURLToPath as benchFileURLToPath } from 'node:url';",
  'const require = benchCreateRequire(import.meta.url);',
  'const __filename = benchFileURLToPath(import.meta.url);',
  "const __dirname = benchFileURLToPath(new URL('.', import.meta.url));",
].join('\n');

function bundleProgram() {
  return build({
    absWorkingDir: root,
    entryPoints: ['bench/main.ts'],
    outfile: PROGRAM,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    external: ['sharp'],
    banner: { js: COMMON_JS_NAMES },
    logLevel: 'warning',
  });
}

/** Runs a program and returns the JSON in the last line of its output. Rejects with what it printed when it fails. */
function runForJson(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let [output, errors] = ['', ''];
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (errors += data));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) return reject(new Error(errors.trim() || `it ended with code ${code}`));
      return resolve(JSON.parse(output.trim().split('\n').at(-1)));
    });
  });
}

/** Versions of the peer, or null where it is not installed; then says how to get it. */
async function findPeer() {
  try {
    return await runForJson(PYTHON, [PEER, 'version']);
  } catch {
    console.log(
      [
        'Keras is not installed here, so only Thaw is measured. To compare, from any folder outside of this one:',
        '  python3 -m venv peer && peer/bin/pip install tensorflow-cpu keras',
        '  THAW_BENCH_PYTHON=<that folder>/peer/bin/python npm run bench',
        '',
      ].join('\n'),
    );
    return null;
  }
}

const measureOurs = (stage, repetitions, ...rest) =>
  runForJson(process.execPath, [PROGRAM, stage, FOLDER, WASM_FOLDER, repetitions, ...rest].map(String));
const measurePeer = (stage, repetitions) => runForJson(PYTHON, [PEER, stage, FOLDER, String(repetitions)]);

function say(side, { stage, milliseconds, peakBytes }) {
  const least = Math.min(...milliseconds);
  const digits = least < 1 ? 3 : 1;
  const text = `${least.toFixed(digits).padStart(8)} ms/image, peak ${(peakBytes / 1e9).toFixed(2)} GB`;
  console.log(`  ${side.padEnd(6)}${stage.padEnd(12)}${text}`);
}

/** Every stage on both sides, one after the other, so that what else the machine does hits both alike. */
async function measureRound(repetitions, peer, peerOnly) {
  const round = { ours: [], peer: [] };
  for (const [stage, count] of Object.entries(repetitions)) {
    round.ours.push(await measureOurs(stage, count));
    say('Thaw', round.ours.at(-1));
    if (!peer) continue;
    round.peer.push(await measurePeer(stage, count));
    say('Keras', round.peer.at(-1));
  }
  if (peer) {
    round.peer.push(await measurePeer(peerOnly, repetitions.all));
    say('Keras', round.peer.at(-1));
  }
  return round;
}

async function profile(stages, repetitions) {
  const profiles = {};
  for (const stage of stages) {
    const { profile: kernels } = await measureOurs(stage, repetitions[stage], 'profile');
    profiles[stage] = kernels;
  }
  return profiles;
}

function printTable(head, rows) {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((cells) => cells[column].length)));
  for (const cells of [head, ...rows]) {
    console.log(cells.map((cell, column) => cell.padEnd(widths[column])).join('   '));
  }
}

function printProfiles(profiles) {
  for (const [stage, kernels] of Object.entries(profiles)) {
    console.log(`\n${stage}: where the time goes`);
    for (const { kernel, milliseconds, share } of kernels.filter((each) => each.share >= 0.01)) {
      console.log(`  ${(100 * share).toFixed(1).padStart(5)} % ${milliseconds.toFixed(1).padStart(8)} ms  ${kernel}`);
    }
  }
}

async function bench({ quick, rounds: wanted, profile: profileAll }) {
  const { disagreement, missedStages, renderReport, resultRows } = await importTypeScript('bench/report.ts');
  const { PEER_ONLY, STAGES } = await importTypeScript('bench/measurement.ts');
  const repetitions = quick ? QUICK_REPETITIONS : REPETITIONS;
  const count = wanted === undefined ? (quick ? 1 : ROUNDS) : Number(wanted);
  if (!Number.isInteger(count) || count < 1) throw new Error('--rounds takes a number of at least 1.');
  await mkdir(FOLDER, { recursive: true });
  await bundleProgram();
  const peer = await findPeer();
  await runForJson(process.execPath, [PROGRAM, 'prepare', FOLDER, WASM_FOLDER]);

  const [load] = loadavg();
  const rounds = [];
  for (let round = 1; round <= count; round++) {
    console.log(`round ${round} of ${count}`);
    rounds.push(await measureRound(repetitions, peer, PEER_ONLY));
  }
  const difference = disagreement(rounds);
  if (difference > LARGEST_DISAGREEMENT) {
    throw new Error(`The two sides do not compute the same: their results differ by ${difference.toPrecision(2)}.`);
  }
  const profiles = await profile(profileAll ? STAGES : missedStages(rounds), repetitions);
  const machine = {
    processor: cpus()[0].model.trim(),
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    python: peer?.python ?? null,
  };
  const date = new Date().toISOString().slice(0, 10);
  const benchmark = { date, load, machine, repetitions, rounds, profiles };
  console.log('');
  printTable(['stage', 'Thaw', 'Keras', 'ratio', 'goal', ''], resultRows(benchmark));
  printProfiles(profiles);
  if (quick) {
    console.log('\nA quick run: docs/performance.md is left as it is.');
    return;
  }
  await writeFile(REPORT, await format(renderReport(benchmark), { parser: 'markdown', printWidth: 120 }));
  console.log('\nWritten to docs/performance.md.');
}

requireNode();
try {
  const options = { quick: { type: 'boolean' }, rounds: { type: 'string' }, profile: { type: 'boolean' } };
  await bench(parseArgs({ options }).values);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
