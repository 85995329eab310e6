import * as tf from '@tensorflow/tfjs-core';
import type { Box as CropBox } from '../../shared/augmentation.ts';
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

/** Cuts one box out of each image of a batch and brings it back to full size; a box with x1 > x2 mirrors. */
export function cropAndFlip(batch: tf.Tensor4D, boxes: readonly CropBox[]): tf.Tensor4D {
  return tf.tidy(() =>
    tf.image.cropAndResize(
      batch,
      tf.tensor2d(
        boxes.flatMap((box) => [...box]),
        [boxes.length, 4],
      ),
      tf.range(0, boxes.length, 1, 'int32'),
      [batch.shape[1], batch.shape[2]],
    ),
  );
}

/** Whether a box is the whole image as it is. */
export function isWhole(box: CropBox): boolean {
  return box[0] === 0 && box[1] === 0 && box[2] === 1 && box[3] === 1;
}
