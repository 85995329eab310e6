import { Random } from './random.ts';
import type { MeasuredDistance } from './similarity.ts';
import { mean, normalQuantile } from './statistics.ts';

/** What one batch normalization meets and expects, per channel. */
export interface LayerMoments {
  layer: string;
  /** Sums over the pixels of each image, [images, channels]. */
  sums: Float64Array;
  squares: Float64Array;
  /** Pixels of an image at this layer. */
  pixels: number;
  movingMean: Float32Array;
  /** Epsilon included. */
  movingVariance: Float32Array;
}

const RESAMPLES = 200;

/**
 * How far images are from what a network saw before: per batch normalization, the mean over channels of
 * ((mean - mean_s)^2 + (std - std_s)^2) / std_s^2, where mean_s and std_s are the layer's moving statistics and mean and
 * std those of its input, pooled over images and pixels. Precedents: https://arxiv.org/abs/1603.04779,
 * https://arxiv.org/abs/2107.00191.
 *
 * @param times how often each image counts
 * @returns a distance for each layer
 */
export function layerDistances(layers: readonly LayerMoments[], times: ArrayLike<number>): number[] {
  return layers.map((layer) => layerDistance(layer, times));
}

function layerDistance(
  { sums, squares, pixels, movingMean, movingVariance }: LayerMoments,
  times: ArrayLike<number>,
): number {
  const channels = movingMean.length;
  const sum = new Float64Array(channels);
  const square = new Float64Array(channels);
  let images = 0;
  for (let image = 0; image < times.length; image++) {
    const weight = times[image];
    if (weight === 0) continue;
    images += weight;
    for (let channel = 0, at = image * channels; channel < channels; channel++, at++) {
      sum[channel] += weight * sums[at];
      square[channel] += weight * squares[at];
    }
  }
  const count = images * pixels;
  let total = 0;
  for (let channel = 0; channel < channels; channel++) {
    const center = sum[channel] / count;
    const deviation = Math.sqrt(Math.max(0, square[channel] / count - center * center));
    const expected = movingVariance[channel];
    total += ((center - movingMean[channel]) ** 2 + (deviation - Math.sqrt(expected)) ** 2) / expected;
  }
  return total / channels;
}

/** Mean of the layers' distances with all images. */
export function pooledDistance(layers: readonly LayerMoments[], times: ArrayLike<number>): number {
  return mean(layerDistances(layers, times));
}

/**
 * The distance with its 95 % interval: how it spreads, on a scale of ratios, when the images are drawn again with
 * replacement.
 *
 * @param images how many there are
 */
export function distanceInterval(layers: readonly LayerMoments[], images: number, seed: number): MeasuredDistance {
  const distance = pooledDistance(layers, new Uint8Array(images).fill(1));
  const random = Random.seeded(seed, 'distance');
  const logs = Array.from({ length: RESAMPLES }, () => {
    const times = new Uint16Array(images);
    for (let drawn = 0; drawn < images; drawn++) times[random.below(images)]++;
    return Math.log(pooledDistance(layers, times));
  });
  const center = mean(logs);
  const spread = Math.sqrt(logs.reduce((sum, log) => sum + (log - center) ** 2, 0) / (logs.length - 1));
  const ratio = Math.exp(normalQuantile(0.975) * spread);
  return { distance, low: distance / ratio, high: distance * ratio };
}

/** Times by which the first quarter of the layers must be further off than the others to be called a shift of the input. */
const SHIFT_RATIO = 3;

/**
 * Whether images differ from what is known by their pixels rather than by their subjects, as with noise, blur or another
 * value range: the first quarter of the layers is much further off than the rest (arXiv 2210.11466 tunes early blocks then).
 *
 * @param distances of each layer, input to output
 */
export function isInputShift(distances: readonly number[]): boolean {
  const quarter = Math.ceil(distances.length / 4);
  if (distances.length < 4) return false;
  return mean(distances.slice(0, quarter)) > SHIFT_RATIO * mean(distances.slice(quarter));
}
