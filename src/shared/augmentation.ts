import type { Plan } from './plan.ts';
import { Random } from './random.ts';

/** How images are varied while training. */
export interface Augmentation {
  /** Mirror left to right with probability one half. */
  flip: boolean;
  /** Largest share of the width and height that a crop cuts away, 0 to 0.5. */
  crop: number;
  /** Variants of each image kept in the cache, the whole image included. */
  variants: number;
}

/**
 * A part of an image as `tf.image.cropAndResize` takes it: [y1, x1, y2, x2], where 0 is the first row or column and
 * 1 the last. x1 > x2 mirrors.
 */
export type Box = [y1: number, x1: number, y2: number, x2: number];

const PRESETS: Record<Extract<Plan['augment'], string>, Augmentation> = {
  none: { flip: false, crop: 0, variants: 1 },
  light: { flip: true, crop: 0.1, variants: 2 },
  strong: { flip: true, crop: 0.25, variants: 4 },
};

/** What a plan's `augment` means, with the default number of variants filled in. */
export function resolveAugmentation(setting: Plan['augment']): Augmentation {
  if (typeof setting === 'string') return { ...PRESETS[setting] };
  const { flip, crop } = setting;
  return { flip, crop, variants: setting.variants ?? defaultVariants(flip, crop) };
}

function defaultVariants(flip: boolean, crop: number): number {
  if (crop > 0) return 4;
  return flip ? 2 : 1;
}

/**
 * Draws one variant: the same share, at most `crop`, is cut from the width and the height, so that shapes keep their
 * proportions, and the window lies anywhere in the image. Takes four numbers from `random` whatever the settings.
 */
export function drawCropBox(random: Random, augmentation: Pick<Augmentation, 'flip' | 'crop'>): Box {
  const cut = random.uniform() * augmentation.crop;
  const top = random.uniform() * cut;
  const left = random.uniform() * cut;
  const mirrored = random.uniform() < 0.5 && augmentation.flip;
  const box: Box = [top, left, top + (1 - cut), left + (1 - cut)];
  return mirrored ? mirror(box) : box;
}

/**
 * The variants of one image that the cache keeps: first the whole image, then the mirrored whole image where flipping
 * is all that varies, else windows drawn at random. Depends only on the arguments. Holds fewer than `variants` boxes
 * where there are not that many different ones.
 */
export function variantBoxes(augmentation: Augmentation, seed: number, imageIndex: number): Box[] {
  const whole: Box = [0, 0, 1, 1];
  if (augmentation.crop === 0) {
    return augmentation.flip && augmentation.variants > 1 ? [whole, mirror(whole)] : [whole];
  }
  const random = Random.seeded(seed, `variants/${imageIndex}`);
  const drawn = Array.from({ length: augmentation.variants - 1 }, () => drawCropBox(random, augmentation));
  return [whole, ...drawn];
}

function mirror([y1, x1, y2, x2]: Box): Box {
  return [y1, x2, y2, x1];
}
