import * as tf from '@tensorflow/tfjs-core';
import type { OwnKernel } from '../ownKernels.ts';
import { BACKEND } from './nodeBackend.ts';

export type KernelInputs = Record<string, tf.Tensor>;

/** Kernels of @tensorflow/tfjs-node that are replaced. */
type ReplacedKernel =
  | 'FusedConv2D'
  | 'FusedDepthwiseConv2D'
  | 'Conv2DBackpropInput'
  | 'Conv2DBackpropFilter'
  | 'DepthwiseConv2dNativeBackpropInput'
  | 'DepthwiseConv2dNativeBackpropFilter';

/** Registers a kernel in place of the one that may be there; what it makes besides its result is disposed of. */
export function registerKernel<Attributes extends object>(
  kernelName: OwnKernel | ReplacedKernel,
  kernel: (inputs: KernelInputs, attributes: Attributes) => tf.Tensor | tf.Tensor[],
): void {
  if (tf.getKernel(kernelName, BACKEND) as tf.KernelConfig | undefined) tf.unregisterKernel(kernelName, BACKEND);
  tf.registerKernel({
    kernelName,
    backendName: BACKEND,
    kernelFunc: ({ inputs, attrs }) => tf.tidy(() => kernel(inputs as KernelInputs, attrs as unknown as Attributes)),
  });
}
