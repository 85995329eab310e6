import type * as tf from '@tensorflow/tfjs-core';
import { type KernelContext, newTensor } from './kernelHeap.ts';

/** Below it, packing the second matrix costs more than the quicker product gains. */
const LEAST_ROWS = 24;

/** Below it, the time goes into the output, and packing comes on top. */
const LEAST_INNER = 4;

/** Matrices as addresses in the heap. */
export interface MatrixProduct {
  /** [rows, inner] */
  a: number;
  /** [inner, columns], or [columns, inner] where `transposedB`. */
  b: number;
  /** [columns]; 0 where there is none. */
  bias?: number;
  rows: number;
  inner: number;
  columns: number;
  transposedB?: boolean;
  /** What the values are limited to. Default: nothing. */
  limits?: [low: number, high: number];
}

/**
 * Whether `matrixProduct` is quicker than the product of TensorFlow.js, which keeps its second matrix packed from call
 * to call: measured on an x86 processor over 1 to 3136 rows, inner sizes of 1 to 512 and 1 to 1280 columns.
 */
export function ownProductPays(rows: number, inner: number): boolean {
  return rows >= LEAST_ROWS && inner >= LEAST_INNER;
}

/** a b + bias, limited, as a new tensor of `shape`, which has rows x columns values. */
export function matrixProduct(
  { backend, simd }: KernelContext,
  shape: number[],
  product: MatrixProduct,
): tf.TensorInfo {
  const { a, b, bias = 0, rows, inner, columns, transposedB = false, limits = [-Infinity, Infinity] } = product;
  return newTensor(
    backend,
    shape,
    (out, scratch) => simd.matMul(a, b, bias, out, scratch, rows, inner, columns, Number(transposedB), ...limits),
    simd.matMulScratch(rows, inner, columns),
  );
}
