import { dividedGroups, Groups } from '../../shared/groups.ts';
import type { Split } from '../../shared/dataSummary.ts';
import { type FoldChoice, stratifiedFolds, stratifiedSplit } from '../../shared/splitData.ts';
import type { ImageSignature } from '../data/imageSignature.ts';
import { joinNearDuplicates, visitNearDuplicates } from '../data/nearDuplicates.ts';
import type { Example } from './examples.ts';
import type { ScannedImage } from './scanImages.ts';

/** An image with the group that its data states for it. */
export interface GroupedExample extends Example {
  group: string | null;
}

/** Images to train on and to validate with, each in the order they are numbered in. */
export interface DividedImages {
  train: GroupedExample[];
  validation: GroupedExample[];
}

/** How images are divided by us. */
export interface DivisionSettings {
  seed: number;
  classes: readonly string[];
  /** Share that is held out of every class. */
  fraction: number;
  /** Holds out this fold instead. */
  fold?: FoldChoice;
}

export interface DataWarning {
  code: 'nearDuplicates' | 'groupsDivided' | 'dataChanged' | 'splitDiffers';
  text: string;
}

/** Groups of images that belong together by their data, or because they look nearly the same. */
export async function groupImages(
  images: readonly GroupedExample[],
  scanned: readonly ScannedImage[] | null,
): Promise<number[]> {
  const groups = Groups.named(images.map(({ group }) => group));
  if (scanned) await joinNearDuplicates(groups, scanned.map(signatureOf));
  return groups.numbers();
}

/**
 * Holds out a stratified share of the images, or a fold of them.
 *
 * @param groups the group of each image; null: every image is on its own
 * @throws ThawError `dataClassTooSmall`, `dataOneGroup`
 */
export function divideImages(
  images: readonly GroupedExample[],
  groups: readonly number[] | null,
  { seed, classes, fraction, fold }: DivisionSettings,
): DividedImages {
  const labels = images.map(({ classIndex }) => classIndex);
  if (!fold) {
    const split = stratifiedSplit(labels, fraction, seed, classes, groups);
    const pick = (positions: number[]): GroupedExample[] => positions.map((position) => images[position]);
    return { train: pick(split.train), validation: pick(split.validation) };
  }
  const folds = stratifiedFolds(labels, groups, fold.count, seed, classes);
  return {
    train: images.filter((_, position) => folds[position] !== fold.index),
    validation: images.filter((_, position) => folds[position] === fold.index),
  };
}

/**
 * What makes results on a division that was not ours look too good: images to validate with that belong to, or look
 * nearly the same as, images to train on.
 *
 * @param scanned the training images before the validation images
 */
export async function doubtsAbout(
  { train, validation }: DividedImages,
  scanned: readonly ScannedImage[],
): Promise<DataWarning[]> {
  const images = [...train, ...validation];
  const splitOf = (position: number): Split => (position < train.length ? 'train' : 'validation');
  const warnings: DataWarning[] = [];
  const [first, ...others] = dividedGroups(images.map(({ group }, position) => ({ group, split: splitOf(position) })));
  if (first) {
    const many = others.length === 0 ? '1 group is' : `${others.length + 1} groups are`;
    const text = `${many} in train and validation, so results look too good; the first is "${first.group}".`;
    warnings.push({ code: 'groupsDivided', text });
  }
  const pairs = new Map<number, number>();
  await visitNearDuplicates(scanned.map(signatureOf), {
    skip: (a, b) => splitOf(a) === splitOf(b) || pairs.has(b),
    visit: (a, b) => pairs.set(b, a),
  });
  const [pair] = pairs;
  if (pair) {
    const [seen, trained] = pair.map((position) => images[position].file);
    const many = pairs.size === 1 ? '1 validation image looks' : `${pairs.size} validation images look`;
    const text = `${many} nearly the same as a training image, so results look too good; the first is ${seen}, which is like ${trained}.`;
    warnings.push({ code: 'nearDuplicates', text });
  }
  return warnings;
}

const signatureOf = ({ signature }: ScannedImage): ImageSignature | null => signature;
