import { expect, it } from 'vitest';
import { predictCost } from '../../src/shared/predictCost.ts';

const perImage = { features: 0.5, step: 0.3 };
const images = { train: 100, validation: 20 };

it.each([
  // 100 steps of 0.3 s and 20 of 0.1 s; 0.5 s for each of 1 or 4 variants of 100 images and for 20 images.
  ['one variant', 1, 32, 60],
  ['four variants', 4, 32, 210],
  // Each of the 100 steps has 0.5 s of features on top.
  ['variants drawn anew', 'recompute', 82, 10],
  ['nothing constant', null, 82, 0],
] as const)('predicts the cost with %s', (_, variants, epoch, cache) => {
  const cost = predictCost(perImage, images, variants);
  expect(cost.secondsPerEpoch).toBeCloseTo(epoch, 9);
  expect(cost.cacheSeconds).toBeCloseTo(cache, 9);
});
