import { stat } from 'node:fs/promises';
import { type SplitFile, type SplitImage, splitImagePath, splitReference, splitRoot } from '../../node/splitFile.ts';
import { ThawError } from '../../shared/errors.ts';
import type { FoldChoice } from '../../shared/splitData.ts';
import { defaultConcurrency } from '../data/imageReader.ts';
import { mapInOrder } from '../data/mapInOrder.ts';
import type { DividedImages, GroupedExample } from './divideImages.ts';
import type { Example } from './examples.ts';
import type { ScannedImage } from './scanImages.ts';

/** Where a split was read from, for errors. */
export interface SplitSource {
  path: string;
  /** The run that it is the split of, where that is resumed. */
  run?: string;
}

/**
 * Finds the images of a split again. Throws `splitFilesMissing` where some are gone, `dataClassUnknown` for a class that
 * is not among `classes`.
 *
 * @param root the folder that the plan's images lie in now
 */
export async function findRecorded(
  split: SplitFile,
  root: string,
  classes: readonly string[],
  source: SplitSource,
): Promise<DividedImages> {
  const from = await splitRoot(split, root);
  const numbers = new Map(classes.map((name, index) => [name, index]));
  const find = (image: SplitImage): GroupedExample => {
    const classIndex = numbers.get(image.class);
    if (classIndex === undefined) {
      throw new ThawError({
        reason: 'dataClassUnknown',
        className: image.class,
        path: source.path,
        known: [...classes],
      });
    }
    return { file: splitImagePath(split, image, from), classIndex, group: image.group ?? null };
  };
  const found = { train: split.train.map(find), validation: split.validation.map(find) };
  await requireFiles([...found.train, ...found.validation], source);
  return found;
}

async function requireFiles(images: readonly Example[], { path, run }: SplitSource): Promise<void> {
  const isThere = ({ file }: Example): Promise<boolean> =>
    stat(file).then(
      () => true,
      () => false,
    );
  const missing: string[] = [];
  let position = 0;
  for await (const there of mapInOrder(images, isThere, { concurrency: 8 * defaultConcurrency() })) {
    if (!there) missing.push(images[position].file);
    position++;
  }
  if (missing.length === 0) return;
  throw new ThawError({
    reason: 'splitFilesMissing',
    path,
    files: missing.length,
    first: missing[0],
    ...(run ? { run } : {}),
  });
}

/** How images differ from what a split recorded of them. */
export interface DataChanges {
  /** Whether images that are used have other content than recorded. */
  isOther: boolean;
  /** What differs, in words. */
  text: string;
}

/**
 * Compares a split with the images as they are; null where nothing has changed.
 *
 * @param found the images of the split, training images before validation images
 * @param scanned what each of `found` is now
 * @param listed all images that the plan could take for training or validation, with the name of their class
 */
export function changesSince(
  split: SplitFile,
  found: readonly Example[],
  scanned: readonly ScannedImage[],
  listed: ReadonlyMap<string, string>,
): DataChanges | null {
  const images = [...split.train, ...split.validation];
  const files = found.map(({ file }) => file);
  const known = new Set(files);
  const others = files.filter((_, index) => isOther(images[index], scanned[index]));
  const relabelled = files.filter((file, index) => listed.has(file) && listed.get(file) !== images[index].class);
  const parts = [
    count(others, 'has other content', 'have other content'),
    count(relabelled, 'has another label and keeps its old one', 'have other labels and keep their old ones'),
    count(
      files.filter((file) => !listed.has(file)),
      'is no longer listed and is used all the same',
      'are no longer listed and are used all the same',
    ),
    count(
      [...listed.keys()].filter((file) => !known.has(file)),
      'is new and not used',
      'are new and not used',
    ),
  ].filter((text) => text !== null);
  return parts.length === 0 ? null : { isOther: others.length > 0, text: parts.join('; ') };
}

function isOther(recorded: SplitImage, now: ScannedImage): boolean {
  return recorded.bytes !== now.bytes || (recorded.sha256 !== undefined && recorded.sha256 !== now.sha256);
}

function count(files: readonly string[], one: string, several: string): string | null {
  if (files.length === 0) return null;
  if (files.length === 1) return `1 image ${one} (${files[0]})`;
  return `${files.length} images ${several} (the first is ${files[0]})`;
}

/** A `split.json` of images that were scanned, training images before validation images. */
export function recordSplit(
  { root, seed, fold, classes }: { root: string; seed: number; fold: FoldChoice | null; classes: readonly string[] },
  { train, validation }: DividedImages,
  scanned: readonly ScannedImage[],
): SplitFile {
  const record = ({ file, classIndex, group }: GroupedExample, position: number): SplitImage => {
    const { bytes, sha256 } = scanned[position];
    return {
      file: splitReference(root, file),
      class: classes[classIndex],
      ...(group === null ? {} : { group }),
      bytes,
      ...(sha256 === null ? {} : { sha256 }),
    };
  };
  return {
    version: 1,
    root,
    seed,
    fold,
    train: train.map(record),
    validation: validation.map((image, position) => record(image, train.length + position)),
  };
}
