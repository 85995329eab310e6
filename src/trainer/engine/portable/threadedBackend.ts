import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { BackendWasm, setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { Allocator } from './memoryGuard.ts';
import { webAssembly, type WebAssemblyMemory } from './webAssembly.ts';

/** Pages of 64 KB: 16 MB to begin with, as TensorFlow.js has it, and all of the address space at most. */
const MEMORY = { initial: 256, maximum: 65536, shared: true };

const LOADER = 'tfjs-backend-wasm-threaded-simd.cjs';

/** The part of the compiled TensorFlow.js module that a backend is made of. */
interface BackendModule extends Allocator {
  cwrap(name: string, result: 'number' | null, parameters: 'number'[]): (...values: number[]) => number;
  tfjs?: Record<string, (...values: number[]) => number>;
  PThread: { runningWorkers: Worker[] };
}

interface LoaderOptions {
  threads: number;
  wasmMemory: WebAssemblyMemory;
  mainScriptUrlOrBlob: string;
  locateFile: (name: string) => string;
}

/**
 * Puts the threaded build of TensorFlow.js in the place of the backend `wasm`, which must not have been started.
 *
 * The package refuses threads in Node.js (https://github.com/tensorflow/tfjs/issues/3830), since it starts them from a
 * Blob. What it does otherwise is done here: with the two scripts that scripts/lib/threadedBackend.mjs writes to `folder`.
 * Its threads do not keep the process alive.
 *
 * @returns the memory that the backend will have, shared between threads
 */
export function registerThreadedBackend(folder: string, threads: number): WebAssemblyMemory {
  const wasmMemory = new webAssembly.Memory(MEMORY);
  const loader = join(folder, LOADER);
  const start = async (): Promise<tf.KernelBackend> => {
    const load = createRequire(loader)(loader) as (options: LoaderOptions) => Promise<BackendModule>;
    const module = await load({
      ...{ threads, wasmMemory, mainScriptUrlOrBlob: loader },
      locateFile: (name) => join(folder, name.replace(/\.worker\.js$/, '.worker.cjs')),
    });
    module.tfjs = entryPoints(module);
    const backend = new BackendWasm(module as unknown as ConstructorParameters<typeof BackendWasm>[0]);
    for (const worker of module.PThread.runningWorkers) worker.unref();
    return backend;
  };
  setThreadsCount(threads);
  tf.removeBackend('wasm');
  tf.registerBackend('wasm', start);
  return wasmMemory;
}

/** What `BackendWasm` calls; the function `init` of backend_wasm.ts in the package makes the same. */
function entryPoints(module: BackendModule): BackendModule['tfjs'] {
  return {
    init: module.cwrap('init', null, []),
    initWithThreadsCount: module.cwrap('init_with_threads_count', null, ['number']),
    getThreadsCount: module.cwrap('get_threads_count', 'number', []),
    registerTensor: module.cwrap('register_tensor', null, ['number', 'number', 'number']),
    disposeData: module.cwrap('dispose_data', null, ['number']),
    dispose: module.cwrap('dispose', null, []),
  };
}
