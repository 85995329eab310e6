/**
 * A thread that runs kernels: it waits for a round, makes the call that it finds in its place, and says that it is done.
 * It never returns to its event loop and ends with the process.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { CONTROL, type ThreadData } from './kernelThreads.ts';
import { webAssembly } from './webAssembly.ts';

const { module, memory, names, ...buffers } = workerData as ThreadData;
const control = new Int32Array(buffers.control);
const call = new Float64Array(buffers.call);
const instance = (await webAssembly.instantiate(module, { env: { memory } })) as { exports: object };
const kernels = instance.exports as Record<string, (...values: number[]) => void>;

parentPort?.postMessage('ready');
// The number of the round goes on from the largest int32 to the least.
for (let round = 0; ; round = (round + 1) | 0) {
  Atomics.wait(control, CONTROL.round, round);
  try {
    if (call[0] >= 0) kernels[names[call[0]]](...call.subarray(1));
  } catch {
    Atomics.store(control, CONTROL.failed, 1);
  }
  Atomics.sub(control, CONTROL.pending, 1);
  Atomics.notify(control, CONTROL.pending);
}
