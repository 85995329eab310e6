import * as tf from '@tensorflow/tfjs-core';
import { outputLimits } from '../activationRange.ts';
import { type Conv2DInfo, conv2DInfo, geometryOf, isPointwise, type Placement } from './convolutionGeometry.ts';
import { addressOf, type KernelContext, newTensor, registerKernel } from './kernelHeap.ts';
import { matrixProduct, ownProductPays } from './matrixProduct.ts';

/** A convolution that the stock kernel may be spared. `bias` is 0 where there is none. */
interface Forward {
  x: number;
  filter: number;
  bias: number;
  limits: [low: number, high: number];
  info: Conv2DInfo;
}

/** Registers the convolutions without gradients that the WebAssembly backend computes slowly. */
export function registerForwardConvolutions(context: KernelContext): void {
  for (const name of ['Conv2D', 'FusedConv2D']) {
    replaceConvolution(context, name, false, (forward) => pointwiseConvolution(context, forward));
  }
  for (const name of ['DepthwiseConv2dNative', 'FusedDepthwiseConv2D']) {
    replaceConvolution(context, name, true, (forward) => depthwiseConvolution(context, forward));
  }
}

/** The stock kernel stays in use for other activations and layouts, and where `compute` gives undefined. */
function replaceConvolution(
  { backend }: KernelContext,
  name: string,
  depthwise: boolean,
  compute: (forward: Forward) => tf.TensorInfo | undefined,
): void {
  const stock = tf.getKernel(name, 'wasm').kernelFunc;
  registerKernel<Partial<tf.FusedConv2DAttrs>>(name, (inputs, attributes) => {
    const { x, filter } = inputs;
    const bias = inputs.bias as tf.TensorInfo | undefined;
    const limits = outputLimits(attributes.activation);
    const plain = () => stock({ inputs, attrs: attributes, backend });
    if (!limits || (attributes.dataFormat ?? 'NHWC') !== 'NHWC') return plain();
    const info = conv2DInfo(x.shape, filter.shape, attributes as Placement, depthwise);
    if (bias && (bias.shape.length !== 1 || bias.shape[0] !== info.outChannels)) return plain();
    const address = addressOf.bind(undefined, backend);
    const addresses = { x: address(x), filter: address(filter), bias: bias ? address(bias) : 0 };
    return compute({ ...addresses, limits, info }) ?? plain();
  });
}

function outputShape({ batchSize, outHeight, outWidth, outChannels }: Conv2DInfo): number[] {
  return [batchSize, outHeight, outWidth, outChannels];
}

function pointwiseConvolution(context: KernelContext, { x, filter, bias, limits, info }: Forward) {
  const { inChannels: inner, outChannels: columns } = info;
  const rows = info.batchSize * info.outHeight * info.outWidth;
  if (!isPointwise(info) || !ownProductPays(rows, inner)) return undefined;
  return matrixProduct(context, outputShape(info), { a: x, b: filter, bias, rows, inner, columns, limits });
}

/** Several filters a channel are left to the stock kernel. */
function depthwiseConvolution({ backend, simd }: KernelContext, { x, filter, bias, limits, info }: Forward) {
  if (info.outChannels !== info.inChannels) return undefined;
  return newTensor(backend, outputShape(info), (y) =>
    simd.depthwiseConvolution(x, filter, bias, y, ...limits, ...geometryOf(info)),
  );
}
