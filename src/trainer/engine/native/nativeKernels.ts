import * as tf from '@tensorflow/tfjs-core';
import { ABOVE_ZERO } from '../activationRange.ts';
import type { FusedActivation } from '../engine.ts';
import type { MaskAttributes, NormalizationAttributes, OwnKernel } from '../ownKernels.ts';
import { BACKEND } from './nodeBackend.ts';
import type { Attribute, Operations } from './operations.ts';

type Inputs = Record<string, tf.Tensor>;
type StockKernel = 'FusedConv2D' | 'FusedDepthwiseConv2D' | 'Conv2DBackpropInput' | 'Conv2DBackpropFilter';

const CHANNELS_LAST: Attribute = { name: 'data_format', kind: 'string', value: 'NHWC' };

/**
 * Registers the kernels of our own (see ownKernels.ts), and those of @tensorflow/tfjs-node anew that take more operations
 * than TensorFlow needs: a convolution adds its bias and limits its output by one operation each.
 */
export function registerNativeKernels(operations: Operations): void {
  registerChannelKernels(operations);
  registerNormalization(operations);
  registerConvolutions(operations);
}

/** Registers a kernel in place of the one that may be there; what it makes besides its result is disposed of. */
function registerKernel<Attributes extends object>(
  kernelName: OwnKernel | StockKernel,
  kernel: (inputs: Inputs, attributes: Attributes) => tf.Tensor | tf.Tensor[],
): void {
  if (tf.getKernel(kernelName, BACKEND) as tf.KernelConfig | undefined) tf.unregisterKernel(kernelName, BACKEND);
  tf.registerKernel({
    kernelName,
    backendName: BACKEND,
    kernelFunc: ({ inputs, attrs }) => tf.tidy(() => kernel(inputs as Inputs, attrs as unknown as Attributes)),
  });
}

function registerChannelKernels(operations: Operations): void {
  const sums = (x: tf.TensorInfo): tf.Tensor => operations.run('BiasAddGrad', [x], [CHANNELS_LAST]);
  const masked = (x: tf.Tensor, dy: tf.Tensor, limits: MaskAttributes): tf.Tensor =>
    maskedGradient(operations, x, dy, limits);

  registerKernel<MaskAttributes>('MaskedGradient', ({ x, dy }, limits) => masked(x, dy, limits));
  registerKernel<MaskAttributes>('MaskedGradientSums', ({ x, dy }, limits) => {
    const gradient = masked(x, dy, limits);
    return [gradient, sums(gradient)];
  });
  registerKernel('ChannelSums', ({ x }) => sums(x));
  registerKernel('ChannelProductSums', ({ a, b }) => sums(tf.mul(a, b)));
  registerKernel('CenteredProductSums', ({ a, b, center }) => sums(tf.mul(a, tf.sub(b, center))));
  registerKernel('ChannelAffine', ({ x, scale, shift }) => tf.add(tf.mul(x, scale), shift));
  registerKernel('ChannelScale', ({ x, scale }) => tf.mul(x, scale));
  registerKernel('ChannelMoments', ({ x }) => {
    const axes = x.shape.slice(0, -1).map((_, axis) => axis);
    const { mean, variance } = tf.moments(x, axes);
    return tf.stack([mean, variance]);
  });
}

/** ReLU and ReLU6, the only limits that training meets often, have gradients of their own in TensorFlow. */
function maskedGradient(operations: Operations, x: tf.Tensor, dy: tf.Tensor, { low, high }: MaskAttributes): tf.Tensor {
  if (low === ABOVE_ZERO && high === Infinity) return operations.run('ReluGrad', [dy, x]);
  if (low === ABOVE_ZERO && high < 6) return operations.run('Relu6Grad', [dy, x]);
  const passes = tf.logicalAnd(tf.greaterEqual(x, low), tf.lessEqual(x, high));
  return tf.where(passes, dy, tf.zerosLike(dy));
}

