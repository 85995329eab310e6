import * as tf from '@tensorflow/tfjs-core';
// The core package alone registers no gradients in Node; the layers bring them all.
import '@tensorflow/tfjs-layers';
import { ABOVE_ZERO } from './activationRange.ts';
import { runKernel } from './ownKernels.ts';

type Gradients = Record<string, () => tf.Tensor>;

/** Backends whose engine has registered the kernels that these gradients run. */
const quickBackends = new Set<string>();

/**
 * Replaces gradients of TensorFlow.js that tile tensors to full size or build masks of booleans by one pass over the
 * data. Gradients are shared by all backends, so on any other backend than those given here the stock ones go on working.
 */
export function registerQuickGradients(backend: string): void {
  const replaced = quickBackends.size > 0;
  quickBackends.add(backend);
  if (replaced) return;
  // At 0 nothing passes either, at 6 and at the bounds of a clip everything does: as in TensorFlow.js.
  replaceGradient('Relu', isFloat, (dy, [x]) => ({ x: () => masked(x, dy, ABOVE_ZERO, Infinity) }));
  replaceGradient('Relu6', isFloat, (dy, [x]) => ({ x: () => masked(x, dy, ABOVE_ZERO, 6) }));
  replaceGradient<tf.ClipByValueAttrs>('ClipByValue', isFloat, (dy, [x], { clipValueMin, clipValueMax }) => ({
    x: () => masked(x, dy, clipValueMin, clipValueMax),
  }));
  replaceGradient<tf.FusedBatchNormAttrs>('FusedBatchNorm', isPerChannel, batchNormalizationGradients);
}

function replaceGradient<Attributes extends object>(
  kernelName: string,
  applies: (saved: tf.Tensor[]) => boolean,
  gradients: (dy: tf.Tensor, saved: tf.Tensor[], attributes: Attributes) => Gradients,
): void {
  const stock = tf.getGradient(kernelName);
  tf.unregisterGradient(kernelName);
  tf.registerGradient({
    ...stock,
    gradFunc: (dy, saved, attributes) =>
      quickBackends.has(tf.getBackend()) && applies(saved)
        ? gradients(dy as tf.Tensor, saved, attributes as unknown as Attributes)
        : stock.gradFunc(dy, saved, attributes),
  });
}

function isFloat([x]: tf.Tensor[]): boolean {
  return x.dtype === 'float32';
}

function isPerChannel([x, ...statistics]: tf.Tensor[]): boolean {
  return x.dtype === 'float32' && statistics.every((statistic) => statistic?.rank === 1);
}

function masked(x: tf.Tensor, dy: tf.Tensor, low: number, high: number): tf.Tensor {
  return runKernel('MaskedGradient', { x, dy }, { low, high });
}

/** Batch normalization with given statistics: y = (x - mean) / deviation * scale + offset. */
function batchNormalizationGradients(
  dy: tf.Tensor,
  [x, mean, variance, scale]: tf.Tensor[],
  { varianceEpsilon }: tf.FusedBatchNormAttrs,
): Gradients {
  const inverse = () => tf.rsqrt(tf.add(variance, varianceEpsilon));
  const sums = () => runKernel('ChannelSums', { x: dy });
  const productSums = () => runKernel('CenteredProductSums', { a: dy, b: x, center: mean });
  return {
    x: () => runKernel('ChannelScale', { x: dy, scale: tf.mul(inverse(), scale) }),
    mean: () => tf.neg(tf.mul(tf.mul(inverse(), scale), sums())),
    variance: () => tf.mul(tf.mul(tf.pow(inverse(), 3), -0.5), tf.mul(scale, productSums())),
    scale: () => tf.mul(productSums(), inverse()),
    offset: sums,
  };
}
