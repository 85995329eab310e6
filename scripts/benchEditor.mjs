/**
 * npm run bench:editor: what the plan editor costs in the real VS Code, which runs in a browser: redraws of its charts,
 * freeze toggles, the extension host while a plan trains, the way of an epoch to the charts, and activation. Prints a
 * table and writes its section of docs/performance.md.
 *
 *   npm run bench:editor -- [--quick] [--part redraw|toggle|training|comparing|activation ...] [--profile]
 *
 * With --quick or --part it writes nothing. Where a goal is missed, or with --profile, it also tells where the time goes.
 */
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleProgram, runForJson } from './lib/benchProgram.mjs';
import { provisionBrowser, provisionServer } from './lib/editor.mjs';
import { importTypeScript } from './lib/importTypeScript.mjs';
import { machine, printTable, today, writeSection } from './lib/performanceReport.mjs';
import { requireNode, root, runNode } from './lib/project.mjs';

const FOLDER = join(root, 'build', 'bench-editor');
const WORKSPACE = join(FOLDER, 'workspace');
const PREPARE = join(FOLDER, 'prepare.mjs');
const WASM_FOLDER = join(root, 'node_modules', '@tensorflow', 'tfjs-backend-wasm', 'dist');

/** The programs of VS Code, or null where this machine cannot provide a part; the reason has been printed. */
async function provision() {
  const { missing: noBrowser } = await provisionBrowser();
  const { server, missing: noServer } = await provisionServer();
  const missing = [noBrowser, noServer].filter((each) => each !== null);
  for (const { part, reason, command } of missing) console.error(`Not available: ${part}: ${reason}\n  ${command}`);
  return missing.length > 0 ? null : server;
}

/** Writes the workspace and returns the names of its runs. */
async function prepare() {
  await bundleProgram('bench/editor/prepare.ts', PREPARE);
  return runForJson(process.execPath, [PREPARE, WORKSPACE, join(root, 'media'), WASM_FOLDER]);
}

function printProfiles(measured, goals) {
  for (const { subject, profile, note } of measured) {
    if (note !== null) console.log(`\n${goals[subject].name}: ${note}`);
    if (profile.length > 0) console.log(`\n${goals[subject].name}: where the time goes`);
    for (const { name, milliseconds } of profile) console.log(`${milliseconds.toFixed(2).padStart(9)} ms  ${name}`);
  }
}

/** Builds Thaw with the names of functions for the profiles, or as it is packed. */
async function build({ packed }) {
  const code = await runNode('esbuild.mjs', packed ? ['--production'] : []);
  if (code !== 0) throw new Error('The programs cannot be built.');
}

/** Measures a part, and once more with a profile where a goal is missed. */
async function measure(part, session, runs, { repetitions, profileAll }) {
  const { measurePart } = await importTypeScript('bench/editor/measureAll.ts');
  const { isMet } = await importTypeScript('bench/editor/report.ts');
  console.log(part);
  if (part === 'activation') await build({ packed: true });
  const measured = await measurePart(part, session, runs, repetitions, false);
  if (!profileAll && measured.every(isMet)) return measured;
  const profiled = await measurePart(part, session, runs, repetitions, true);
  return measured.map((each, index) =>
    profileAll || !isMet(each) ? { ...each, profile: profiled[index].profile } : each,
  );
}

/** @returns {Promise<number>} exit code */
async function bench({ quick = false, part: chosen, profile: profileAll = false }) {
  const { FULL, PARTS, QUICK } = await importTypeScript('bench/editor/measureAll.ts');
  const { GOALS, renderReport, RESULT_HEAD, resultRows } = await importTypeScript('bench/editor/report.ts');
  const { startSession } = await importTypeScript('bench/editor/session.ts');
  const unknown = chosen?.find((each) => !PARTS.includes(each));
  if (unknown !== undefined) throw new Error(`There is no part "${unknown}": ${PARTS.join(', ')}.`);
  const [before] = loadavg();
  const programs = await provision();
  if (!programs) return 1;
  await build({ packed: false });
  const runs = await prepare();
  const session = await startSession(root, programs, WORKSPACE, join(FOLDER, 'probe'));
  try {
    const measured = [];
    const options = { repetitions: quick ? QUICK : FULL, profileAll };
    for (const part of chosen ?? PARTS) measured.push(...(await measure(part, session, runs, options)));
    console.log('');
    printTable(RESULT_HEAD, resultRows(measured));
    printProfiles(measured, GOALS);
    if (quick || chosen) {
      console.log('\ndocs/performance.md is left as it is.');
      return 0;
    }
    const load = { before, after: loadavg()[0] };
    const benchmark = { date: today(), load, machine: machine(), versions: session.versions, measured };
    await writeSection('editor', renderReport(benchmark));
    console.log('\nWritten to docs/performance.md.');
    return 0;
  } finally {
    await session.stop();
    await build({ packed: false });
  }
}

requireNode();
try {
  const options = {
    quick: { type: 'boolean' },
    part: { type: 'string', multiple: true },
    profile: { type: 'boolean' },
  };
  process.exitCode = await bench(parseArgs({ options }).values);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
