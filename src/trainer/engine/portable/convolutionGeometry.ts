import * as tf from '@tensorflow/tfjs-core';
import type { Geometry } from './simdKernels.ts';

export type Conv2DInfo = tf.backend_util.Conv2DInfo;
type Shape4D = [number, number, number, number];

/** TensorFlow.js gives the gradients of plain convolutions no dilations; the operations of the portable engine do. */
export interface Dilated {
  dilations?: [number, number] | number;
}

export interface Placement extends Dilated {
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Sizes and padding of a convolution in the layout NHWC; a depthwise one has outputs for each channel. */
export function conv2DInfo(
  inputShape: number[],
  filterShape: number[],
  attributes: Placement,
  depthwise = false,
): Conv2DInfo {
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
export function isPointwise(info: Conv2DInfo): boolean {
  const { top, bottom, left, right } = info.padInfo;
  const oneTap = info.filterHeight === 1 && info.filterWidth === 1;
  return oneTap && info.strideHeight === 1 && info.strideWidth === 1 && top + bottom + left + right === 0;
}
