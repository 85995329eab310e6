/**
 * npm start: installs and builds what is missing, then fine-tunes the sample project. Arguments other than --headless
 * go on to `thaw train`: `npm start -- --headless --seed 7`.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { importTypeScript } from './lib/importTypeScript.mjs';
import { installIfNeeded, requireNode, root, runNode } from './lib/project.mjs';

const SAMPLE = join(root, 'build', 'sample');
const PLAN = 'digits-few.finetune.json';
const CLI = join(root, 'dist', 'cli.js');

/** What the built programs are made of. */
const SOURCES = ['src', 'esbuild.mjs', 'package-lock.json'];

function newestChange(path) {
  const entry = statSync(path);
  if (!entry.isDirectory()) return entry.mtimeMs;
  return Math.max(entry.mtimeMs, ...readdirSync(path).map((name) => newestChange(join(path, name))));
}

async function buildIfNeeded() {
  const sources = Math.max(...SOURCES.map((path) => newestChange(join(root, path))));
  if (existsSync(CLI) && statSync(CLI).mtimeMs >= sources) return true;
  return (await runNode('esbuild.mjs')) === 0;
}

async function trainSample(args) {
  const { unpackSample } = await importTypeScript('src/node/sampleProject.ts');
  const plan = (await unpackSample(join(root, 'media'), SAMPLE)).find((path) => path.endsWith(PLAN));
  if (plan === undefined) throw new Error(`The sample project has no ${PLAN}.`);
  return runNode(CLI, ['train', plan, ...args]);
}

async function start(args) {
  if (!(await installIfNeeded())) return 1;
  if (!(await buildIfNeeded())) {
    console.error('The build failed; the lines above say where.');
    return 1;
  }
  if (!args.includes('--headless')) {
    console.error(
      'The editor follows in a later version; until then the sample project is trained here in the terminal.',
    );
  }
  return trainSample(args.filter((arg) => arg !== '--headless'));
}

requireNode();
try {
  process.exitCode = await start(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
