/**
 * Builds the programs into dist/, or into another folder of the project.
 *
 *   node esbuild.mjs [--watch] [--production] [--outdir=build/package/universal/dist]
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { context } from 'esbuild';
import { BUNDLE_ALIASES } from './scripts/lib/bundleAliases.mjs';
import { PROGRAMS } from './scripts/lib/programs.mjs';
import { writeThreadedBackend } from './scripts/lib/threadedBackend.mjs';

const root = dirname(fileURLToPath(import.meta.url));
const watch = process.argv.includes('--watch');
const production = process.argv.includes('--production');
const outdir = process.argv.find((arg) => arg.startsWith('--outdir='))?.slice('--outdir='.length) ?? 'dist';

/** Started directly by a shell. */
const EXECUTABLE = 'cli';

/** The extension host loads CommonJS, which in a package of ES modules has an ending of its own. */
const EXTENSION = { in: 'src/extension.ts', out: 'extension' };

/** Native code and what loads it cannot be bundled. */
const EXTERNAL = ['sharp'];

/** Browser code of the plan editor: its script and its style sheet. */
const WEBVIEW = [
  { in: 'webview/main.tsx', out: 'webview' },
  { in: 'webview/style.css', out: 'webview' },
];

const WASM_FOLDER = 'node_modules/@tensorflow/tfjs-backend-wasm/dist';
const WASM_FILES = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm', 'tfjs-backend-wasm-threaded-simd.wasm'];

/** What the native engine is compiled from where no binding is published: C++ sources and the headers of Node-API. */
const NATIVE_SOURCES = {
  binding: { from: 'node_modules/@tensorflow/tfjs-node/binding', files: /\.(cc|h)$/ },
  'node-api': { from: 'node_modules/node-api-headers/include', files: /\.h$/ },
};

/** Bundled CommonJS packages expect these names, which an ES module does not have. */
const COMMON_JS_NAMES = [
  "import { createRequire as thawCreateRequire } from 'node:module';",
  "import { fileURLToPath as thawFileURLToPath } from 'node:url';",
  'const require = thawCreateRequire(import.meta.url);',
  'const thawFilename = thawFileURLToPath(import.meta.url);',
  "const thawDirname = thawFileURLToPath(new URL('.', import.meta.url));",
].join('\n');

const outputFile = (name) => join(root, outdir, `${name}.js`);

/** One context per program, since only the executable one takes a first line for the shell. */
function createContext(name, entry) {
  const hasShebang = readFileSync(join(root, entry), 'utf8').startsWith('#!');
  const shebang = name === EXECUTABLE && !hasShebang ? '#!/usr/bin/env node\n' : '';
  return context({
    absWorkingDir: root,
    entryPoints: { [name]: entry },
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    external: EXTERNAL,
    alias: BUNDLE_ALIASES,
    banner: { js: shebang + COMMON_JS_NAMES },
    define: { __filename: 'thawFilename', __dirname: 'thawDirname' },
    minify: production,
    // Names of classes and functions are read at run time (TensorFlow.js serialization, error names).
    keepNames: production,
    sourcemap: production ? false : 'linked',
    sourcesContent: false,
    logLevel: 'warning',
  });
}

function createExtensionContext() {
  return context({
    absWorkingDir: root,
    entryPoints: [EXTENSION],
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['vscode'],
    alias: BUNDLE_ALIASES,
    // Whoever asks for this global of browsers in the extension host is written into its log as out of date: zod does.
    define: { navigator: 'undefined' },
    minify: production,
    keepNames: production,
    sourcemap: production ? false : 'linked',
    sourcesContent: false,
    logLevel: 'warning',
  });
}

function createWebviewContext() {
  return context({
    absWorkingDir: root,
    entryPoints: WEBVIEW,
    outdir,
    bundle: true,
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    alias: BUNDLE_ALIASES,
    minify: production,
    sourcemap: production ? false : 'linked',
    sourcesContent: false,
    logLevel: 'warning',
  });
}

function copyWasmFiles() {
  mkdirSync(join(root, outdir), { recursive: true });
  for (const file of WASM_FILES) copyFileSync(join(root, WASM_FOLDER, file), join(root, outdir, file));
}

/** tfjs-node is an optional dependency: without it the engine cannot be compiled, and everything else works. */
function copyNativeSources() {
  for (const [name, { from, files }] of Object.entries(NATIVE_SOURCES)) {
    const source = join(root, from);
    const target = join(root, outdir, 'native-sources', name);
    mkdirSync(target, { recursive: true });
    for (const file of existsSync(source) ? readdirSync(source) : []) {
      if (files.test(file)) copyFileSync(join(source, file), join(target, file));
    }
  }
}

/** Builds all programs once. Returns false when one has errors, which esbuild has printed. */
async function build(contexts) {
  const results = await Promise.allSettled(contexts.map((each) => each.rebuild()));
  if (existsSync(outputFile(EXECUTABLE))) chmodSync(outputFile(EXECUTABLE), 0o755);
  return results.every(({ status }) => status === 'fulfilled');
}

const started = performance.now();
const present = Object.entries(PROGRAMS).filter(([, entry]) => existsSync(join(root, entry)));
copyWasmFiles();
writeThreadedBackend(join(root, outdir));
copyNativeSources();
const contexts = await Promise.all([
  ...present.map(([name, entry]) => createContext(name, entry)),
  createExtensionContext(),
  createWebviewContext(),
]);
const built = await build(contexts);
const names = [...present.map(([name]) => name), 'extension', 'webview'].join(', ');
if (built) console.log(`Built ${names} in ${((performance.now() - started) / 1000).toFixed(1)} s`);

if (watch) {
  await Promise.all(contexts.map((each) => each.watch()));
} else {
  await Promise.all(contexts.map((each) => each.dispose()));
  if (!built) process.exitCode = 1;
}
