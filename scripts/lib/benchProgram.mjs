import { spawn } from 'node:child_process';
import { build } from 'esbuild';
import { BUNDLE_ALIASES } from './bundleAliases.mjs';
import { root } from './project.mjs';

/** TensorFlow.js is CommonJS inside. */
const COMMON_JS_NAMES = [
  "import { createRequire as benchCreateRequire } from 'node:module';",
  "import { fileURLToPath as benchFileURLToPath } from 'node:url';",
  'const require = benchCreateRequire(import.meta.url);',
  'const __filename = benchFileURLToPath(import.meta.url);',
  "const __dirname = benchFileURLToPath(new URL('.', import.meta.url));",
].join('\n');

/**
 * Bundles a program of a benchmark that loads TensorFlow.js.
 *
 * @param {string} entry relative to the root of the project
 * @param {string} outfile
 */
export async function bundleProgram(entry, outfile) {
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    external: ['sharp'],
    alias: BUNDLE_ALIASES,
    banner: { js: COMMON_JS_NAMES },
    logLevel: 'warning',
  });
}

/**
 * Runs a program and returns the JSON in the last line of its output. Rejects with what it printed when it fails.
 *
 * @param {string} command
 * @param {string[]} args
 */
export function runForJson(command, args) {
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
