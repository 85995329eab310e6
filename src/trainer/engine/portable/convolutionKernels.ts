import * as tf from '@tensorflow/tfjs-core';
import { registerForwardConvolutions } from './convolutionForward.ts';
import { type Conv2DInfo, conv2DInfo, type Dilated, geometryOf, isPointwise } from './convolutionGeometry.ts';
import { addressOf, type KernelContext, newTensor, registerKernel, tidyKernel } from './kernelHeap.ts';
import { matrixProduct } from './matrixProduct.ts';

/** Columns of the input gradient that are in memory at a time, in values. */
const columnValues = 16 * 2 ** 20;

/** Registers the convolutions and their gradients that the WebAssembly backend has not, or only slowly. */
export function registerConvolutionKernels(context: KernelContext): void {
  registerForwardConvolutions(context);
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

function checkLayout(dataFormat: string | undefined): void {
  if (dataFormat !== undefined && dataFormat !== 'NHWC')
    throw new Error(`Gradients of ${dataFormat} are not supported.`);
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
      simd.matMulTransposedAScratch(columns, info.outChannels),
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

/** The filter with inputs and outputs exchanged and its taps reversed, [height, width, outputs, inputs]. */
function reversedFilter({ backend, simd }: KernelContext, filter: tf.TensorInfo): tf.Tensor4D {
  const [height, width, inputs, outputs] = filter.shape;
  const from = addressOf(backend, filter);
  const reversed = newTensor(backend, [height, width, outputs, inputs], (to) =>
    simd.reverseFilter(from, to, height * width, inputs, outputs),
  );
  return tf.engine().makeTensorFromTensorInfo(reversed) as tf.Tensor4D;
}

function inputGradient(
  context: KernelContext,
  dy: tf.Tensor4D,
  filter: tf.TensorInfo,
  info: Conv2DInfo,
): tf.TensorInfo {
  if (isPointwise(info)) {
    const rows = info.batchSize * info.outHeight * info.outWidth;
    const [a, b] = [addressOf(context.backend, dy), addressOf(context.backend, filter)];
    const sizes = { rows, inner: info.outChannels, columns: info.inChannels };
    return matrixProduct(context, info.inShape, { a, b, ...sizes, transposedB: true });
  }
  const padding = transposedPadding(info);
  if (padding === undefined) return inputGradientByColumns(context, dy, filter, info);
  const weights = reversedFilter(context, filter);
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
  context: KernelContext,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: Conv2DInfo,
): tf.TensorInfo {
  const { backend, simd } = context;
  const { outHeight, outWidth, outChannels } = info;
  const taps = info.filterHeight * info.filterWidth * info.inChannels;
  const places = outHeight * outWidth;
  const imagesAtOnce = Math.min(info.batchSize, Math.max(1, Math.floor(columnValues / (places * taps))));
  const imageBytes = info.inHeight * info.inWidth * info.inChannels * Float32Array.BYTES_PER_ELEMENT;
  const gradientBytes = places * outChannels * Float32Array.BYTES_PER_ELEMENT;
  const [gradient, weights] = [addressOf(backend, dy), addressOf(backend, filter)];
  return newTensor(backend, info.inShape, (dx) => {
    for (let image = 0; image < info.batchSize; image += imagesAtOnce) {
      const images = Math.min(imagesAtOnce, info.batchSize - image);
      const sizes = { rows: images * places, inner: outChannels, columns: taps };
      const matrices = { a: gradient + image * gradientBytes, b: weights, transposedB: true };
      const columns = matrixProduct(context, [sizes.rows, taps], { ...matrices, ...sizes });
      const geometry = geometryOf(info, info.inChannels, images);
      simd.columnsToImage(addressOf(backend, columns), dx + image * imageBytes, ...geometry);
      backend.disposeData(columns.dataId);
    }
  });
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
