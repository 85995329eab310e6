import * as tf from '@tensorflow/tfjs-core';
import type { KernelShare } from './measurement.ts';

interface Running {
  /** Time that kernels called by this one have taken. */
  inner: number;
}

/** Calls and own milliseconds by label. */
type Totals = Map<string, { calls: number; milliseconds: number }>;

/**
 * Runs `work` `times` times and returns where the time went, per run, the largest first. Kernels are timed around
 * `runKernel` of TensorFlow.js, which is exact where they compute synchronously, as WebAssembly does; a kernel that
 * calls others counts without them.
 */
export async function profileKernels(times: number, work: () => Promise<void>): Promise<KernelShare[]> {
  const engine = tf.engine();
  const plain = engine.runKernel.bind(engine);
  const totals: Totals = new Map();
  const stack: Running[] = [];
  engine.runKernel = <T extends tf.Tensor | tf.Tensor[]>(
    name: string,
    inputs: tf.NamedTensorMap,
    attributes?: tf.NamedAttrMap,
  ): T => {
    const running: Running = { inner: 0 };
    stack.push(running);
    const started = performance.now();
    try {
      return plain<T>(name, inputs, attributes);
    } finally {
      const elapsed = performance.now() - started;
      stack.pop();
      const outer = stack.at(-1);
      if (outer) outer.inner += elapsed;
      add(totals, labelOf(name, inputs, attributes), elapsed - running.inner);
    }
  };
  const started = performance.now();
  try {
    for (let run = 0; run < times; run++) await work();
  } finally {
    // The method of the class shows again.
    delete (engine as { runKernel?: unknown }).runKernel;
  }
  return summarize(totals, performance.now() - started, times);
}

function add(totals: Totals, label: string, milliseconds: number): void {
  const total = totals.get(label) ?? { calls: 0, milliseconds: 0 };
  total.calls++;
  total.milliseconds += milliseconds;
  totals.set(label, total);
}

/** The name of a kernel; of convolutions also the size of their filter and the stride, which decide what they cost. */
function labelOf(name: string, inputs: tf.NamedTensorMap, attributes?: tf.NamedAttrMap): string {
  if (!name.includes('Conv')) return name;
  const filter = inputs.filter?.shape ?? (attributes?.filterShape as number[] | undefined);
  if (!filter) return name;
  const strides = [attributes?.strides as number | number[]].flat();
  return `${name} ${filter[0]}x${filter[1]}${strides[0] === 1 ? '' : `, stride ${strides[0]}`}`;
}

function summarize(totals: Totals, wall: number, times: number): KernelShare[] {
  const shares = [...totals].map(([kernel, { calls, milliseconds }]) => ({
    kernel,
    calls: Math.round(calls / times),
    milliseconds: milliseconds / times,
    share: milliseconds / wall,
  }));
  const inKernels = shares.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const outside = wall / times - inKernels;
  shares.push({ kernel: 'outside of kernels', calls: 0, milliseconds: outside, share: (outside * times) / wall });
  return shares.sort((a, b) => b.milliseconds - a.milliseconds);
}
