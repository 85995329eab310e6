import * as tf from '@tensorflow/tfjs-core';
import { geometryOf } from './convolutionGeometry.ts';
import { addressOf, type KernelContext, newTensor, registerKernel, tidyKernel } from './kernelHeap.ts';
import { matrixProduct, ownProductPays } from './matrixProduct.ts';

/** Registers the kernels that the WebAssembly backend lacks, has wrong or has slow, other than convolutions. */
export function registerOtherKernels(context: KernelContext): void {
  registerMaxPoolGradient(context);
  registerMatrixProduct(context);
  registerSegmentSum(context);
  registerIdentity(context);
}

/** The stock kernel takes the smallest positive number for the lowest, and is wrong where no value of a window is positive. */
function registerMaxPoolGradient({ backend, simd }: KernelContext): void {
  registerKernel<tf.MaxPoolGradAttrs>('MaxPoolGrad', ({ dy, input }, { filterSize, strides, pad, dimRoundingMode }) => {
    const shape = input.shape as [number, number, number, number];
    const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
    const [x, gradient] = [addressOf(backend, input), addressOf(backend, dy)];
    return newTensor(backend, input.shape, (dx) => simd.maxPoolGradient(x, gradient, dx, ...geometryOf(info)));
  });
}

/**
 * The stock kernel is slow where a matrix is transposed, as in the gradients of products, and slower than ours where
 * the matrices are large.
 */
function registerMatrixProduct(context: KernelContext): void {
  const { backend } = context;
  const stock = tf.getKernel('BatchMatMul', 'wasm').kernelFunc;
  registerKernel<tf.BatchMatMulAttrs>('BatchMatMul', ({ a, b }, attributes) => {
    const { transposeA, transposeB } = attributes;
    if (isMatrix(a) && isMatrix(b)) {
      if (transposeA && !transposeB) return transposedProduct(context, a, b);
      const [rows, inner] = a.shape.slice(-2);
      if (!transposeA && (transposeB || ownProductPays(rows, inner))) return plainProduct(context, a, b, transposeB);
    }
    return tidyKernel(() => {
      const left = transposeA ? transposed(a) : a;
      const right = transposeB ? transposed(b) : b;
      return stock({ inputs: { a: left, b: right }, attrs: { transposeA: false, transposeB: false }, backend });
    });
  });
}

function plainProduct(context: KernelContext, a: tf.TensorInfo, b: tf.TensorInfo, transposedB: boolean) {
  const [rows, inner] = a.shape.slice(-2);
  const [columns, bInner] = transposedB ? b.shape.slice(-2) : b.shape.slice(-2).reverse();
  checkFit(inner === bInner, a, b);
  const [left, right] = [addressOf(context.backend, a), addressOf(context.backend, b)];
  return matrixProduct(context, productShape(a, b, rows, columns), {
    a: left,
    b: right,
    rows,
    inner,
    columns,
    transposedB,
  });
}

/** The product whose first matrix is transposed. */
function transposedProduct({ backend, simd }: KernelContext, a: tf.TensorInfo, b: tf.TensorInfo) {
  const [rows, aColumns] = a.shape.slice(-2);
  const [bRows, bColumns] = b.shape.slice(-2);
  checkFit(rows === bRows, a, b);
  const [left, right] = [addressOf(backend, a), addressOf(backend, b)];
  return newTensor(
    backend,
    productShape(a, b, aColumns, bColumns),
    (out, scratch) => simd.matMulTransposedA(left, right, out, scratch, rows, aColumns, bColumns),
    simd.matMulTransposedAScratch(aColumns, bColumns),
  );
}

function checkFit(fits: boolean, a: tf.TensorInfo, b: tf.TensorInfo): void {
  if (!fits) throw new Error(`Shapes ${a.shape.join('x')} and ${b.shape.join('x')} do not fit for a product.`);
}

/** With as many axes of length 1 in front as the longer of the two has. */
function productShape(a: tf.TensorInfo, b: tf.TensorInfo, rows: number, columns: number): number[] {
  return [...(a.shape.length >= b.shape.length ? a : b).shape.slice(0, -2), rows, columns];
}

function isMatrix(tensor: tf.TensorInfo): boolean {
  return tensor.dtype === 'float32' && tensor.shape.slice(0, -2).every((size) => size === 1);
}

function transposed(tensor: tf.TensorInfo): tf.Tensor {
  const axes = [...tensor.shape.keys()];
  const [last, secondLast] = [axes.pop(), axes.pop()] as [number, number];
  return tf.transpose(tensor as tf.Tensor, [...axes, last, secondLast]);
}

/** The stock kernel copies the values; the tape clones every tensor that it keeps. */
function registerIdentity({ backend }: KernelContext): void {
  registerKernel('Identity', ({ x }) => {
    backend.incRef(x.dataId);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  });
}

/** The gradient of `tf.gather`. Rows of a segment below 0 or from `numSegments` on are left out, as elsewhere. */
function registerSegmentSum({ backend }: KernelContext): void {
  registerKernel<tf.UnsortedSegmentSumAttrs>('UnsortedSegmentSum', ({ x, segmentIds }, { numSegments }) => {
    if (segmentIds.shape.length !== 1) throw new Error('Segments of more than one axis are not supported.');
    const shape = [numSegments, ...x.shape.slice(1)];
    const rowSize = tf.util.sizeFromShape(x.shape.slice(1));
    const out = backend.makeOutput(shape, x.dtype);
    // Only now: making the output may have moved the heap away from under older views.
    const [values, ids, sums] = [x, segmentIds, out].map((tensor) => backend.typedArrayFromHeap(tensor));
    sums.fill(0);
    ids.forEach((id, row) => {
      if (id < 0 || id >= numSegments) return;
      for (let i = 0; i < rowSize; i++) sums[id * rowSize + i] += values[row * rowSize + i];
    });
    return out;
  });
}
