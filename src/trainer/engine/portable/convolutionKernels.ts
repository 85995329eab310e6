import * as tf from '@tensorflow/tfjs-core';
import { addressOf, type KernelContext, newTensor, registerKernel, tidyKernel } from './kernelHeap.ts';
import type { Geometry } from './simdKernels.ts';

type Conv2DInfo = tf.backend_util.Conv2DInfo;
type Shape4D = [number, number, number, number];

/** TensorFlow.js gives the gradients of plain convolutions no dilations; the operations of the portable engine do. */
interface Dilated {
  dilations?: [number, number] | number;
}

interface Placement extends Dilated {
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Columns of the input gradient that are in memory at a time, in values. */
const columnValues = 16 * 2 ** 20;

/** Registers the convolutions and their gradients that the WebAssembly backend has not, or only slowly. */
export function registerConvolutionKernels(context: KernelContext): void {
  registerDepthwiseConvolutions(context);
  registerKernel<tf.Conv2DBackpropFilterAttrs & Dilated>('Conv2DBackpropFilter', ({ x, dy }, attributes) => {
    checkLayout(attributes.dataFormat);
    const info = conv2DInfo(x.shape, attributes.filterShape, attributes);
    return filterGradient(context, x, dy, info);
  });
  registerKernel<tf.Conv2DBackpropInputAttrs & Dilated>('Conv2DBackpropInput', ({ dy, filter }, attributes) => {
    checkLayout(attributes.dataFormat);
    const info = conv2DInfo(attributes.inputShape, filter.shape, attributes);
    return tidyKernel(() => inputGradient(context, dy as tf.Tensor4D, filter, info));
  });
  registerKernel<tf.DepthwiseConv2dNativeBackpropFilterAttrs>(
    'DepthwiseConv2dNativeBackpropFilter',
    ({ x, dy }, attributes) => {
      const info = conv2DInfo(x.shape, attributes.filterShape, attributes, true);
      return depthwiseFilterGradient(context, x, dy, info);
    },
  );
  registerKernel<tf.DepthwiseConv2dNativeBackpropInputAttrs>(
    'DepthwiseConv2dNativeBackpropInput',
    ({ dy, filter }, attributes) => {
      const info = conv2DInfo(attributes.inputShape, filter.shape, attributes, true);
      return depthwiseInputGradient(context, dy, filter, info);
    },
  );
}

/** What an activation limits its output to; undefined where it is of another kind. */
function outputLimits(activation: string | undefined): [low: number, high: number] | undefined {
  switch (activation) {
    case undefined:
    case 'linear':
      return [-Infinity, Infinity];
    case 'relu':
      return [0, Infinity];
    case 'relu6':
      return [0, 6];
    default:
      return undefined;
  }
}

/** The stock kernels stay in use for several filters a channel and for other activations. */
function registerDepthwiseConvolutions(context: KernelContext): void {
  const { backend, simd } = context;
  for (const name of ['DepthwiseConv2dNative', 'FusedDepthwiseConv2D']) {
    const stock = tf.getKernel(name, 'wasm').kernelFunc;
    registerKernel<Partial<tf.FusedDepthwiseConv2DAttrs>>(name, (inputs, attributes) => {
      const { x, filter } = inputs;
      const bias = inputs.bias as tf.TensorInfo | undefined;
      const limits = outputLimits(attributes.activation);
      const info = conv2DInfo(x.shape, filter.shape, attributes as Placement, true);
      const [height, width, channels] = info.outShape.slice(1);
      const usual = (attributes.dataFormat ?? 'NHWC') === 'NHWC' && filter.shape[3] === 1;
      const biasFits = !bias || (bias.shape.length === 1 && bias.shape[0] === channels);
      if (!limits || !usual || !biasFits) {
        return stock({ inputs, attrs: attributes, backend });
      }
      const addresses = [
        addressOf(backend, x),
        addressOf(backend, filter),
        bias ? addressOf(backend, bias) : 0,
      ] as const;
      return newTensor(backend, [info.batchSize, height, width, channels], (y) =>
        simd.depthwiseConvolution(...addresses, y, ...limits, ...geometryOf(info)),
      );
    });
  }
}

function checkLayout(dataFormat: string | undefined): void {
  if (dataFormat !== undefined && dataFormat !== 'NHWC')
    throw new Error(`Gradients of ${dataFormat} are not supported.`);
}

function conv2DInfo(inputShape: number[], filterShape: number[], attributes: Placement, depthwise = false): Conv2DInfo {
  return tf.backend_util.computeConv2DInfo(
    inputShape as Shape4D,
    filterShape as Shape4D,
    attributes.strides,
    attributes.dilations ?? 1,
    attributes.pad,
    attributes.dimRoundingMode,
    depthwise,
    'channelsLast',
  );
}

/** The arguments of a kernel that describe a convolution or pooling, over `channels` channels and `batch` images. */
export function geometryOf(info: Conv2DInfo, channels = info.inChannels, batch = info.batchSize): Geometry {
  return [
    batch,
    info.inHeight,
    info.inWidth,
    channels,
    info.outHeight,
    info.outWidth,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.dilationHeight,
    info.dilationWidth,
    info.padInfo.top,
    info.padInfo.left,
  ];
}

/** A 1x1 convolution that sees every place once is a product of matrices. */
function isPointwise(info: Conv2DInfo): boolean {
  const { top, bottom, left, right } = info.padInfo;
  const oneTap = info.filterHeight === 1 && info.filterWidth === 1;
  return oneTap && info.strideHeight === 1 && info.strideWidth === 1 && top + bottom + left + right === 0;
}

function filterGradient({ backend, simd }: KernelContext, x: tf.TensorInfo, dy: tf.TensorInfo, info: Conv2DInfo) {
  const columns = info.filterHeight * info.filterWidth * info.inChannels;
  const [seen, gradient] = [addressOf(backend, x), addressOf(backend, dy)];
  if (isPointwise(info)) {
    const rows = info.batchSize * info.outHeight * info.outWidth;
    return newTensor(
      backend,
      info.filterShape,
      (out, scratch) => simd.matMulTransposedA(seen, gradient, out, scratch, rows, columns, info.outChannels),
      simd.matMulScratch(columns, info.outChannels),
    );
  }
  return newTensor(
    backend,
    info.filterShape,
    (out, scratch) =>
      simd.convolutionFilterGradient(seen, gradient, out, scratch, info.outChannels, ...geometryOf(info)),
    simd.convolutionFilterScratch(columns, info.outChannels),
  );
}

/** The filter with inputs and outputs exchanged, [height, width, outputs, inputs], its taps reversed on demand. */
function transposedFilter({ backend, simd }: KernelContext, filter: tf.TensorInfo, reverse: boolean): tf.Tensor4D {
  const [height, width, inputs, outputs] = filter.shape;
  const from = addressOf(backend, filter);
  const transposed = newTensor(backend, [height, width, outputs, inputs], (to) =>
    simd.transposeFilter(from, to, height * width, inputs, outputs, Number(reverse)),
  );
  return tf.engine().makeTensorFromTensorInfo(transposed) as tf.Tensor4D;
}

function inputGradient(
  context: KernelContext,
  dy: tf.Tensor4D,
  filter: tf.TensorInfo,
  info: Conv2DInfo,
): tf.TensorInfo {
  if (isPointwise(info)) {
    const weights = tf.reshape(transposedFilter(context, filter, false), [info.outChannels, info.inChannels]);
    return tf.reshape(tf.matMul(tf.reshape(dy, [-1, info.outChannels]), weights), info.inShape);
  }
  const padding = transposedPadding(info);
  if (padding === undefined) return inputGradientByColumns(context, dy, filter, info);
  const weights = transposedFilter(context, filter, true);
  const dilations: [number, number] = [info.dilationHeight, info.dilationWidth];
  return tf.conv2d(dy, weights, 1, padding, 'NHWC', dilations);
}

/**
 * The padding with which the convolution of the gradient by the reversed filter has the size of the input; undefined
 * where no padding does, as with strides.
 */
function transposedPadding(info: Conv2DInfo): tf.backend_util.ExplicitPadding | undefined {
  if (info.strideHeight !== 1 || info.strideWidth !== 1) return undefined;
  const reachY = (info.filterHeight - 1) * info.dilationHeight;
  const reachX = (info.filterWidth - 1) * info.dilationWidth;
  const top = reachY - info.padInfo.top;
  const left = reachX - info.padInfo.left;
  const bottom = info.inHeight - info.outHeight + reachY - top;
  const right = info.inWidth - info.outWidth + reachX - left;
  if (Math.min(top, bottom, left, right) < 0) return undefined;
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}

/** What each output place gives to all the inputs it saw, as one product of matrices, then added up place by place. */
function inputGradientByColumns(
  { backend, simd }: KernelContext,
  dy: tf.Tensor4D,
  filter: tf.TensorInfo,
  info: Conv2DInfo,
): tf.TensorInfo {
  const { outHeight, outWidth, outChannels } = info;
  const taps = info.filterHeight * info.filterWidth * info.inChannels;
  const places = outHeight * outWidth;
  const imagesAtOnce = Math.min(info.batchSize, Math.max(1, Math.floor(columnValues / (places * taps))));
  const imageBytes = info.inHeight * info.inWidth * info.inChannels * Float32Array.BYTES_PER_ELEMENT;
  const weights = transposedMatrix({ backend, simd }, filter, taps, outChannels);
  return newTensor(backend, info.inShape, (dx) => {
    for (let image = 0; image < info.batchSize; image += imagesAtOnce) {
      const images = Math.min(imagesAtOnce, info.batchSize - image);
      tf.tidy(() => {
        const part = tf.slice(dy, [image, 0, 0, 0], [images, outHeight, outWidth, outChannels]);
        const columns = tf.matMul(tf.reshape(part, [images * places, outChannels]), weights);
        const to = dx + image * imageBytes;
        simd.columnsToImage(addressOf(backend, columns), to, ...geometryOf(info, info.inChannels, images));
      });
    }
  });
}

/** A filter as the matrix [outputs, taps x inputs]. */
function transposedMatrix({ backend, simd }: KernelContext, filter: tf.TensorInfo, taps: number, outputs: number) {
  const from = addressOf(backend, filter);
  const matrix = newTensor(backend, [outputs, taps], (to) => simd.transposeFilter(from, to, 1, taps, outputs, 0));
  return tf.engine().makeTensorFromTensorInfo(matrix) as tf.Tensor2D;
}

function depthwiseFilterGradient(context: KernelContext, x: tf.TensorInfo, dy: tf.TensorInfo, info: Conv2DInfo) {
  const { backend, simd } = context;
  const multiplier = info.outChannels / info.inChannels;
  const places = info.batchSize * info.inHeight * info.inWidth * info.inChannels;
  const [seen, gradient] = [addressOf(backend, x), addressOf(backend, dy)];
  const geometry = geometryOf(info, info.outChannels);
  if (multiplier === 1) {
    return newTensor(backend, info.filterShape, (out) =>
      simd.depthwiseFilterGradient(seen, gradient, out, ...geometry),
    );
  }
  return newTensor(
    backend,
    info.filterShape,
    (out, repeated) => {
      simd.repeatChannels(seen, repeated, places, multiplier);
      simd.depthwiseFilterGradient(repeated, gradient, out, ...geometry);
    },
    places * multiplier,
  );
}

function depthwiseInputGradient(context: KernelContext, dy: tf.TensorInfo, filter: tf.TensorInfo, info: Conv2DInfo) {
  const { backend, simd } = context;
  const multiplier = info.outChannels / info.inChannels;
  const places = info.batchSize * info.inHeight * info.inWidth * info.inChannels;
  const [gradient, weights] = [addressOf(backend, dy), addressOf(backend, filter)];
  const geometry = geometryOf(info, info.outChannels);
  if (multiplier === 1) {
    return newTensor(backend, info.inShape, (dx) => simd.depthwiseInputGradient(gradient, weights, dx, ...geometry));
  }
  return newTensor(
    backend,
    info.inShape,
    (dx, repeated) => {
      simd.depthwiseInputGradient(gradient, weights, repeated, ...geometry);
      simd.sumChannelGroups(repeated, dx, places, multiplier);
    },
    places * multiplier,
  );
}