function registerNormalization(operations: Operations): void {
  registerKernel<NormalizationAttributes>('Normalize', ({ x, moments, gamma, beta }, { epsilon }) => {
    const [mean, variance] = tf.unstack(moments);
    const scale = tf.mul(gamma, tf.rsqrt(tf.add(variance, epsilon)));
    return tf.add(tf.mul(x, scale), tf.sub(beta, tf.mul(mean, scale)));
  });

  registerKernel<NormalizationAttributes>('NormalizationGradient', ({ x, dy, moments, gamma }, { epsilon }) => {
    const sums = (values: tf.Tensor): tf.Tensor => operations.run('BiasAddGrad', [values], [CHANNELS_LAST]);
    const [mean, variance] = tf.unstack(moments);
    const inverse = tf.rsqrt(tf.add(variance, epsilon));
    const count = x.size / gamma.size;
    const dbeta = sums(dy);
    const dgamma = tf.mul(sums(tf.mul(dy, tf.sub(x, mean))), inverse);
    // dx = gamma * inverse * (dy - dbeta / count - normalized x * dgamma / count), as one affine function of dy and of x.
    const scale = tf.mul(gamma, inverse);
    const slope = tf.div(tf.mul(tf.mul(scale, inverse), dgamma), count);
    const offset = tf.sub(tf.mul(slope, mean), tf.div(tf.mul(scale, dbeta), count));
    return [tf.add(tf.sub(tf.mul(dy, scale), tf.mul(x, slope)), offset), dgamma, dbeta];
  });
}

interface FusedAttributes {
  strides: [number, number];
  pad: 'same' | 'valid';
  dilations: [number, number];
  activation: FusedActivation;
}

interface GradientAttributes {
  strides: number | [number, number];
  pad: 'same' | 'valid' | number;
  dilations?: [number, number];
  inputShape?: [number, number, number, number];
  filterShape?: [number, number, number, number];
}

const ACTIVATIONS = { linear: null, relu: 'Relu', relu6: 'Relu6' } as const;

function registerConvolutions(operations: Operations): void {
  const fused =
    (convolution: 'Conv2D' | 'DepthwiseConv2dNative') =>
    ({ x, filter, bias }: Inputs, { strides, pad, dilations, activation }: FusedAttributes): tf.Tensor => {
      // Each is disposed of at once: these are the largest tensors there are.
      const product = operations.run(convolution, [x, filter], windowAttributes(strides, pad, dilations));
      const sum = operations.run('BiasAdd', [product, bias], [CHANNELS_LAST]);
      product.dispose();
      const name = ACTIVATIONS[activation];
      if (name === null) return sum;
      const output = operations.run(name, [sum]);
      sum.dispose();
      return output;
    };
  registerKernel<FusedAttributes>('FusedConv2D', fused('Conv2D'));
  registerKernel<FusedAttributes>('FusedDepthwiseConv2D', fused('DepthwiseConv2dNative'));

  // The stock ones leave out the dilations.
  registerKernel<GradientAttributes>('Conv2DBackpropInput', ({ dy, filter }, attributes) => {
    const { strides, pad, dilations, inputShape } = attributes;
    const sizes = tf.tensor1d(inputShape as number[], 'int32');
    return operations.run('Conv2DBackpropInput', [sizes, filter, dy], windowAttributes(strides, pad, dilations));
  });
  registerKernel<GradientAttributes>('Conv2DBackpropFilter', ({ x, dy }, attributes) => {
    const { strides, pad, dilations, filterShape } = attributes;
    const sizes = tf.tensor1d(filterShape as number[], 'int32');
    return operations.run('Conv2DBackpropFilter', [x, sizes, dy], windowAttributes(strides, pad, dilations));
  });
}

function windowAttributes(
  strides: number | [number, number],
  pad: 'same' | 'valid' | number,
  dilations: [number, number] = [1, 1],
): Attribute[] {
  if (typeof pad === 'number') throw new Error(`The padding ${pad} has no form in TensorFlow.`);
  const [vertical, horizontal] = typeof strides === 'number' ? [strides, strides] : strides;
  return [
    { name: 'strides', kind: 'ints', value: [1, vertical, horizontal, 1] },
    { name: 'padding', kind: 'string', value: pad.toUpperCase() },
    { name: 'dilations', kind: 'ints', value: [1, ...dilations, 1] },
    CHANNELS_LAST,
  ];
}
