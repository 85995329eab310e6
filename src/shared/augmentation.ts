import type { Plan } from './plan.ts';
import { Random } from './random.ts';

/** How images are varied while training. */
export interface Augmentation {
  /** Mirror left to right with probability one half. */
  flip: boolean;
  /** Largest share of the width and height that a crop cuts away, 0 to 0.5. */
  crop: number;
  /** Largest angle of a rotation either way in degrees, 0 to 45. */
  rotate: number;
  /** Largest change of brightness, contrast and saturation, 0 to 1. */
  color: number;
  /** Largest share of the area that a rectangle erases, 0 to 0.5. */
  erase: number;
  /** Variants of each image kept in the cache, the image as it is included; or new ones in every epoch. */
  variants: number | 'recompute';
}

/** A part of an image, in shares of its height and width. */
export interface Region {
  top: number;
  left: number;
  height: number;
  width: number;
}

/** Values are scaled by `factor`: around black, around the mean gray, or around the gray of each pixel. */
export interface ColorChange {
  kind: 'brightness' | 'contrast' | 'saturation';
  factor: number;
}

/** One way in which an image is changed. What it does to pixels is for `varyImage` to say. */
export interface Variant {
  /** What is cut out and brought to the size of the whole. */
  window: Region;
  /** Whether the window is mirrored left to right. */
  mirrored: boolean;
  /** Degrees that the window, mirrored or not, is turned about its middle; positive is counter-clockwise. */
  angle: number;
  /** In the order in which they are made. */
  colors: readonly ColorChange[];
  /** A part that is covered at last. */
  erased: Region | null;
}

const WHOLE: Region = { top: 0, left: 0, height: 1, width: 1 };

/** The image as it is. */
export const UNCHANGED: Variant = { window: WHOLE, mirrored: false, angle: 0, colors: [], erased: null };

/** A rectangle is erased in half of the variants, as `RandomErasing` of torchvision does unless told otherwise. */
const ERASE_PROBABILITY = 0.5;
/** Least share of the area that is erased, and the longer side over the shorter one at most (torchvision). */
const LEAST_ERASED = 0.02;
const MOST_ELONGATED = 3.3;

/** Variants of an itemised setting that names no number. */
const DEFAULT_VARIANTS = 4;

type Changes = Omit<Augmentation, 'variants'>;

const OFF: Changes = { flip: false, crop: 0, rotate: 0, color: 0, erase: 0 };

/**
 * The presets. `medium` is close to `aug_transforms` of fastai (10 degrees, zoom 1.1, lighting 0.2; docs.fast.ai). Of
 * `strong`, 0.4 is the colour jitter with which timm trains unless told otherwise, and 0.33 the largest area that
 * torchvision's `RandomErasing` covers. The other numbers are ours.
 */
const PRESETS: Record<Extract<Plan['augment'], string>, Augmentation> = {
  none: { ...OFF, variants: 1 },
  light: { ...OFF, flip: true, crop: 0.1, variants: 2 },
  medium: { flip: true, crop: 0.15, rotate: 10, color: 0.2, erase: 0, variants: 4 },
  strong: { flip: true, crop: 0.25, rotate: 15, color: 0.4, erase: 0.33, variants: 4 },
};

/** What a plan's `augment` means, with everything filled in; never more variants than there are different ones. */
export function resolveAugmentation(setting: Plan['augment']): Augmentation {
  if (typeof setting === 'string') return { ...PRESETS[setting] };
  const { variants = DEFAULT_VARIANTS, ...stated } = setting;
  const changes = { ...OFF, ...stated };
  if (variants === 'recompute') return { ...changes, variants };
  return { ...changes, variants: Math.min(variants, differentVariants(changes)) };
}

function differentVariants(changes: Changes): number {
  if (variesBesidesFlip(changes)) return Infinity;
  return changes.flip ? 2 : 1;
}

function variesBesidesFlip({ crop, rotate, color, erase }: Changes): boolean {
  return crop > 0 || rotate > 0 || color > 0 || erase > 0;
}

/**
 * Draws one variant. The window cuts the same share, at most `crop`, from the height and the width, so that shapes keep
 * their proportions, and lies anywhere in the image. Colours change as in `ColorJitter` of torchvision: each factor is
 * drawn from 1 - `color` to 1 + `color`, and the order at random. Takes 15 numbers from `random` whatever the settings.
 */
export function drawVariant(random: Random, augmentation: Changes): Variant {
  const { crop, flip, rotate, color, erase } = augmentation;
  const window = drawWindow(random, crop);
  const mirrored = random.uniform() < 0.5 && flip;
  const angle = between(random, -rotate, rotate);
  const colors = drawColors(random, color);
  const erased = drawErased(random, erase);
  return { window, mirrored, angle, colors, erased };
}

/**
 * The variants of one image that a cache keeps: first the image as it is, then its mirror image where flipping is all
 * that varies, else variants drawn at random. Depends only on the arguments.
 */
export function cachedVariants(augmentation: Changes, count: number, seed: number, imageIndex: number): Variant[] {
  const random = Random.seeded(seed, `variants/${imageIndex}`);
  const another = (): Variant =>
    variesBesidesFlip(augmentation) ? drawVariant(random, augmentation) : { ...UNCHANGED, mirrored: augmentation.flip };
  return [UNCHANGED, ...Array.from({ length: count - 1 }, another)];
}

/** Whether random numbers made a variant: it is neither the image as it is nor its mirror image. */
export function isDrawn({ window, angle, colors, erased }: Variant): boolean {
  return window.height < 1 || window.width < 1 || angle !== 0 || colors.length > 0 || erased !== null;
}

function drawWindow(random: Random, crop: number): Region {
  const cut = random.uniform() * crop;
  const top = random.uniform() * cut;
  const left = random.uniform() * cut;
  return { top, left, height: 1 - cut, width: 1 - cut };
}

function drawColors(random: Random, color: number): ColorChange[] {
  const draw = (kind: ColorChange['kind']): ColorChange => ({ kind, factor: between(random, 1 - color, 1 + color) });
  const colors = random.shuffle([draw('brightness'), draw('contrast'), draw('saturation')]);
  return color > 0 ? colors : [];
}

/**
 * Random Erasing (Zhong et al., arXiv 1708.04896): share of the area and proportions are drawn, the latter evenly on a
 * logarithmic scale as in torchvision, but at once from those that fit into the image instead of anew until they do.
 */
function drawErased(random: Random, erase: number): Region | null {
  const isErased = random.uniform() < ERASE_PROBABILITY;
  const area = between(random, Math.min(LEAST_ERASED, erase), erase);
  const most = Math.log(Math.min(MOST_ELONGATED, 1 / area));
  const elongation = settled(Math.exp(between(random, -most, most) / 2));
  const height = Math.min(1, Math.sqrt(area) * elongation);
  const width = Math.min(1, Math.sqrt(area) / elongation);
  const top = random.uniform() * (1 - height);
  const left = random.uniform() * (1 - width);
  return isErased && erase > 0 ? { top, left, height, width } : null;
}

function between(random: Random, low: number, high: number): number {
  return low + random.uniform() * (high - low);
}

/** Rounds to 32 binary places: machines and versions of JavaScript differ in the last bits of a sine and the like. */
export function settled(value: number): number {
  return Math.round(value * 2 ** 32) / 2 ** 32;
}
