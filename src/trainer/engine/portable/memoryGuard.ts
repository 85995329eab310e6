import * as tf from '@tensorflow/tfjs-core';
import { webAssembly } from './webAssembly.ts';

/** The part of the compiled TensorFlow.js module that hands out memory. */
export interface Allocator {
  _malloc: (bytes: number) => number;
  _free: (pointer: number) => void;
}

/** The WebAssembly heap (at most 4 GB) has no room for a tensor. Nothing was allocated; live tensors are intact. */
export class HeapExhausted extends Error {
  constructor(
    readonly requestedBytes: number,
    readonly heapBytes: number,
  ) {
    super(`The WebAssembly heap of ${heapBytes} bytes has no room for ${requestedBytes} more.`);
    this.name = 'HeapExhausted';
  }
}

interface Guard {
  limitBytes: number;
}

const guards = new WeakMap<Allocator, Guard>();

/**
 * Makes a failing allocation throw `HeapExhausted`. TensorFlow.js does not look at the address it gets: when memory ends
 * it is 0, and the tensor overwrites the start of the heap. `heapBytes` reads the present size of the heap;
 * `limitBytes` is the highest address an allocation may reach (default: the 4 GB of the address space). Called again
 * for the same allocator it only sets the limit.
 */
export function guardAllocations(allocator: Allocator, heapBytes: () => number, limitBytes = 2 ** 32): void {
  const present = guards.get(allocator);
  if (present) {
    present.limitBytes = limitBytes;
    return;
  }
  const guard: Guard = { limitBytes };
  guards.set(allocator, guard);
  // The first call of each function replaces it on the module, which would drop the guard.
  allocator._free(allocator._malloc(16));
  const allocate = allocator._malloc;
  allocator._malloc = (bytes) => {
    // Of more bytes than the address space has, only the remainder of 2^32 is allocated: the check below sees that too.
    const pointer = allocate(bytes) >>> 0;
    if (bytes === 0) return pointer;
    if (pointer === 0) throw new HeapExhausted(bytes, heapBytes());
    if (pointer + bytes > guard.limitBytes) {
      allocator._free(pointer);
      throw new HeapExhausted(bytes, heapBytes());
    }
    return pointer;
  };
}

/**
 * Whether an error says that memory ended: `HeapExhausted`, or what WebAssembly throws when an allocation inside the
 * module failed. After the latter the module cannot be used any more; only a new process can go on.
 */
export function isHeapExhaustion(error: unknown): boolean {
  if (error instanceof HeapExhausted) return true;
  return (
    error instanceof webAssembly.RuntimeError && /memory access out of bounds|unreachable|abort/i.test(error.message)
  );
}

/**
 * Releases what the tape keeps after an error in the middle of `tf.variableGrads` or `tf.grads`: TensorFlow.js disposes
 * the tensors of a scope that fails, but not those saved for the backward pass. Call it outside of any gradient.
 */
export function releaseAbandonedTape(): void {
  const { state } = tf.engine();
  if (state.gradientDepth > 0) return;
  for (const node of state.activeTape ?? []) for (const tensor of node.saved ?? []) tensor.dispose();
  state.activeTape = [];
}
