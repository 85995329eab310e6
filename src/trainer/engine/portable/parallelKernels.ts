import type { KernelCall, KernelThreads } from './kernelThreads.ts';
import type { Geometry, SimdKernels } from './simdKernels.ts';

/** Multiplications and additions, or values, below which waking another thread costs more than it saves. */
const LEAST_WORK = 2 ** 18;

/** Results of at most this many float values are computed as partial sums, one for each thread: 16 MB. */
const MOST_PARTIAL_VALUES = 2 ** 22;

/** Rows that a thread must add up for a partial sum to pay, which has to be cleared and added itself. */
const LEAST_SUMMED_ROWS = 64;

/** Rows of a product that are computed together. */
const PRODUCT_ROWS = 4;

const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** Memory for `values` float32 values that is good until the next call; throws `HeapExhausted`. */
export type Workspace = (values: number) => number;

/** Consecutive pieces of `count` things, `most` at most, each but the last a multiple of `step`. */
export function pieces(count: number, most: number, step = 1): { start: number; size: number }[] {
  const size = Math.ceil(count / most / step) * step;
  const starts = Array.from({ length: Math.ceil(count / size) }, (_, index) => index * size);
  return starts.map((start) => ({ start, size: Math.min(size, count - start) }));
}

/**
 * The same kernels, of which large ones are divided among threads: by images or rows. Which piece is whose depends only
 * on the sizes and the number of threads, and partial sums are added in the order of the rows, so that the same inputs
 * give the same bits. Kernels that are not named here run as they do without threads.
 */
export function parallelKernels(simd: SimdKernels, threads: KernelThreads, workspace: Workspace): SimdKernels {
  const context = { simd, threads, workspace };
  return { ...simd, ...products(context), ...convolutions(context), ...elementwise(context), ...sums(context) };
}

interface Context {
  simd: SimdKernels;
  threads: KernelThreads;
  workspace: Workspace;
}

interface Piece {
  start: number;
  size: number;
  /** Number of the thread. */
  index: number;
}

/** Calls on disjoint pieces of `count` rows, images or values. */
function divide(
  { threads }: Context,
  { count, work, step = 1 }: { count: number; work: number; step?: number },
  call: (piece: Piece) => KernelCall,
): void {
  const divided = pieces(count, work < LEAST_WORK ? 1 : threads.count, step);
  // Where there is nothing, the kernel still has to be called: it may clear its result.
  const all = divided.length > 0 ? divided : [{ start: 0, size: 0 }];
  threads.run(all.map((piece, index) => call({ ...piece, index })));
}

/** Adds up `count` rows or images of what has `values` values; `call` writes the sum over a piece to an address. */
function addUp(
  context: Context,
  { count, values, work, out }: { count: number; values: number; work: number; out: number },
  call: (piece: Piece, to: number) => KernelCall,
): void {
  const { simd, threads, workspace } = context;
  const many = work >= LEAST_WORK && work >= LEAST_SUMMED_ROWS * threads.count * values;
  const parts = pieces(count, many && values * threads.count <= MOST_PARTIAL_VALUES ? threads.count : 1);
  if (parts.length <= 1) return threads.run([call({ start: 0, size: count, index: 0 }, out)]);
  const partial = workspace(parts.length * values);
  threads.run(parts.map((piece, index) => call({ ...piece, index }, partial + index * values * BYTES)));
  simd.channelSums(partial, out, parts.length, values);
}

function products(context: Context): Partial<SimdKernels> {
  const { simd, threads } = context;
  return {
    matMulScratch: (...sizes) => threads.count * simd.matMulScratch(...sizes),
    matMul(a, b, bias, out, scratch, rows, inner, columns, ...rest) {
      const own = simd.matMulScratch(rows, inner, columns) * BYTES;
      divide(context, { count: rows, work: rows * inner * columns, step: PRODUCT_ROWS }, ({ start, size, index }) => {
        const matrices = [a + start * inner * BYTES, b, bias, out + start * columns * BYTES, scratch + index * own];
        return { name: 'matMul', values: [...matrices, size, inner, columns, ...rest] };
      });
    },
    matMulTransposedAScratch: (...sizes) => threads.count * simd.matMulTransposedAScratch(...sizes),
    matMulTransposedA(a, b, out, scratch, rows, aColumns, bColumns) {
      const own = simd.matMulTransposedAScratch(aColumns, bColumns) * BYTES;
      const values = aColumns * bColumns;
      addUp(context, { count: rows, values, work: rows * values, out }, ({ start, size, index }, to) => {
        const matrices = [a + start * aColumns * BYTES, b + start * bColumns * BYTES, to, scratch + index * own];
        return { name: 'matMulTransposedA', values: [...matrices, size, aColumns, bColumns] };
      });
    },
  };
}

/** What a geometry says in numbers of values. */
function sizesOf(geometry: Geometry) {
  const [batch, inHeight, inWidth, channels, outHeight, outWidth, filterHeight, filterWidth] = geometry;
  const places = outHeight * outWidth;
  const taps = filterHeight * filterWidth * channels;
  return { batch, image: inHeight * inWidth * channels, places, channels, taps, work: batch * places * taps };
}

