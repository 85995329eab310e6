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
import { findNativeEngine } from './lib/nativeEngine.mjs';
import { machine, printTable, today, writeSection } from './lib/performanceReport.mjs';
import { requireNode, root } from './lib/project.mjs';

const FOLDER = join(root, 'build', 'bench');
const PROGRAM = join(FOLDER, 'main.mjs');
const WASM_FOLDER = join(root, 'node_modules', '@tensorflow', 'tfjs-backend-wasm', 'dist');
const PEER = join(root, 'bench', 'peer.py');
const PYTHON = process.env.THAW_BENCH_PYTHON ?? (process.platform === 'win32' ? 'python' : 'python3');

/** Repetitions of each stage in a round. */
const REPETITIONS = { forward: 8, head: 5, lastBlock: 8, lastThird: 5, lastTwoThirds: 5, all: 5 };
const QUICK_REPETITIONS = { forward: 3, head: 3, lastBlock: 3, lastThird: 2, lastTwoThirds: 2, all: 2 };
const ROUNDS = 5;

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

/** The addon of the native engine; null where it is not installed. */
async function findNative() {
  const engine = await findNativeEngine();
  if (!engine) console.log('The native engine is not installed, so it is not measured: thaw engine install\n');
  return engine?.binding ?? null;
}

const measureOurs = (files, stage, repetitions, ...rest) =>
  runForJson(process.execPath, [PROGRAM, stage, FOLDER, files, repetitions, ...rest].map(String));
const measurePeer = (stage, repetitions) => runForJson(PYTHON, [PEER, stage, FOLDER, String(repetitions)]);

function say(side, { stage, milliseconds, peakBytes }) {
  const least = Math.min(...milliseconds);
  const digits = least < 1 ? 3 : 1;
  const text = `${least.toFixed(digits).padStart(8)} ms/image, peak ${(peakBytes / 1e9).toFixed(2)} GB`;
  console.log(`  ${side.padEnd(9)}${stage.padEnd(15)}${text}`);
}

/** Every stage on all sides, one after the other, so that what else the machine does hits all alike. */
async function measureRound(repetitions, sides, peerOnly) {
  const round = { portable: [], native: [], peer: [] };
  const measure = async (side, stage, count) => {
    round[side].push(await sides[side](stage, count));
    say(side === 'peer' ? 'Keras' : side, round[side].at(-1));
  };
  for (const [stage, count] of Object.entries(repetitions)) {
    for (const side of Object.keys(sides)) await measure(side, stage, count);
  }
  if (sides.peer) await measure('peer', peerOnly, repetitions.all);
  return round;
}

async function profile(stages, repetitions) {
  const profiles = {};
  for (const stage of stages) {
    const { profile: kernels } = await measureOurs(WASM_FOLDER, stage, repetitions[stage], 'profile');
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

/** Throws where two sides do not do the same work. */
function requireAgreement(rounds, disagreement, engines) {
  for (const engine of engines) {
    const difference = disagreement(rounds, engine);
    if (difference > LARGEST_DISAGREEMENT) {
      throw new Error(`${engine} and Keras do not compute the same: results differ by ${difference.toPrecision(2)}.`);
    }
  }
}

async function bench({ quick, rounds: wanted, profile: profileAll }) {
  const { disagreement, measuredEngines, missedStages, renderReport, RESULT_HEAD, resultRows } =
    await importTypeScript('bench/report.ts');
  const { PEER_ONLY, STAGES } = await importTypeScript('bench/measurement.ts');
  const repetitions = quick ? QUICK_REPETITIONS : REPETITIONS;
  const count = wanted === undefined ? (quick ? 1 : ROUNDS) : Number(wanted);
  if (!Number.isInteger(count) || count < 1) throw new Error('--rounds takes a number of at least 1.');
  await mkdir(FOLDER, { recursive: true });
  await bundleProgram('bench/main.ts', PROGRAM);
  const native = await findNative();
  const peer = await findPeer();
  await runForJson(process.execPath, [PROGRAM, 'prepare', FOLDER, WASM_FOLDER]);
  const sides = {
    portable: (...stage) => measureOurs(WASM_FOLDER, ...stage),
    ...(native && { native: (...stage) => measureOurs(native, ...stage) }),
    ...(peer && { peer: measurePeer }),
  };

  const [load] = loadavg();
  const rounds = [];
  for (let round = 1; round <= count; round++) {
    console.log(`round ${round} of ${count}`);
    rounds.push(await measureRound(repetitions, sides, PEER_ONLY));
  }
  requireAgreement(rounds, disagreement, measuredEngines(rounds));
  const profiles = await profile(profileAll ? STAGES : missedStages(rounds, 'portable'), repetitions);
  const python = peer?.python ?? null;
  const benchmark = { date: today(), load, machine: machine(), python, repetitions, rounds, profiles };
  console.log('');
  printTable(RESULT_HEAD, resultRows(benchmark));
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
