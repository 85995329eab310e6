import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../src/shared/random.ts';
import { KernelThreads } from '../../../src/trainer/engine/portable/kernelThreads.ts';
import { parallelKernels, pieces } from '../../../src/trainer/engine/portable/parallelKernels.ts';
import { type Geometry, loadSimdKernels, type SimdKernels } from '../../../src/trainer/engine/portable/simdKernels.ts';
import { webAssembly, type WebAssemblyMemory } from '../../../src/trainer/engine/portable/webAssembly.ts';

const ENTRY = fileURLToPath(new URL('../../../dist/kernelThread.js', import.meta.url));
const THREADS = 3;
const MEGABYTE = 2 ** 20;

/** Where things lie in the memory of this test: two large inputs, two small ones, results and what is worked in. */
const [A, B, SMALL, SMALLER, OUT, SECOND, SCRATCH, PARTIAL] = [1, 9, 17, 18, 19, 27, 35, 51].map((at) => at * MEGABYTE);
const PAGES = (64 * MEGABYTE) / 65536;

let memory: WebAssemblyMemory;
let plain: SimdKernels;
let parallel: SimdKernels;
let threads: KernelThreads;

beforeAll(async () => {
  memory = new webAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  const { kernels, module } = await loadSimdKernels(memory, true);
  plain = kernels;
  threads = await KernelThreads.start(ENTRY, module, memory, kernels, THREADS);
  parallel = parallelKernels(kernels, threads, () => PARTIAL);
  const random = Random.seeded(1, 'kernels');
  for (const [from, count] of [
    [A, 2 * MEGABYTE],
    [B, 2 * MEGABYTE],
    [SMALL, 50_000],
    [SMALLER, 50_000],
  ] as const) {
    // prettier-ignore
    const values = new Float32Array(memory.buffer, from, count);
    for (let i = 0; i < count; i++) values[i] = random.uint32() / 2 ** 31 - 1;
  }
});

/** 5 images, which 3 threads cannot share alike. */
const GEOMETRY: Geometry = [5, 31, 30, 37, 31, 30, 3, 3, 1, 1, 1, 1, 1, 1];
const PLACES = 5 * 31 * 30;
const ROWS = 5003;

interface Case {
  name: string;
  run: (kernels: SimdKernels) => void;
  /** How many values of the results there are. */
  values: number;
  second?: number;
  /** Sums are added in another order. */
  isSum?: boolean;
}

const CASES: Case[] = [
  {
    name: 'matMul',
    run: (k) => k.matMul(A, B, SMALL, OUT, SCRATCH, ROWS, 61, 35, 0, -1, 1),
    values: ROWS * 35,
  },
  {
    name: 'matMul, transposed',
    run: (k) => k.matMul(A, B, 0, OUT, SCRATCH, ROWS, 61, 35, 1, -Infinity, Infinity),
    values: ROWS * 35,
  },
  {
    name: 'matMulTransposedA',
    run: (k) => k.matMulTransposedA(A, B, OUT, SCRATCH, ROWS, 67, 131),
    values: 67 * 131,
    isSum: true,
  },
  {
    name: 'convolutionFilterGradient',
    run: (k) => k.convolutionFilterGradient(A, B, OUT, SCRATCH, 13, ...GEOMETRY),
    values: 9 * 37 * 13,
    isSum: true,
  },
  {
    name: 'depthwiseFilterGradient',
    run: (k) => k.depthwiseFilterGradient(A, B, OUT, ...GEOMETRY),
    values: 9 * 37,
    isSum: true,
  },
  {
    name: 'columnsToImage',
    run: (k) => k.columnsToImage(A, OUT, 5, 31, 30, 37, 31, 30, 3, 3, 1, 1, 1, 1, 1, 1),
    values: PLACES * 37,
  },
  {
    name: 'depthwiseConvolution',
    run: (k) => k.depthwiseConvolution(A, SMALL, SMALLER, OUT, -1, 1, ...GEOMETRY),
    values: PLACES * 37,
  },
  {
    name: 'depthwiseInputGradient',
    run: (k) => k.depthwiseInputGradient(A, SMALL, OUT, ...GEOMETRY),
    values: PLACES * 37,
  },
  { name: 'maxPoolGradient', run: (k) => k.maxPoolGradient(A, B, OUT, ...GEOMETRY), values: PLACES * 37 },
  { name: 'maskedGradient', run: (k) => k.maskedGradient(A, B, OUT, 300_001, -0.5, 0.5), values: 300_001 },
  { name: 'channelAffine', run: (k) => k.channelAffine(A, SMALL, SMALLER, OUT, ROWS, 61), values: ROWS * 61 },
  { name: 'channelScale', run: (k) => k.channelScale(A, SMALL, OUT, ROWS, 61), values: ROWS * 61 },
  {
    name: 'maskedGradientSums',
    run: (k) => k.maskedGradientSums(A, B, SECOND, OUT, ROWS, 61, -0.5, 0.5),
    values: 61,
    second: ROWS * 61,
    isSum: true,
  },
  { name: 'channelSums', run: (k) => k.channelSums(A, OUT, ROWS, 61), values: 61, isSum: true },
  { name: 'channelProductSums', run: (k) => k.channelProductSums(A, B, OUT, ROWS, 61), values: 61, isSum: true },
  {
    name: 'centeredProductSums',
    run: (k) => k.centeredProductSums(A, B, SMALL, OUT, ROWS, 61),
    values: 61,
    isSum: true,
  },
];

