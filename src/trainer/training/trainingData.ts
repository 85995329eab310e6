import { byCodeUnit } from '../../node/dataEntries.ts';
import type { DataListing, Split } from '../../node/dataFolder.ts';
import type { PlanFile } from '../../node/planFile.ts';
import { readSplit, type SplitFile } from '../../node/splitFile.ts';
import { classWeights } from '../../shared/classWeights.ts';
import type { FileProblem } from '../../shared/dataSummary.ts';
import { ThawError } from '../../shared/errors.ts';
import type { Plan } from '../../shared/plan.ts';
import { type FoldChoice, LEAST_IMAGES_PER_CLASS } from '../../shared/splitData.ts';
import type { DecodeSettings } from '../data/decodeImage.ts';
import {
  type DataWarning,
  divideImages,
  type DividedImages,
  doubtsAbout,
  type GroupedExample,
  groupImages,
} from './divideImages.ts';
import { type Example, ExampleSet, PixelStore } from './examples.ts';
import { ImageContents } from './imageContents.ts';
import { changesSince, findRecorded, recordSplit } from './recordedSplit.ts';
import { ImageScanner, type ScanOptions } from './scanImages.ts';
import { classOfFiles, listPool, type TrainingPool } from './trainingPool.ts';

/** The images of a plan, divided. */
export interface TrainingData {
  train: ExampleSet;
  validation: ExampleSet;
  /** What the files hold, and where what is computed of them is kept. */
  contents: ImageContents;
  classes: string[];
  /** Files that could not even be listed. */
  problems: FileProblem[];
  /** What is doubtful about the division, or has changed since it was made. */
  warnings: DataWarning[];
  /** The division, to be kept with the run; null where the images were not opened. */
  split: SplitFile | null;
}

/** How the images of a plan are to be divided, where that is not for the plan alone to say. */
export interface DataOptions extends ScanOptions {
  /** Validates on one fold of all images, those given for validation included. */
  fold?: FoldChoice;
  /** The run that goes on, and its split: null for a run from a time when it was not recorded. */
  resumed?: { run: string; path: string; split: SplitFile | null };
  /** Whether every image is opened first, to keep near-duplicates together and to record what it is. Default: true. */
  scan?: boolean;
}

/** Where the images of a plan come from and how they are divided. */
interface Source {
  file: PlanFile;
  plan: Plan;
  options: DataOptions;
  pool: TrainingPool;
  scanner: ImageScanner | null;
}

interface Division extends DividedImages {
  /** Whether it was not made by us, so that it is not for us to move images. */
  isGiven: boolean;
  /** The split that it was taken from. */
  recorded?: SplitFile;
}

/**
 * Lists the images of a plan, opens them, and divides them into those to train on and those to validate with: as a resumed
 * run did before, as the data or `data.split` says, into folds, or by a stratified share. Where the division is ours, groups
 * and near-duplicates stay together. Classes are numbered as in `head.classes`.
 *
 * Throws `dataOneClass`, `dataClassTooSmall`, `dataOneGroup`, `dataClassUnknown`, `splitFilesMissing`, `splitDamaged`,
 * `cancelled` and what `listData` throws.
 */
export async function openTrainingData(
  file: PlanFile,
  plan: Plan,
  decode: DecodeSettings,
  options: DataOptions = {},
): Promise<TrainingData> {
  const store = new PixelStore();
  const isScanned = options.scan !== false && options.resumed?.split !== null;
  const pool = await listPool(file, plan);
  const contents = await ImageContents.open(pool.root);
  const scanner = isScanned ? new ImageScanner(decode, store, contents, options) : null;
  const source: Source = { file, plan, options, pool, scanner };
  const division = (await takeRecorded(source)) ?? (await divide(source));
  const { classes } = plan.head;
  requireClasses(division.train, classes, file.resolve(plan.data.train), 1);
  return {
    train: new ExampleSet(division.train, decode, store, contents),
    validation: new ExampleSet(division.validation, decode, store, contents),
    contents,
    classes,
    problems: pool.training.problems,
    ...(await examine(source, division)),
  };
}

