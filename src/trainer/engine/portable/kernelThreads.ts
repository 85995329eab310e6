import { Worker } from 'node:worker_threads';
import type { SimdKernels } from './simdKernels.ts';
import type { WebAssemblyMemory } from './webAssembly.ts';

/** A kernel that returns nothing, and its arguments. */
export interface KernelCall {
  name: keyof SimdKernels;
  values: readonly number[];
}

/** What a thread is started with. */
export interface ThreadData {
  module: object;
  memory: WebAssemblyMemory;
  /** Kernels by the number that a call has. */
  names: string[];
  /** Int32 values, by `CONTROL`. */
  control: SharedArrayBuffer;
  /** Float64 values: the number of the kernel or -1, and its arguments. */
  call: SharedArrayBuffer;
}

/** Places in the control buffer: which calls are to be made, how many threads are at them, whether one has failed. */
export const CONTROL = { round: 0, pending: 1, failed: 2 } as const;

const MOST_ARGUMENTS = 24;
const START_LIMIT_MS = 10_000;

/**
 * Threads that run the SIMD kernels on a memory they share. The kernels own no stack and no data, so that any number of
 * instances can work on one memory.
 */
export class KernelThreads {
  private readonly control = new Int32Array(new SharedArrayBuffer(12));
  private readonly calls: Float64Array[] = [];
  private readonly names: string[];
  private readonly kernels: Record<string, (...values: number[]) => void>;

  private constructor(
    kernels: SimdKernels,
    /** How many calls run at a time, with that of the caller. */
    readonly count: number,
  ) {
    this.names = Object.keys(kernels);
    this.kernels = { ...kernels };
  }

  /**
   * Starts all but the first of `count` threads, which is the caller's. They do not keep the process alive.
   *
   * @param entry path of the built kernelThreadMain.ts
   * @param module the compiled kernels, which `kernels` are an instance of
   * @throws Error where a thread does not start
   */
  static async start(
    entry: string,
    module: object,
    memory: WebAssemblyMemory,
    kernels: SimdKernels,
    count: number,
  ): Promise<KernelThreads> {
    const threads = new KernelThreads(kernels, count);
    const { control, names, calls } = threads;
    const starts = Array.from({ length: count - 1 }, () => {
      const call = new SharedArrayBuffer((1 + MOST_ARGUMENTS) * Float64Array.BYTES_PER_ELEMENT);
      calls.push(new Float64Array(call));
      const data: ThreadData = { module, memory, names, control: control.buffer, call };
      return startThread(entry, data);
    });
    await Promise.all(starts);
    return threads;
  }

  /** Makes up to `count` calls at a time and returns when all are done. Throws when one fails. */
  run(calls: readonly KernelCall[]): void {
    if (calls.length > this.count) throw new Error(`${calls.length} calls are too many for ${this.count} threads.`);
    const [own, ...others] = calls;
    if (others.length === 0) return this.call(own);
    this.calls.forEach((place, index) => {
      const call = others.at(index);
      place[0] = call ? this.names.indexOf(call.name) : -1;
      if (call) place.set(call.values, 1);
    });
    Atomics.store(this.control, CONTROL.pending, this.calls.length);
    Atomics.add(this.control, CONTROL.round, 1);
    Atomics.notify(this.control, CONTROL.round);
    try {
      this.call(own);
    } finally {
      this.awaitOthers();
    }
    if (Atomics.exchange(this.control, CONTROL.failed, 0)) throw new Error('A kernel has failed in a thread.');
  }

  private call({ name, values }: KernelCall): void {
    this.kernels[name](...values);
  }

  private awaitOthers(): void {
    for (;;) {
      const pending = Atomics.load(this.control, CONTROL.pending);
      if (pending === 0) return;
      Atomics.wait(this.control, CONTROL.pending, pending);
    }
  }
}

async function startThread(entry: string, workerData: ThreadData): Promise<void> {
  const worker = new Worker(entry, { workerData, execArgv: [] });
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error('a thread did not start in time')), START_LIMIT_MS);
      worker.once('message', resolve).once('error', reject);
      worker.once('exit', () => reject(new Error('a thread has ended')));
    });
  } finally {
    clearTimeout(timer);
    worker.removeAllListeners().unref();
  }
}
