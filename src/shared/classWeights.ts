import { ThawError } from './errors.ts';

/** Largest class over smallest class from which `auto` weighs the classes. */
export const WEIGHTS_FROM_IMBALANCE = 1.5;
/** Imbalance that `auto` refuses: one image of the smallest class would count as much as a hundred others. */
export const GREATEST_AUTO_IMBALANCE = 100;

/**
 * The factor on the loss of each class's images.
 *
 * `auto` gives every class the same total weight, n / (k * count) for k classes and n images in all, when the largest
 * class has over 1.5 times the images of the smallest, else ones. The mean weight over all images is then 1, so that
 * learning rates keep their meaning (the "balanced" heuristic of King and Zeng, Logistic Regression in Rare Events
 * Data, 2001).
 *
 * @param counts training images of each class
 * @throws ThawError `dataClassTooSmall` when `auto` meets a class without images, `dataImbalanced` when the
 *   largest class has over 100 times the images of the smallest
 */
export function classWeights(
  counts: readonly number[],
  setting: 'auto' | 'none' | readonly number[],
  classNames: readonly string[],
): number[] {
  if (setting === 'none') return counts.map(() => 1);
  if (setting !== 'auto') return [...setting];
  const smallest = counts.indexOf(Math.min(...counts));
  const largest = counts.indexOf(Math.max(...counts));
  if (counts[smallest] === 0) {
    throw new ThawError({ reason: 'dataClassTooSmall', className: classNames[smallest], images: 0, needed: 2 });
  }
  const ratio = counts[largest] / counts[smallest];
  if (ratio > GREATEST_AUTO_IMBALANCE) {
    throw new ThawError({
      reason: 'dataImbalanced',
      ratio,
      smallest: classNames[smallest],
      largest: classNames[largest],
    });
  }
  if (ratio <= WEIGHTS_FROM_IMBALANCE) return counts.map(() => 1);
  const images = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => images / (counts.length * count));
}
