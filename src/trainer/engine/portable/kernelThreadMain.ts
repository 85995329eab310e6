/**
 * A thread that runs kernels: it makes the call that it finds in its place, unless somebody else has begun with it, and
 * waits for the next. It never returns to its event loop and ends with the process.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { claimCall, CONTROL, type ThreadData } from './kernelThreads.ts';
import { webAssembly } from './webAssembly.ts';

const { module, memory, names, thread, ...buffers } = workerData as ThreadData;
const control = new Int32Array(buffers.control);
const call = new Float64Array(buffers.call);
const { exports } = await webAssembly.instantiate(module, { env: { memory } });
const kernels = exports as Record<string, (...values: number[]) => void>;

function makeCall(): void {
  try {
    kernels[names[call[0]]](...call.subarray(1));
  } catch {
    Atomics.store(control, CONTROL.failed, 1);
  }
  Atomics.sub(control, CONTROL.pending, 1);
  Atomics.notify(control, CONTROL.pending);
}

parentPort?.postMessage('ready');
for (;;) {
  // Read before the look, so that a call offered after it is not slept through.
  const round = Atomics.load(control, CONTROL.round);
  if (claimCall(control, thread)) makeCall();
  else Atomics.wait(control, CONTROL.round, round);
}