/** What a kernel writes, with nothing left of the one before. */
function resultsOf({ run, values, second = 0 }: Case, kernels: SimdKernels): [Float32Array, Float32Array] {
  const results = (at: number, count: number) => new Float32Array(memory.buffer, at, count);
  new Uint8Array(memory.buffer).fill(255, OUT, OUT + 45 * MEGABYTE);
  run(kernels);
  return [results(OUT, values).slice(), results(SECOND, second).slice()];
}

describe('kernels divided among threads', () => {
  it.each(CASES)('$name: gives what one thread gives', (each) => {
    const [expected, second] = resultsOf(each, plain);
    const [actual, actualSecond] = resultsOf(each, parallel);
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeGreaterThan(0);
    const difference = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i])), 0);
    // Not a number where something is missing, which is not within any limit.
    expect(difference).toBeLessThanOrEqual(each.isSum ? 1e-5 * largest : 0);
    expect(Buffer.compare(bytesOf(second), bytesOf(actualSecond))).toBe(0);
    const [again] = resultsOf(each, parallel);
    expect(Buffer.compare(bytesOf(actual), bytesOf(again))).toBe(0);
  });

  it('are divided at all', () => {
    const divided = CASES.filter((each) => {
      const calls: number[] = [];
      const spy = { count: THREADS, run: (all: readonly unknown[]) => calls.push(all.length) };
      each.run(parallelKernels(plain, spy as unknown as KernelThreads, () => PARTIAL));
      return calls[0] === THREADS;
    });
    expect(divided.map(({ name }) => name)).toEqual(CASES.map(({ name }) => name));
  });

  it('need scratch memory for each thread', () => {
    expect(parallel.matMulScratch(100, 20, 30)).toBe(THREADS * plain.matMulScratch(100, 20, 30));
    expect(parallel.matMulTransposedAScratch(64, 128)).toBe(THREADS * plain.matMulTransposedAScratch(64, 128));
    expect(parallel.convolutionFilterScratch(64, 8)).toBe(THREADS * plain.convolutionFilterScratch(64, 8));
  });

  it('fail as a whole when one thread fails, and work again afterwards', () => {
    const beyond = 2 ** 31;
    const sums = (x: number) => ({ name: 'channelSums' as const, values: [x, OUT, 4, 4] });
    expect(() => threads.run([sums(A), sums(beyond)])).toThrow(/failed in a thread|out of bounds/);
    expect(() => threads.run([sums(beyond), sums(A)])).toThrow(webAssembly.RuntimeError);
    expect(() => threads.run([sums(A), sums(B), sums(A)])).not.toThrow();
  });
});

describe('pieces', () => {
  it('hold everything once, in order, as alike as steps allow', () => {
    expect(pieces(10, 3)).toEqual([4, 4, 2].map((size, i) => ({ start: i * 4, size })));
    expect(pieces(10, 4, 4)).toEqual([4, 4, 2].map((size, i) => ({ start: i * 4, size })));
    expect(pieces(2, 4)).toEqual([0, 1].map((start) => ({ start, size: 1 })));
    expect(pieces(0, 4)).toEqual([]);
  });
});

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer);
}
