import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { SimdKernels } from './simdKernels.ts';

/** What a kernel works with: the backend that owns the tensors, and the functions that run on its memory. */
export interface KernelContext {
  backend: BackendWasm;
  simd: SimdKernels;
}

/** The address of a tensor. It stays valid when the heap grows; views of the heap in JavaScript do not. */
export function addressOf(backend: BackendWasm, tensor: tf.TensorInfo): number {
  const address: number | null = backend.dataIdMap.get(tensor.dataId).memoryOffset;
  if (address === null) throw new Error(`A tensor of ${tensor.dtype} has no address.`);
  return address;
}

/**
 * New float32 tensors of these shapes, filled by `fill`, which gets their addresses and that of `scratchValues` float32
 * values to work in. Whatever fails, nothing stays allocated.
 */
export function newTensors(
  backend: BackendWasm,
  shapes: number[][],
  fill: (addresses: number[], scratch: number) => void,
  scratchValues = 0,
): tf.TensorInfo[] {
  const tensors: tf.TensorInfo[] = [];
  try {
    for (const shape of shapes) tensors.push(backend.makeOutput(shape, 'float32'));
    const addresses = tensors.map((tensor) => addressOf(backend, tensor));
    if (scratchValues === 0) fill(addresses, 0);
    else withScratch(backend, scratchValues, (scratch) => fill(addresses, scratch));
    return tensors;
  } catch (error) {
    for (const tensor of tensors) backend.disposeData(tensor.dataId);
    throw error;
  }
}

/** `newTensors` of one shape. */
export function newTensor(
  backend: BackendWasm,
  shape: number[],
  fill: (address: number, scratch: number) => void,
  scratchValues = 0,
): tf.TensorInfo {
  const [tensor] = newTensors(backend, [shape], ([address], scratch) => fill(address, scratch), scratchValues);
  return tensor;
}

function withScratch(backend: BackendWasm, values: number, use: (scratch: number) => void): void {
  const scratch = backend.makeOutput([values], 'float32');
  try {
    use(addressOf(backend, scratch));
  } finally {
    backend.disposeData(scratch.dataId);
  }
}

type KernelInputs = Record<string, tf.TensorInfo>;

/** Registers a kernel of the WebAssembly backend in place of the one that may be there. */
export function registerKernel<Attributes extends object>(
  kernelName: string,
  kernel: (inputs: KernelInputs, attributes: Attributes) => tf.TensorInfo | tf.TensorInfo[],
): void {
  const stock = tf.getKernel(kernelName, 'wasm') as tf.KernelConfig | undefined;
  if (stock) tf.unregisterKernel(kernelName, 'wasm');
  // The set-up of a stock kernel has to stay: the new one may call it.
  tf.registerKernel({
    ...stock,
    kernelName,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs }) => kernel(inputs as KernelInputs, attrs as unknown as Attributes),
  });
}

/** `tf.tidy` inside a kernel, whose result may be no more than the description of a tensor. */
export function tidyKernel<T extends tf.TensorInfo | tf.TensorInfo[]>(compute: () => T): T {
  return tf.tidy(compute as unknown as () => tf.Tensor) as unknown as T;
}

/** Rows x channels of a tensor whose last axis are the channels. */
export function rowsAndChannels(shape: number[]): [rows: number, channels: number] {
  const channels = shape[shape.length - 1];
  const size = tf.util.sizeFromShape(shape);
  return [size === 0 ? 0 : size / channels, channels];
}
