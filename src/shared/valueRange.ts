import { ThawError } from './errors.ts';
import type { ValueRange } from './plan.ts';

/**
 * How pixels of 0 to 255 in the order red, green, blue become the input of a network: channel c of the input is
 * pixel[channelOrder[c]] * scale[c] + shift[c].
 */
export interface RangeTransform {
  scale: number[];
  shift: number[];
  channelOrder: number[];
}

/** Mean and deviation of ImageNet in 0 to 1, red, green, blue (torchvision's reference training). */
const IMAGENET_MEAN = [0.485, 0.456, 0.406];
const IMAGENET_DEVIATION = [0.229, 0.224, 0.225];
/** Mean of ImageNet in 0 to 255, blue, green, red (the VGG networks as published for Caffe). */
const CAFFE_MEAN = [103.939, 116.779, 123.68];

/**
 * The transform of a value range, to be applied to numbers or tensors.
 *
 * With one channel, `imagenet` takes the mean over the colours of its means (0.449) and deviations (0.226), and
 * `caffe` subtracts the mean of its three means (114.799).
 *
 * @param channels 1 or 3
 * @throws ThawError `internal` for any other number of channels
 */
export function rangeTransform(range: ValueRange, channels: number): RangeTransform {
  if (channels !== 1 && channels !== 3) {
    throw new ThawError({ reason: 'internal', detail: `pixels with ${channels} channels have no value range` });
  }
  const inOrder = channels === 1 ? [0] : [0, 1, 2];
  const same = (value: number): number[] => inOrder.map(() => value);
  const perColour = (values: number[]): number[] => (channels === 1 ? [mean(values)] : values);
  switch (range) {
    case '-1..1':
      return { scale: same(1 / 127.5), shift: same(-1), channelOrder: inOrder };
    case '0..1':
      return { scale: same(1 / 255), shift: same(0), channelOrder: inOrder };
    case '0..255':
      return { scale: same(1), shift: same(0), channelOrder: inOrder };
    case 'imagenet': {
      const means = perColour(IMAGENET_MEAN);
      const deviations = perColour(IMAGENET_DEVIATION);
      return {
        scale: deviations.map((deviation) => 1 / (255 * deviation)),
        shift: means.map((value, channel) => -value / deviations[channel]),
        channelOrder: inOrder,
      };
    }
    case 'caffe':
      return {
        scale: same(1),
        shift: perColour(CAFFE_MEAN).map((value) => -value),
        channelOrder: [...inOrder].reverse(),
      };
  }
}

/**
 * Brings pixels into the range a network was trained with.
 *
 * @param pixels [..., height, width, channels] with values of 0 to 255, red first
 * @returns an array of the same length
 * @throws ThawError `internal` unless there are 1 or 3 channels
 */
export function toNetworkRange(pixels: Uint8Array | Float32Array, channels: number, range: ValueRange): Float32Array {
  const { scale, shift, channelOrder } = rangeTransform(range, channels);
  const values = new Float32Array(pixels.length);
  for (let channel = 0; channel < channels; channel++) {
    const source = channelOrder[channel];
    for (let pixel = 0; pixel < pixels.length; pixel += channels) {
      values[pixel + channel] = pixels[pixel + source] * scale[channel] + shift[channel];
    }
  }
  return values;
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
