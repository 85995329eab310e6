import { describe, expect, it } from 'vitest';
import {
  distanceInterval,
  isInputShift,
  layerDistances,
  type LayerMoments,
  pooledDistance,
} from '../../src/shared/batchNormDistance.ts';
import { Random } from '../../src/shared/random.ts';

/** A layer of two channels whose images have these values at their pixels, [images][pixels][2]. */
function layerOf(images: number[][][], movingMean: number[], movingVariance: number[]): LayerMoments {
  const moment = (power: number) =>
    Float64Array.from(
      images.flatMap((pixels) =>
        [0, 1].map((channel) => pixels.reduce((sum, pixel) => sum + pixel[channel] ** power, 0)),
      ),
    );
  return {
    layer: 'bn',
    sums: moment(1),
    squares: moment(2),
    pixels: images[0].length,
    movingMean: Float32Array.from(movingMean),
    movingVariance: Float32Array.from(movingVariance),
  };
}

const ones = (count: number) => new Uint8Array(count).fill(1);

/** Random images about a mean. */
function randomLayer(images: number, seed: number): LayerMoments {
  const random = Random.seeded(seed, 'images');
  const pixels = Array.from({ length: images }, () => {
    const own = random.uniform() - 0.5;
    return Array.from({ length: 6 }, () => [own + random.uniform(), 2 * random.uniform() - own]);
  });
  return layerOf(pixels, [0.2, 0.7], [0.2, 0.5]);
}

describe('the batch-normalization distance', () => {
  it('is 0 for images with the moments that are expected', () => {
    // Values 1 and 3: mean 2, variance 1.
    const layer = layerOf(
      [
        [
          [1, 3],
          [3, 1],
        ],
      ],
      [2, 2],
      [1, 1],
    );
    expect(layerDistances([layer], [1])).toEqual([0]);
  });

  it('adds what mean and spread are off, in spreads, over the channels', () => {
    const layer = layerOf(
      [
        [
          [1, 1],
          [3, 3],
        ],
      ],
      [0, 2],
      [1, 4],
    );
    // The first channel's mean is off by 2 of spread 1, the second's spread by 1 of 2.
    expect(layerDistances([layer], [1])[0]).toBeCloseTo((4 + 0.25) / 2, 12);
  });

  it('counts an image as often as it is told', () => {
    const [a, b] = [[[1, 4]], [[2, 6]]];
    const all = layerOf([a, b, b], [1, 5], [1, 1]);
    const some = layerOf([a, b], [1, 5], [1, 1]);
    expect(pooledDistance([some], [1, 2])).toBeCloseTo(pooledDistance([all], ones(3)), 12);
  });

  it('has an interval around it that shrinks with images, and is the same for a seed', () => {
    const widthAt = (images: number): number => {
      const widths = [1, 2, 3, 4, 5].map((seed) => {
        const layer = randomLayer(images, seed);
        const { distance, low, high } = distanceInterval([layer], images, 1);
        expect(distance).toBe(pooledDistance([layer], ones(images)));
        expect(low).toBeLessThan(distance);
        expect(high).toBeGreaterThan(distance);
        return Math.log(high / low);
      });
      return widths.reduce((sum, width) => sum + width, 0) / widths.length;
    };
    const widths = [10, 40, 160, 640].map(widthAt);
    expect(widths).toEqual([...widths].sort((a, b) => b - a));
    const layer = randomLayer(20, 1);
    expect(distanceInterval([layer], 20, 7)).toEqual(distanceInterval([layer], 20, 7));
  });

  it('calls it a shift of the input where the first quarter is far off', () => {
    expect(isInputShift([4, 1, 1, 1])).toBe(true);
    expect(isInputShift([2, 1, 1, 1])).toBe(false);
    expect(isInputShift([1, 1, 1, 9])).toBe(false);
    expect(isInputShift([9, 1])).toBe(false);
  });
});
