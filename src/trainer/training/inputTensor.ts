import * as tf from '@tensorflow/tfjs-core';
import type { ValueRange } from '../../shared/plan.ts';
import { toNetworkRange } from '../../shared/valueRange.ts';

/** What a network takes: its input size and the range its pixel values are brought to. */
export interface NetworkInput {
  height: number;
  width: number;
  channels: number;
  range: ValueRange;
}

/**
 * A batch [n, height, width, channels] from decoded images of the network's size. An image with one channel is repeated
 * for a network with three.
 */
export function inputTensor(images: readonly Uint8Array[], input: NetworkInput): tf.Tensor4D {
  const size = input.height * input.width * input.channels;
  const values = new Float32Array(images.length * size);
  images.forEach((pixels, position) => {
    const full = pixels.length === size ? pixels : repeatChannels(pixels, input.channels);
    values.set(toNetworkRange(full, input.channels, input.range), position * size);
  });
  return tf.tensor4d(values, [images.length, input.height, input.width, input.channels]);
}

function repeatChannels(gray: Uint8Array, channels: number): Uint8Array {
  const out = new Uint8Array(gray.length * channels);
  for (let i = 0; i < gray.length; i++) out.fill(gray[i], i * channels, (i + 1) * channels);
  return out;
}
