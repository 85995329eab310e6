import { listData } from '../../node/dataFolder.ts';
import type { PlanFile } from '../../node/planFile.ts';
import { classWeights } from '../../shared/classWeights.ts';
import type { FileProblem } from '../../shared/dataSummary.ts';
import { ThawError } from '../../shared/errors.ts';
import type { Plan } from '../../shared/plan.ts';
import { LEAST_IMAGES_PER_CLASS, stratifiedSplit } from '../../shared/splitData.ts';
import type { DecodeSettings } from '../data/decodeImage.ts';
import { type Example, ExampleSet } from './examples.ts';

/** The images of a plan, divided. */
export interface TrainingData {
  train: ExampleSet;
  validation: ExampleSet;
  classes: string[];
  /** Files that could not even be listed. */
  problems: FileProblem[];
}

/**
 * Lists the plan's images and holds out its validation share. Classes are numbered as in `head.classes`.
 * Throws `dataOneClass`, `dataClassTooSmall`, `dataClassUnknown` and what `listData` throws.
 */
export async function openTrainingData(file: PlanFile, plan: Plan, decode: DecodeSettings): Promise<TrainingData> {
  const { classes } = plan.head;
  const root = file.resolve(plan.data.train);
  const listing = await listData(root);
  const all = numberClasses(listing, classes, root);
  const training = all.filter(({ split }) => split === null || split === 'train');
  const given = all.filter(({ split }) => split === 'validation');
  const isDivided = typeof plan.data.validation === 'number' && given.length === 0;
  requireClasses(training, classes, root, isDivided ? LEAST_IMAGES_PER_CLASS : 1);
  if (typeof plan.data.validation === 'string') {
    const folder = file.resolve(plan.data.validation);
    const validation = numberClasses(await listData(folder), classes, folder);
    return sets(training, validation, classes, decode, listing.problems);
  }
  if (given.length > 0) return sets(training, given, classes, decode, listing.problems);
  const labels = training.map((image) => image.classIndex);
  const split = stratifiedSplit(labels, plan.data.validation, plan.seed, classes);
  const pick = (positions: number[]): Example[] => positions.map((position) => training[position]);
  return sets(pick(split.train), pick(split.validation), classes, decode, listing.problems);
}

function sets(
  train: Example[],
  validation: Example[],
  classes: string[],
  decode: DecodeSettings,
  problems: FileProblem[],
): TrainingData {
  return { train: new ExampleSet(train, decode), validation: new ExampleSet(validation, decode), classes, problems };
}

/**
 * Images of a listing with the class numbers of `classes`. Throws `dataClassUnknown` for a class that is not among them;
 * `model` is named in it where there are several.
 */
export function numberClasses(
  listing: Awaited<ReturnType<typeof listData>>,
  classes: readonly string[],
  path: string,
  model?: string,
): (Example & { split: (typeof listing.images)[number]['split'] })[] {
  const numbers = new Map(classes.map((name, index) => [name, index]));
  const unknown = listing.classes.find((name) => !numbers.has(name));
  if (unknown !== undefined) {
    throw new ThawError({ reason: 'dataClassUnknown', className: unknown, path, known: [...classes], model });
  }
  return listing.images.map(({ file, classIndex, split }) => ({
    file,
    split,
    classIndex: numbers.get(listing.classes[classIndex]) ?? 0,
  }));
}

function requireClasses(images: readonly Example[], classes: readonly string[], path: string, needed: number): void {
  const counts = countClasses(images, classes.length);
  const present = classes.filter((_, index) => counts[index] > 0);
  if (present.length === 1) throw new ThawError({ reason: 'dataOneClass', path, className: present[0] });
  counts.forEach((count, index) => {
    if (count < needed)
      throw new ThawError({ reason: 'dataClassTooSmall', className: classes[index], images: count, needed, path });
  });
}

function countClasses(images: readonly Example[], classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const image of images) counts[image.classIndex]++;
  return counts;
}

/** Loss weight of each class under the plan's setting. Throws `dataImbalanced`. */
export function lossWeights(plan: Plan, images: readonly Example[]): number[] {
  const { classes } = plan.head;
  // Classes that are drawn alike often need no weights on top.
  const setting = plan.classWeights === 'auto' && plan.sampling === 'balanced' ? 'none' : plan.classWeights;
  const given = typeof setting === 'string' ? setting : classes.map((name) => setting[name] ?? 1);
  return classWeights(countClasses(images, classes.length), given, classes);
}
