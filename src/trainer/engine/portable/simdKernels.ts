import { SIMD_KERNELS_BASE64 } from './simdKernelsBinary.ts';
import { webAssembly, type WebAssemblyMemory } from './webAssembly.ts';

/** What a convolution or pooling looks at; `top` and `left` are the padding before the first row and column. */
export type Geometry = [
  batch: number,
  inHeight: number,
  inWidth: number,
  channels: number,
  outHeight: number,
  outWidth: number,
  filterHeight: number,
  filterWidth: number,
  strideHeight: number,
  strideWidth: number,
  dilationHeight: number,
  dilationWidth: number,
  top: number,
  left: number,
];

/** The functions of the C files in the folder simd, which say what each computes; every tensor is an address in the heap. */
export interface SimdKernels {
  matMulScratch(rows: number, inner: number, columns: number): number;
  matMulTransposedAScratch(aColumns: number, bColumns: number): number;
  convolutionFilterScratch(columns: number, outChannels: number): number;
  matMul(
    a: number,
    b: number,
    bias: number,
    out: number,
    scratch: number,
    rows: number,
    inner: number,
    columns: number,
    transposedB: number,
    low: number,
    high: number,
  ): void;
  matMulTransposedA(
    a: number,
    b: number,
    out: number,
    scratch: number,
    rows: number,
    aColumns: number,
    bColumns: number,
  ): void;
  convolutionFilterGradient(
    x: number,
    dy: number,
    out: number,
    scratch: number,
    outChannels: number,
    ...geometry: Geometry
  ): void;
  columnsToImage(columns: number, dx: number, ...geometry: Geometry): void;
  reverseFilter(filter: number, out: number, taps: number, inputs: number, outputs: number): void;
  depthwiseConvolution(
    x: number,
    filter: number,
    bias: number,
    y: number,
    low: number,
    high: number,
    ...geometry: Geometry
  ): void;
  depthwiseFilterGradient(x: number, dy: number, out: number, ...geometry: Geometry): void;
  depthwiseInputGradient(dy: number, filter: number, dx: number, ...geometry: Geometry): void;
  repeatChannels(x: number, out: number, places: number, multiplier: number): void;
  sumChannelGroups(x: number, out: number, places: number, multiplier: number): void;
  maskedGradient(x: number, dy: number, dx: number, size: number, low: number, high: number): void;
  maskedGradientSums(
    y: number,
    dy: number,
    dz: number,
    sums: number,
    rows: number,
    channels: number,
    low: number,
    high: number,
  ): void;
  channelSums(x: number, sums: number, rows: number, channels: number): void;
  channelProductSums(a: number, b: number, sums: number, rows: number, channels: number): void;
  centeredProductSums(a: number, b: number, center: number, sums: number, rows: number, channels: number): void;
  channelAffine(x: number, scale: number, shift: number, y: number, rows: number, channels: number): void;
  channelScale(x: number, scale: number, y: number, rows: number, channels: number): void;
  channelMoments(x: number, mean: number, variance: number, rows: number, channels: number): void;
  normalize(
    x: number,
    mean: number,
    variance: number,
    gamma: number,
    beta: number,
    y: number,
    scratch: number,
    rows: number,
    channels: number,
    epsilon: number,
  ): void;
  normalizationGradient(
    x: number,
    dy: number,
    mean: number,
    variance: number,
    gamma: number,
    dx: number,
    dgamma: number,
    dbeta: number,
    scratch: number,
    rows: number,
    channels: number,
    epsilon: number,
  ): void;
  maxPoolGradient(x: number, dy: number, dx: number, ...geometry: Geometry): void;
}

/** The kernels on a memory, and the module they are an instance of. */
export interface LoadedKernels {
  kernels: SimdKernels;
  module: object;
}

/**
 * Compiles the kernels onto a memory, `shared` between threads or not. Throws `WebAssembly.CompileError` where the
 * processor has no SIMD.
 */
export async function loadSimdKernels(memory: WebAssemblyMemory, shared = false): Promise<LoadedKernels> {
  const bytes = Buffer.from(SIMD_KERNELS_BASE64, 'base64');
  if (shared) importSharedMemory(bytes);
  const module = await webAssembly.compile(bytes);
  const instance = await webAssembly.instantiate(module, { env: { memory } });
  return { module, kernels: instance.exports as unknown as SimdKernels };
}

/** How an import of memory from `env` begins: its names, that it is a memory, and that this has a limit. */
const MEMORY_IMPORT = 'env\x06memory\x02\x01';
const SHARED = 2;

/**
 * Changes a module so that it takes shared memory: the code is the same, and only a flag of the import differs.
 * https://github.com/WebAssembly/threads/blob/main/proposals/threads/Overview.md#spec-changes
 */
function importSharedMemory(module: Buffer): void {
  const at = module.indexOf(MEMORY_IMPORT);
  if (at < 0) throw new Error('The kernels do not import a memory with a limit.');
  module[at + MEMORY_IMPORT.length - 1] |= SHARED;
}
