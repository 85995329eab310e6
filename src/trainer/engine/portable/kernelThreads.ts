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
  /** Number of the thread among those of `KernelThreads`. */
  thread: number;
  /** Float64 values: the number of the kernel, and its arguments. */
  call: SharedArrayBuffer;
}

/**
 * Places in the control buffer: a number that changes with every round of calls, how many calls are not done, whether one
 * has failed; from `open` on, for each thread, 1 while nobody has begun its call.
 */
export const CONTROL = { round: 0, pending: 1, failed: 2, open: 3 } as const;

/** Whether the call of a thread is the caller's to make; it is from then on nobody else's. */
export function claimCall(control: Int32Array, thread: number): boolean {
  return Atomics.compareExchange(control, CONTROL.open + thread, 1, 0) === 1;
}

const MOST_ARGUMENTS = 24;
const START_LIMIT_MS = 10_000;

/**
 * Threads that run the SIMD kernels on a memory they share. The kernels own no stack and no data, so that any number of
 * instances can work on one memory.
 */
export class KernelThreads {
  private readonly control: Int32Array<SharedArrayBuffer>;
  private readonly calls: Float64Array[] = [];
  private readonly names: string[];
  private readonly kernels: Record<string, (...values: number[]) => void>;

  private constructor(
    kernels: SimdKernels,
    /** How many calls run at a time, with that of the caller. */
    readonly count: number,
  ) {
    this.control = new Int32Array(new SharedArrayBuffer((CONTROL.open + count) * Int32Array.BYTES_PER_ELEMENT));
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
    const starts = Array.from({ length: count - 1 }, (_, thread) => {
      const call = new SharedArrayBuffer((1 + MOST_ARGUMENTS) * Float64Array.BYTES_PER_ELEMENT);
      calls.push(new Float64Array(call));
      const data: ThreadData = { module, memory, names, control: control.buffer, thread, call };
      return startThread(entry, data);
    });
    await Promise.all(starts);
    return threads;
  }

  /**
   * Makes up to `count` calls at a time and returns when all are done. A call whose thread has not begun with it when the
   * caller is done with its own is the caller's: on a busy machine that may be all of them. Throws when one fails.
   */
  run(calls: readonly KernelCall[]): void {
    if (calls.length > this.count) throw new Error(`${calls.length} calls are too many for ${this.count} threads.`);
    const [own, ...others] = calls;
    if (others.length === 0) return this.call(own);
    this.offer(others);
    try {
      this.call(own);
      others.forEach((call, thread) => this.finishUnlessBegun(thread, () => this.call(call)));
    } finally {
      // After a failure nothing else is begun.
      others.forEach((_, thread) => this.finishUnlessBegun(thread, () => undefined));
      this.awaitOthers();
    }
    if (Atomics.load(this.control, CONTROL.failed)) throw new Error('A kernel has failed in a thread.');
  }

  private offer(calls: readonly KernelCall[]): void {
    const { control } = this;
    Atomics.store(control, CONTROL.failed, 0);
    Atomics.store(control, CONTROL.pending, calls.length);
    calls.forEach(({ name, values }, thread) => {
      this.calls[thread][0] = this.names.indexOf(name);
      this.calls[thread].set(values, 1);
      Atomics.store(control, CONTROL.open + thread, 1);
    });
    Atomics.add(control, CONTROL.round, 1);
    Atomics.notify(control, CONTROL.round);
  }

  private finishUnlessBegun(thread: number, call: () => void): void {
    if (!claimCall(this.control, thread)) return;
    Atomics.sub(this.control, CONTROL.pending, 1);
    call();
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
