import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js';
import type { TFJSBinding } from '@tensorflow/tfjs-node/dist/tfjs_binding.js';
import { restoreRemovedNodeFunctions } from './removedNodeFunctions.ts';

export type NodeBackend = NodeJSKernelBackend;
export type Binding = TFJSBinding;

/** What the backend does with tensors; private in its declaration. */
interface Internals {
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
  createOutputTensor(metadata: unknown): tf.Tensor;
}

/** The numbers that the binding knows tensors by, and tensors of its results. */
export function internalsOf(backend: NodeBackend): Internals {
  return backend as unknown as Internals;
}

/** Name of the backend in TensorFlow.js. */
export const BACKEND = 'tensorflow';

/**
 * Makes TensorFlow the current backend of TensorFlow.js: what `import '@tensorflow/tfjs-node'` does, but with the native
 * addon from any place. Throws what loading the addon throws.
 *
 * @param binding path of `tfjs_binding.node`
 */
export async function startNodeBackend(binding: string): Promise<NodeBackend> {
  restoreRemovedNodeFunctions();
  // TensorFlow tells which instructions it was built with, on every start; errors still come as exceptions.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  const addon = createRequire(import.meta.url)(binding) as Binding;
  const { NodeJSKernelBackend: Backend } = await import('@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js');
  await import('@tensorflow/tfjs-node/dist/register_all_kernels.js');
  if (tf.findBackend(BACKEND) === null) tf.registerBackend(BACKEND, () => new Backend(addon, '@tensorflow/tfjs-node'));
  if (!(await tf.setBackend(BACKEND))) throw new Error('TensorFlow did not start');
  return tf.backend() as unknown as NodeBackend;
}