/** The images of the run that goes on, or of `data.split`; null where the division is to be made anew. */
async function takeRecorded({ file, plan, options, pool }: Source): Promise<Division | null> {
  const { classes } = plan.head;
  const { fold, resumed } = options;
  if (resumed) {
    const { path, run, split } = resumed;
    if (split === null) return null;
    const images = await findRecorded(split, pool.root, classes, { path, run });
    const isGiven = split.fold === null && (pool.validation !== null || plan.data.split !== undefined);
    return { ...images, isGiven, recorded: split };
  }
  if (plan.data.split === undefined || fold) return null;
  const path = file.resolve(plan.data.split);
  const split = await readSplit(path);
  return { ...(await findRecorded(split, pool.root, classes, { path })), isGiven: true, recorded: split };
}

/** Throws as `openTrainingData`. */
async function divide(source: Source): Promise<Division> {
  const { file, plan, options, scanner } = source;
  const { classes } = plan.head;
  const { training, given } = await numberedPool(source);
  const folder = file.resolve(plan.data.train);
  const isDivided = given === null || options.fold !== undefined;
  const images = given && isDivided ? [...training, ...given] : training;
  requireClasses(images, classes, folder, isDivided ? LEAST_IMAGES_PER_CLASS : 1);
  if (given && !isDivided) return { train: training, validation: given, isGiven: true };
  // A run from before there were groups goes on with the division it had.
  const isOld = options.resumed !== undefined;
  const groups = isOld ? null : await groupImages(images, scanner && (await scanner.scan(images)));
  const { validation } = plan.data;
  const fraction = typeof validation === 'number' ? validation : 1;
  return {
    ...divideImages(images, groups, { seed: plan.seed, classes, fraction, fold: options.fold }),
    isGiven: false,
  };
}

/** The images of a plan, or of its `data.split`, with the class numbers of the plan. */
async function numberedPool({
  file,
  plan,
  pool,
}: Source): Promise<{ training: GroupedExample[]; given: GroupedExample[] | null }> {
  const { classes } = plan.head;
  if (plan.data.split !== undefined) {
    const path = file.resolve(plan.data.split);
    const { train, validation } = await findRecorded(await readSplit(path), pool.root, classes, { path });
    const images = [...train, ...validation].sort((a, b) => byCodeUnit(a.file, b.file));
    return { training: images, given: null };
  }
  const { training, validation } = pool;
  return {
    training: numberClasses(training, classes, training.root),
    given: validation && numberClasses(validation, classes, validation.root),
  };
}

/** Opens the images of a division and says what is doubtful about it. */
async function examine(
  { file, plan, options, pool, scanner }: Source,
  { train, validation, isGiven, recorded }: Division,
): Promise<Pick<TrainingData, 'warnings' | 'split'>> {
  if (!scanner) return { warnings: [], split: null };
  const images = [...train, ...validation];
  const scanned = await scanner.scan(images);
  const warnings: DataWarning[] = [];
  const changes = recorded && changesSince(recorded, images, scanned, classOfFiles(pool));
  if (changes && options.resumed) {
    const result = changes.isOther ? ', but its result is no longer that of an undisturbed run' : '';
    const text = `The data has changed since run ${options.resumed.run} began: ${changes.text}. It goes on with the images it recorded${result}.`;
    warnings.push({ code: 'dataChanged', text });
  } else if (changes && plan.data.split !== undefined) {
    const text = `The data is not as ${file.resolve(plan.data.split)} lists it: ${changes.text}.`;
    warnings.push({ code: 'splitDiffers', text });
  }
  if (isGiven) warnings.push(...(await doubtsAbout({ train, validation }, scanned)));
  const fold = (options.resumed ? recorded?.fold : options.fold) ?? null;
  const settings = { root: pool.root, seed: plan.seed, fold, classes: plan.head.classes };
  return { warnings, split: recordSplit(settings, { train, validation }, scanned) };
}

/**
 * Images of a listing with the class numbers of `classes`. Throws `dataClassUnknown` for a class that is not among them;
 * `model` is named in it where there are several.
 */
export function numberClasses(
  listing: DataListing,
  classes: readonly string[],
  path: string,
  model?: string,
): (GroupedExample & { split: Split | null })[] {
  const numbers = new Map(classes.map((name, index) => [name, index]));
  const unknown = listing.classes.find((name) => !numbers.has(name));
  if (unknown !== undefined) {
    throw new ThawError({ reason: 'dataClassUnknown', className: unknown, path, known: [...classes], model });
  }
  return listing.images.map(({ file, classIndex, split, group }) => ({
    file,
    split,
    group,
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
