import { type BackendWasm, getThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { ThawError } from '../../../shared/errors.ts';
import type { Engine } from '../engine.ts';
import { foldedOperations } from '../foldedOperations.ts';
import { registerQuickGradients } from '../quickGradients.ts';
import { registerTrainingKernels } from './kernels.ts';
import { type Allocator, guardAllocations } from './memoryGuard.ts';
import { loadSimdKernels } from './simdKernels.ts';
import type { WebAssemblyMemory } from './webAssembly.ts';

export interface PortableEngineOptions {
  /** The folder of the .wasm files of TensorFlow.js; where the package itself finds them if left out. */
  wasmDirectory?: string;
  /** The highest address of the heap that may be used, in bytes. Default: all 4 GB that WebAssembly has. */
  heapLimitBytes?: number;
}

/**
 * The engine that runs wherever Node does: TensorFlow.js on WebAssembly with SIMD, completed for training. It becomes
 * the current backend of TensorFlow.js. An allocation that fails throws `HeapExhausted`, from then on and everywhere.
 * Throws `ThawError` `engineUnavailable`.
 */
export async function createPortableEngine(options: PortableEngineOptions = {}): Promise<Engine> {
  await startBackend(options.wasmDirectory);
  const backend = tf.backend() as BackendWasm;
  const module = backend.wasm as unknown as Allocator & { asm: { memory: WebAssemblyMemory } };
  const { memory } = module.asm;
  guardAllocations(module, () => memory.buffer.byteLength, options.heapLimitBytes);
  registerTrainingKernels(backend, await loadSimdKernels(memory));
  registerQuickGradients('wasm');

  const threads = getThreadsCount();
  return {
    name: 'portable',
    backend: 'wasm',
    version: `tfjs ${tf.version_core}, WebAssembly, SIMD, ${threads} thread${threads === 1 ? '' : 's'}`,
    operations: foldedOperations,
    async read(tensor) {
      const values = await tensor.data();
      return values instanceof Float32Array ? values : Float32Array.from(values as Iterable<number>);
    },
    compile: (_, compute) => ({ run: compute, dispose: () => undefined }),
    prefersFixedShapes: false,
    memory: () => ({ heapBytes: memory.buffer.byteLength, tensors: tf.memory().numTensors }),
  };
}

async function startBackend(wasmDirectory: string | undefined): Promise<void> {
  const unavailable = (detail: string) => new ThawError({ reason: 'engineUnavailable', engine: 'portable', detail });
  if (!(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'))) throw unavailable('this processor has no SIMD instructions');
  if (await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT')) {
    throw unavailable('WebAssembly with threads is not supported');
  }
  if (wasmDirectory !== undefined) setWasmPaths(wasmDirectory.endsWith('/') ? wasmDirectory : `${wasmDirectory}/`);
  if (!(await tf.setBackend('wasm'))) {
    throw unavailable(`WebAssembly did not start${wasmDirectory === undefined ? '' : ` from ${wasmDirectory}`}`);
  }
}
