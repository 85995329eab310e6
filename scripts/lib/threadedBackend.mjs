import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const FROM = '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd';

/** What is changed in the loader of TensorFlow.js, each found exactly once; `Module` is what the caller hands over. */
const CHANGES = [
  // Eight workers are started otherwise, whatever number is asked for.
  ['var pthreadPoolSize=8;', 'var pthreadPoolSize=Module["threads"]-1;'],
  // It limits the threads to half of this.
  ['require("os").cpus().length', '2*Module["threads"]'],
  // It needs no new global.
  ['global.Worker=nodeWorkerThreads.Worker', 'var Worker=nodeWorkerThreads.Worker'],
];

const HEADER =
  '// From @tensorflow/tfjs-backend-wasm (Apache License 2.0). Changed by Thaw: number of threads, no global Worker.\n';

/**
 * Writes the two scripts that TensorFlow.js needs for threads into a folder: its loader, and what each thread starts
 * with, which the package has only as text for browsers. Throws where the package is another than these changes are for.
 *
 * @param {string} folder
 */
export function writeThreadedBackend(folder) {
  const loader = CHANGES.reduce(
    (text, [from, to]) => {
      if (text.split(from).length !== 2) throw new Error(`The loader of TensorFlow.js is another one: no "${from}".`);
      return text.replace(from, to);
    },
    readFileSync(require.resolve(`${FROM}.js`), 'utf8'),
  );
  // Line ends within its strings are written as such in the package.
  const worker = require(`${FROM}.worker.js`).wasmWorkerContents.replace(/\n/g, '\\n');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'tfjs-backend-wasm-threaded-simd.cjs'), `${HEADER}${loader.trimStart()}`);
  writeFileSync(join(folder, 'tfjs-backend-wasm-threaded-simd.worker.cjs'), `${worker}\n`);
}
