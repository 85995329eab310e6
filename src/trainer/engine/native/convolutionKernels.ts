import * as tf from '@tensorflow/tfjs-core';
import type { FusedActivation } from '../engine.ts';
import { dilatedShape, dilateFilter, tapsOf } from './dilatedFilter.ts';
import { type Attribute, CHANNELS_LAST, type Operations } from './operations.ts';
import { BACKEND } from './nodeBackend.ts';
import { registerKernel } from './registerKernel.ts';

type Pair = [vertical: number, horizontal: number];

interface WindowAttributes {
  strides: number | Pair;
  pad: 'same' | 'valid' | number;
  dilations?: number | Pair | null;
}

interface FusedAttributes extends WindowAttributes {
  activation: FusedActivation;
}

interface GradientAttributes extends WindowAttributes {
  inputShape: number[];
  filterShape: number[];
}

type Convolution = 'Conv2D' | 'DepthwiseConv2dNative';

const ACTIVATIONS = { linear: null, relu: 'Relu', relu6: 'Relu6' } as const;

/** Registers convolutions that add a bias and limit their output by one operation each, and gradients with dilations. */
export function registerConvolutions(operations: Operations): void {
  registerFused(operations, 'FusedConv2D', 'Conv2D');
  registerFused(operations, 'FusedDepthwiseConv2D', 'DepthwiseConv2dNative');
  registerGradients(operations, 'Conv2D');
  registerGradients(operations, 'DepthwiseConv2dNative');
}

/** The stock kernel goes on computing what the layers of TensorFlow.js ask for besides. */
function registerFused(
  operations: Operations,
  kernel: 'FusedConv2D' | 'FusedDepthwiseConv2D',
  convolution: Convolution,
): void {
  const stock = tf.getKernel(kernel, BACKEND).kernelFunc;
  registerKernel<FusedAttributes>(kernel, (inputs, attributes) => {
    const { x, filter, bias } = inputs;
    const dilations = pair(attributes.dilations ?? 1);
    if (!bias || !(attributes.activation in ACTIVATIONS)) {
      return stock({ inputs, attrs: attributes as never, backend: tf.backend() }) as tf.Tensor;
    }
    const dense = isDilated(dilations) ? dilateFilter(filter, dilations) : filter;
    // Each is disposed of at once: these are the largest tensors there are.
    const product = operations.run(convolution, [x, dense], windowAttributes(attributes));
    const sum = operations.run('BiasAdd', [product, bias], [CHANNELS_LAST]);
    product.dispose();
    const name = ACTIVATIONS[attributes.activation];
    if (name === null) return sum;
    const output = operations.run(name, [sum]);
    sum.dispose();
    return output;
  });
}

function registerGradients(operations: Operations, convolution: Convolution): void {
  registerKernel<GradientAttributes>(`${convolution}BackpropInput`, ({ dy, filter }, attributes) => {
    const dilations = pair(attributes.dilations ?? 1);
    const dense = isDilated(dilations) ? dilateFilter(filter, dilations) : filter;
    const sizes = tf.tensor1d(attributes.inputShape, 'int32');
    return operations.run(`${convolution}BackpropInput`, [sizes, dense, dy], windowAttributes(attributes));
  });

  registerKernel<GradientAttributes>(`${convolution}BackpropFilter`, ({ x, dy }, attributes) => {
    const dilations = pair(attributes.dilations ?? 1);
    const sizes = tf.tensor1d(dilatedShape(attributes.filterShape, dilations), 'int32');
    const gradient = operations.run(`${convolution}BackpropFilter`, [x, sizes, dy], windowAttributes(attributes));
    return isDilated(dilations) ? tapsOf(gradient, dilations) : gradient;
  });
}

function windowAttributes({ strides, pad }: WindowAttributes): Attribute[] {
  if (typeof pad === 'number') throw new Error(`The padding ${pad} has no form in TensorFlow.`);
  return [
    { name: 'strides', kind: 'ints', value: [1, ...pair(strides), 1] },
    { name: 'padding', kind: 'string', value: pad.toUpperCase() },
    CHANNELS_LAST,
  ];
}

function pair(value: number | Pair): Pair {
  return typeof value === 'number' ? [value, value] : value;
}

function isDilated([vertical, horizontal]: Pair): boolean {
  return vertical > 1 || horizontal > 1;
}
