import * as tf from '@tensorflow/tfjs-core';
import { ThawError } from '../../../shared/errors.ts';
import type { Engine } from '../engine.ts';
import { foldedOperations } from '../foldedOperations.ts';
import { registerQuickGradients } from '../quickGradients.ts';
import { registerNativeKernels } from './nativeKernels.ts';
import { NativeFunction } from './nativeFunction.ts';
import { BACKEND, startNodeBackend } from './nodeBackend.ts';
import { Operations } from './operations.ts';

export interface NativeEngineOptions {
  /** Path of `tfjs_binding.node`; the libraries of TensorFlow lie where it looks for them. */
  binding: string;
}

/**
 * TensorFlow itself, through @tensorflow/tfjs-node. It becomes the current backend of TensorFlow.js. What the native
 * code does on a processor that it was not built for cannot be caught: prove it in another process first.
 * Throws `ThawError` `engineUnavailable`.
 */
export async function createNativeEngine({ binding }: NativeEngineOptions): Promise<Engine> {
  const backend = await startNodeBackend(binding).catch((error: unknown) => {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ThawError({ reason: 'engineUnavailable', engine: 'native', detail });
  });
  registerNativeKernels(new Operations(backend));
  registerQuickGradients(BACKEND);
  return {
    name: 'native',
    backend: BACKEND,
    version: `tfjs ${tf.version_core}, TensorFlow ${backend.binding.TF_Version}`,
    operations: foldedOperations,
    async read(tensor) {
      const values = await tensor.data();
      return values instanceof Float32Array ? values : Float32Array.from(values as Iterable<number>);
    },
    compile: (variables, compute) => new NativeFunction(backend, variables, compute),
    prefersFixedShapes: true,
    // TensorFlow takes its memory from the system and does not say how much.
    memory: () => ({ heapBytes: 0, tensors: tf.memory().numTensors }),
  };
}
