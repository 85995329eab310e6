import type { Augmentation } from './augmentation.ts';

/** Judging an image takes about a third of a training step with it: there is no way back through the network. */
const JUDGING_SHARE = 1 / 3;

/**
 * What a phase costs, from what was measured.
 *
 * @param perImage Seconds for one image, of the frozen layers below the cut and of a training step above it
 * @param images Number of images
 * @param variants Variants of each training image whose features are cached, or `recompute`; null where nothing is
 * constant and so nothing is cached
 * @returns seconds
 */
export function predictCost(
  perImage: { features: number; step: number },
  images: { train: number; validation: number },
  variants: Augmentation['variants'] | null,
): { secondsPerEpoch: number; cacheSeconds: number } {
  const kept = typeof variants === 'number' ? variants : 0;
  const training = kept > 0 ? perImage.step : perImage.step + perImage.features;
  return {
    secondsPerEpoch: training * images.train + JUDGING_SHARE * perImage.step * images.validation,
    cacheSeconds: variants === null ? 0 : perImage.features * (kept * images.train + images.validation),
  };
}
