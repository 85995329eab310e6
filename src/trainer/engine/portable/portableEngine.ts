import { join } from 'node:path';
import { type BackendWasm, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { ThawError } from '../../../shared/errors.ts';
import type { Engine } from '../engine.ts';
import { foldedOperations } from '../foldedOperations.ts';
import { registerQuickGradients } from '../quickGradients.ts';
import { registerTrainingKernels } from './kernels.ts';
import { KernelThreads } from './kernelThreads.ts';
import { type Allocator, guardAllocations } from './memoryGuard.ts';
import { parallelKernels } from './parallelKernels.ts';
import { loadSimdKernels } from './simdKernels.ts';
import { registerThreadedBackend } from './threadedBackend.ts';
import type { WebAssemblyMemory } from './webAssembly.ts';
import { createWorkspace } from './workspace.ts';

export interface PortableEngineOptions {
  /**
   * The folder of the .wasm files of TensorFlow.js; where the package itself finds them if left out. For threads it has
   * to be one that Thaw was built into.
   */
  wasmDirectory?: string;
  /** The highest address of the heap that may be used, in bytes. Default: all 4 GB that WebAssembly has. */
  heapLimitBytes?: number;
  /** How many threads compute; default 1. Of no effect where the engine has been started in this process. */
  threads?: number;
}

/** What is started once in a process. */
interface Started {
  allocator: Allocator;
  memory: WebAssemblyMemory;
  threads: number;
}

let started: Promise<Started> | null = null;

/**
 * The engine that runs wherever Node does: TensorFlow.js on WebAssembly with SIMD, completed for training. It becomes
 * the current backend of TensorFlow.js. An allocation that fails throws `HeapExhausted`, from then on and everywhere.
 * A process has one, with the number of threads that it was first asked for. Throws `ThawError` `engineUnavailable`.
 */
export async function createPortableEngine(options: PortableEngineOptions = {}): Promise<Engine> {
  started ??= start(options);
  try {
    const { allocator, memory, threads } = await started;
    guardAllocations(allocator, () => memory.buffer.byteLength, options.heapLimitBytes);
    await tf.setBackend('wasm');
    registerQuickGradients('wasm');
    return describe(memory, threads);
  } catch (error) {
    started = null;
    throw error;
  }
}

function describe(memory: WebAssemblyMemory, threads: number): Engine {
  return {
    name: 'portable',
    backend: 'wasm',
    version: `tfjs ${tf.version_core}, WebAssembly, SIMD, ${threads} thread${threads === 1 ? '' : 's'}`,
    threads,
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

const unavailable = (detail: string) => new ThawError({ reason: 'engineUnavailable', engine: 'portable', detail });

async function start({ wasmDirectory, heapLimitBytes, threads = 1 }: PortableEngineOptions): Promise<Started> {
  if (!(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'))) throw unavailable('this processor has no SIMD instructions');
  if (wasmDirectory !== undefined) setWasmPaths(wasmDirectory.endsWith('/') ? wasmDirectory : `${wasmDirectory}/`);
  if (threads > 1 && wasmDirectory === undefined) throw unavailable('threads need a folder that Thaw was built into');
  const shared = threads > 1 ? registerThreadedBackend(wasmDirectory as string, threads) : null;
  if (!(await tf.setBackend('wasm'))) {
    throw unavailable(`WebAssembly did not start${wasmDirectory === undefined ? '' : ` from ${wasmDirectory}`}`);
  }
  const backend = tf.backend() as BackendWasm;
  const allocator = backend.wasm as unknown as Allocator & { asm: { memory: WebAssemblyMemory } };
  const memory = shared ?? allocator.asm.memory;
  guardAllocations(allocator, () => memory.buffer.byteLength, heapLimitBytes);
  const { kernels, module } = await loadSimdKernels(memory, shared !== null);
  if (shared === null) {
    registerTrainingKernels(backend, kernels);
  } else {
    const entry = join(wasmDirectory as string, 'kernelThread.js');
    const pool = await KernelThreads.start(entry, module, memory, kernels, threads);
    registerTrainingKernels(backend, parallelKernels(kernels, pool, createWorkspace(allocator)));
  }
  return { allocator, memory, threads };
}
