/**
 * npm run bench: speed and memory of training MobileNetV2 1.0 on this machine, beside Keras where it is installed.
 * Prints a table and writes its section of docs/performance.md.
 *
 *   npm run bench -- [--quick] [--rounds N] [--profile]
 *
 * THAW_BENCH_PYTHON names a Python that has TensorFlow and Keras; default: python3 on the path.
 */
import { mkdir } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleProgram, runForJson } from './lib/benchProgram.mjs';
import { importTypeScript } from './lib/importTypeScript.mjs';
import { machine, printTable, today, writeSection } from './lib/performanceReport.mjs';
import { requireNode, root } from './lib/project.mjs';

const FOLDER = join(root, 'build', 'bench');
const PROGRAM = join(FOLDER, 'main.mjs');
const WASM_FOLDER = join(root, 'node_modules', '@tensorflow', 'tfjs-backend-wasm', 'dist');
const PEER = join(root, 'bench', 'peer.py');
const PYTHON = process.env.THAW_BENCH_PYTHON ?? (process.platform === 'win32' ? 'python' : 'python3');

/** Repetitions of each stage in a round. */
const REPETITIONS = { forward: 8, head: 5, lastBlock: 8, all: 5 };
const QUICK_REPETITIONS = { forward: 3, head: 3, lastBlock: 3, all: 2 };
const ROUNDS = 3;

/** Beyond it the two sides do not compute the same. */
const LARGEST_DISAGREEMENT = 1e-3;

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
  await bundleProgram('bench/main.ts', PROGRAM);
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
  const python = peer?.python ?? null;
  const benchmark = { date: today(), load, machine: machine(), python, repetitions, rounds, profiles };
  console.log('');
  printTable(['stage', 'Thaw', 'Keras', 'ratio', 'goal', ''], resultRows(benchmark));
  printProfiles(profiles);
  if (quick) {
    console.log('\nA quick run: docs/performance.md is left as it is.');
    return;
  }
  await writeSection('training', renderReport(benchmark));
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
