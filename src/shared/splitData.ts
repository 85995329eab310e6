import { ThawError } from './errors.ts';
import { Random } from './random.ts';
import { type ImageGroup, imageGroups, SplitBalance } from './splitBalance.ts';

/** Images a class must have to be divided: one to train on and one to validate with. */
export const LEAST_IMAGES_PER_CLASS = 2;

/** Positions in the list that was divided, each side ascending. */
export interface DataSplit {
  train: number[];
  validation: number[];
}

/** One part of a cross-validation: that on which a run validates. */
export interface FoldChoice {
  /** From 0 on. */
  index: number;
  /** Folds in all, at least 2. */
  count: number;
}

/**
 * Holds out a share of every class for validation. The same arguments always give the same split. Groups stay whole, so
 * that the shares are only as near as their sizes allow; a class keeps images on either side where its groups allow.
 *
 * @param classIndexes the class of each image, as an index into `classNames`
 * @param fraction share of the images held out, in (0, 1); each class rounds to whole images and keeps at least one
 *   on either side
 * @param groups the group of each image: those with the same number stay together. null: every image is on its own
 * @throws ThawError `dataClassTooSmall` for the first class with fewer than two images, `dataOneGroup` for the first
 *   whose images are all in one group
 */
export function stratifiedSplit(
  classIndexes: readonly number[],
  fraction: number,
  seed: number,
  classNames: readonly string[],
  groups: readonly number[] | null = null,
): DataSplit {
  const members = membersOf(classIndexes, classNames);
  requireDivisible(members, classNames, groups);
  const random = Random.seeded(seed, 'split');
  for (const images of members) random.shuffle(images);
  const totals = members.map((images) => images.length);
  const targets = totals.map((total) => Math.min(Math.max(Math.round(total * fraction), 1), total - 1));
  const balance = new SplitBalance(totals, targets);
  const all = imageGroups(members.flat(), classIndexes, groups);
  for (const group of all) if (balance.fits(group)) balance.move(group);
  balance.improve(all);
  return { train: positions(all, false), validation: positions(all, true) };
}

function positions(groups: readonly ImageGroup[], heldOut: boolean): number[] {
  return groups
    .filter((group) => group.heldOut === heldOut)
    .flatMap(({ images }) => images)
    .sort((a, b) => a - b);
}

/**
 * Divides images into folds, each of which is validated on once. Every class is spread evenly: without groups its images
 * in any two folds differ by at most one. Groups stay whole; the largest are placed first, each into the fold that has
 * least of its classes. The same arguments always give the same folds.
 *
 * @param classIndexes the class of each image, as an index into `classNames`
 * @param groups the group of each image, or null, as in `stratifiedSplit`
 * @param folds at least 2
 * @returns the fold of each image, from 0 on
 * @throws ThawError `dataClassTooSmall` for the first class that has fewer images, or groups, than there are folds
 */
export function stratifiedFolds(
  classIndexes: readonly number[],
  groups: readonly number[] | null,
  folds: number,
  seed: number,
  classNames: readonly string[],
): number[] {
  const members = membersOf(classIndexes, classNames);
  requireEnoughFor(folds, members, classNames, groups);
  const all = imageGroups([...classIndexes.keys()], classIndexes, groups);
  Random.seeded(seed, 'folds').shuffle(all);
  all.sort((a, b) => b.images.length - a.images.length);
  const sizes = new Array<number>(folds).fill(0);
  const counts = sizes.map(() => members.map(() => 0));
  const foldOf = new Array<number>(classIndexes.length).fill(0);
  for (const group of all) {
    const crowding = counts.map((perClass) => shareOf(group, perClass, members));
    const least = Math.min(...crowding);
    const candidates = sizes.flatMap((size, fold) => (crowding[fold] === least ? [{ size, fold }] : []));
    const { fold } = candidates.reduce((best, candidate) => (candidate.size < best.size ? candidate : best));
    for (const image of group.images) foldOf[image] = fold;
    for (const [index, images] of group.perClass) counts[fold][index] += images;
    sizes[fold] += group.images.length;
  }
  return foldOf;
}

/** How much of the classes of a group a fold has already: what its squared counts would grow by, in parts of each class. */
function shareOf({ perClass }: ImageGroup, counts: readonly number[], members: readonly number[][]): number {
  let share = 0;
  for (const [index, images] of perClass) share += (images * counts[index]) / members[index].length;
  return share;
}

/** The images of each class, in their order. */
function membersOf(classIndexes: readonly number[], classNames: readonly string[]): number[][] {
  const members: number[][] = classNames.map(() => []);
  classIndexes.forEach((classIndex, image) => members[classIndex].push(image));
  return members;
}

const groupCount = (images: readonly number[], groups: readonly number[] | null): number =>
  groups ? new Set(images.map((image) => groups[image])).size : images.length;

function requireDivisible(
  members: readonly number[][],
  classNames: readonly string[],
  groups: readonly number[] | null,
): void {
  members.forEach(({ length: images }, classIndex) => {
    const className = classNames[classIndex];
    if (images < LEAST_IMAGES_PER_CLASS) {
      throw new ThawError({ reason: 'dataClassTooSmall', className, images, needed: LEAST_IMAGES_PER_CLASS });
    }
    if (groupCount(members[classIndex], groups) === 1)
      throw new ThawError({ reason: 'dataOneGroup', className, images });
  });
}

function requireEnoughFor(
  folds: number,
  members: readonly number[][],
  classNames: readonly string[],
  groups: readonly number[] | null,
): void {
  members.forEach((images, classIndex) => {
    const count = groupCount(images, groups);
    if (count >= folds) return;
    const problem = { reason: 'dataClassTooSmall', className: classNames[classIndex], images: images.length } as const;
    throw new ThawError({ ...problem, needed: folds, folds, ...(count < images.length ? { groups: count } : {}) });
  });
}
