import { ThawError } from './errors.ts';
import { Random } from './random.ts';

/** Images a class must have to be divided: one to train on and one to validate with. */
export const LEAST_IMAGES_PER_CLASS = 2;

/** Positions in the list that was divided, each side ascending. */
export interface DataSplit {
  train: number[];
  validation: number[];
}

/**
 * Holds out a share of every class for validation. The same arguments always give the same split.
 *
 * @param classIndexes the class of each image, as an index into `classNames`
 * @param fraction share of the images held out, in (0, 1); each class rounds to whole images and keeps at least one
 *   on either side
 * @throws ThawError `dataClassTooSmall` for the first class with fewer than two images
 */
export function stratifiedSplit(
  classIndexes: readonly number[],
  fraction: number,
  seed: number,
  classNames: readonly string[],
): DataSplit {
  const members: number[][] = classNames.map(() => []);
  classIndexes.forEach((classIndex, image) => members[classIndex].push(image));
  const random = Random.seeded(seed, 'split');
  const train: number[] = [];
  const validation: number[] = [];
  members.forEach((images, classIndex) => {
    if (images.length < LEAST_IMAGES_PER_CLASS) {
      throw new ThawError({
        reason: 'dataClassTooSmall',
        className: classNames[classIndex],
        images: images.length,
        needed: LEAST_IMAGES_PER_CLASS,
      });
    }
    const heldOut = Math.min(Math.max(Math.round(images.length * fraction), 1), images.length - 1);
    random.shuffle(images);
    validation.push(...images.slice(0, heldOut));
    train.push(...images.slice(heldOut));
  });
  const ascending = (a: number, b: number): number => a - b;
  return { train: train.sort(ascending), validation: validation.sort(ascending) };
}
