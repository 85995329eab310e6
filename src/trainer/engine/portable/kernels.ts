import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { registerChannelKernels } from './channelKernels.ts';
import { registerConvolutionKernels } from './convolutionKernels.ts';
import { registerOtherKernels } from './otherKernels.ts';
import type { SimdKernels } from './simdKernels.ts';

const completed = new WeakSet<BackendWasm>();

/**
 * Completes the WebAssembly backend for training: kernels it lacks, kernels it has wrong or slow, and kernels of our
 * own. The backend must be initialized (stock kernels are called by some of these). Once a backend is enough.
 */
export function registerTrainingKernels(backend: BackendWasm, simd: SimdKernels): void {
  if (completed.has(backend)) return;
  completed.add(backend);
  registerChannelKernels({ backend, simd });
  registerConvolutionKernels({ backend, simd });
  registerOtherKernels({ backend, simd });
}
