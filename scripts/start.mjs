/**
 * npm start: installs and builds what is missing, then opens the sample project in VS Code with Thaw in it: the desktop
 * one where there is one and a display, otherwise one for the browser.
 *
 *   npm start -- --no-open    only prints the address of the one for the browser
 *   npm start -- --browser    never the desktop one
 *   npm start -- --port 8080  the address has this port instead of a free one
 *   npm start -- --headless   trains the sample project in this terminal; other arguments go on to `thaw train`
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { importTypeScript } from './lib/importTypeScript.mjs';
import { openInEditor } from './lib/openSample.mjs';
import { installIfNeeded, requireNode, root, runNode } from './lib/project.mjs';

const SAMPLE = join(root, 'build', 'sample');
const PLAN = 'digits-few.finetune.json';
const CLI = join(root, 'dist', 'cli.js');

/** Programs in dist/, and what they are made of. */
const BUILT = ['cli.js', 'trainer.js', 'extension.cjs', 'webview.js'];
const SOURCES = ['src', 'webview', 'esbuild.mjs', 'package-lock.json'];
const EDITOR_OPTIONS = ['--no-open', '--browser', '--port'];

function newestChange(path) {
  const entry = statSync(path);
  if (!entry.isDirectory()) return entry.mtimeMs;
  return Math.max(entry.mtimeMs, ...readdirSync(path).map((name) => newestChange(join(path, name))));
}

async function buildIfNeeded() {
  const sources = Math.max(...SOURCES.map((path) => newestChange(join(root, path))));
  const built = BUILT.map((name) => statSync(join(root, 'dist', name), { throwIfNoEntry: false })?.mtimeMs ?? 0);
  if (Math.min(...built) >= sources) return true;
  return (await runNode('esbuild.mjs')) === 0;
}

async function unpack() {
  const { unpackSample } = await importTypeScript('src/node/sampleProject.ts');
  return unpackSample(join(root, 'media'), SAMPLE);
}

async function trainSample(args) {
  const plan = (await unpack()).find((path) => path.endsWith(PLAN));
  if (plan === undefined) throw new Error(`The sample project has no ${PLAN}.`);
  return runNode(CLI, ['train', plan, ...args]);
}

async function openSample(args) {
  const port = editorPort(args);
  await unpack();
  return openInEditor(SAMPLE, { open: !args.includes('--no-open'), inBrowser: args.includes('--browser'), port });
}

/** @throws {Error} about an argument that nobody understands */
function editorPort(args) {
  const at = args.indexOf('--port');
  const value = at < 0 ? undefined : args[at + 1];
  const rest = at < 0 ? args : args.filter((_, index) => index !== at + 1);
  const unknown = rest.find((arg) => !EDITOR_OPTIONS.includes(arg));
  if (unknown !== undefined) throw new Error(`Unknown argument ${unknown}. Options of the training need --headless.`);
  if (at < 0) return 0;
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new Error('--port needs a number from 1 to 65535.');
  return port;
}

async function start(args) {
  if (!(await installIfNeeded())) return 1;
  if (!(await buildIfNeeded())) {
    console.error('The build failed; the lines above say where.');
    return 1;
  }
  if (!args.includes('--headless')) return openSample(args);
  return trainSample(args.filter((arg) => arg !== '--headless'));
}

requireNode();
try {
  process.exitCode = await start(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