/** The same convolution over `images` images. */
function overImages([, ...rest]: Geometry, images: number): Geometry {
  return [images, ...rest];
}

function convolutions(context: Context): Partial<SimdKernels> {
  const { simd, threads } = context;
  return {
    convolutionFilterScratch: (...sizes) => threads.count * simd.convolutionFilterScratch(...sizes),
    convolutionFilterGradient(x, dy, out, scratch, outChannels, ...geometry) {
      const { batch, image, places, taps, work } = sizesOf(geometry);
      const own = simd.convolutionFilterScratch(taps, outChannels) * BYTES;
      const sum = { count: batch, values: taps * outChannels, work: work * outChannels, out };
      addUp(context, sum, ({ start, size, index }, to) => {
        const from = [x + start * image * BYTES, dy + start * places * outChannels * BYTES];
        const values = [...from, to, scratch + index * own, outChannels, ...overImages(geometry, size)];
        return { name: 'convolutionFilterGradient', values };
      });
    },
    depthwiseFilterGradient(x, dy, out, ...geometry) {
      const { batch, image, places, channels, taps, work } = sizesOf(geometry);
      addUp(context, { count: batch, values: taps, work, out }, ({ start, size }, to) => {
        const from = [x + start * image * BYTES, dy + start * places * channels * BYTES];
        return { name: 'depthwiseFilterGradient', values: [...from, to, ...overImages(geometry, size)] };
      });
    },
    columnsToImage(columns, dx, ...geometry) {
      const { batch, image, places, taps, work } = sizesOf(geometry);
      divide(context, { count: batch, work }, ({ start, size }) => {
        const values = [columns + start * places * taps * BYTES, dx + start * image * BYTES];
        return { name: 'columnsToImage', values: [...values, ...overImages(geometry, size)] };
      });
    },
    depthwiseConvolution(x, filter, bias, y, low, high, ...geometry) {
      const { batch, image, places, channels, work } = sizesOf(geometry);
      divide(context, { count: batch, work }, ({ start, size }) => {
        const values = [x + start * image * BYTES, filter, bias, y + start * places * channels * BYTES, low, high];
        return { name: 'depthwiseConvolution', values: [...values, ...overImages(geometry, size)] };
      });
    },
    depthwiseInputGradient(dy, filter, dx, ...geometry) {
      const { batch, image, places, channels, work } = sizesOf(geometry);
      divide(context, { count: batch, work }, ({ start, size }) => {
        const values = [dy + start * places * channels * BYTES, filter, dx + start * image * BYTES];
        return { name: 'depthwiseInputGradient', values: [...values, ...overImages(geometry, size)] };
      });
    },
    maxPoolGradient(x, dy, dx, ...geometry) {
      const { batch, image, places, channels, work } = sizesOf(geometry);
      divide(context, { count: batch, work }, ({ start, size }) => {
        const at = start * image * BYTES;
        const values = [x + at, dy + start * places * channels * BYTES, dx + at, ...overImages(geometry, size)];
        return { name: 'maxPoolGradient', values };
      });
    },
  };
}

function elementwise(context: Context): Partial<SimdKernels> {
  return {
    maskedGradient(x, dy, dx, count, low, high) {
      divide(context, { count, work: count }, ({ start, size }) => {
        const at = start * BYTES;
        return { name: 'maskedGradient', values: [x + at, dy + at, dx + at, size, low, high] };
      });
    },
    channelAffine(x, scale, shift, y, rows, channels) {
      divide(context, { count: rows, work: rows * channels }, ({ start, size }) => {
        const at = start * channels * BYTES;
        return { name: 'channelAffine', values: [x + at, scale, shift, y + at, size, channels] };
      });
    },
    channelScale(x, scale, y, rows, channels) {
      divide(context, { count: rows, work: rows * channels }, ({ start, size }) => {
        const at = start * channels * BYTES;
        return { name: 'channelScale', values: [x + at, scale, y + at, size, channels] };
      });
    },
  };
}

function sums(context: Context): Partial<SimdKernels> {
  const overRows = (
    rows: number,
    channels: number,
    out: number,
    call: (at: number, piece: Piece, to: number) => KernelCall,
  ) =>
    addUp(context, { count: rows, values: channels, work: rows * channels, out }, (piece, to) =>
      call(piece.start * channels * BYTES, piece, to),
    );
  return {
    maskedGradientSums(y, dy, dz, out, rows, channels, low, high) {
      overRows(rows, channels, out, (at, { size }, to) => {
        const values = [y + at, dy + at, dz + at, to, size, channels, low, high];
        return { name: 'maskedGradientSums', values };
      });
    },
    channelSums(x, out, rows, channels) {
      overRows(rows, channels, out, (at, { size }, to) => {
        return { name: 'channelSums', values: [x + at, to, size, channels] };
      });
    },
    channelProductSums(a, b, out, rows, channels) {
      overRows(rows, channels, out, (at, { size }, to) => {
        return { name: 'channelProductSums', values: [a + at, b + at, to, size, channels] };
      });
    },
    centeredProductSums(a, b, center, out, rows, channels) {
      overRows(rows, channels, out, (at, { size }, to) => {
        return { name: 'centeredProductSums', values: [a + at, b + at, center, to, size, channels] };
      });
    },
  };
}
