import { createHash } from 'node:crypto';
import { isToTrain, listData, type DataListing, type ListedImage } from '../../node/dataFolder.ts';
import type { DataSummary, FileProblem, Split } from '../../shared/dataSummary.ts';
import { dividedGroups } from '../../shared/groups.ts';
import { SplitDuplicates } from '../../shared/splitDuplicates.ts';
import { decodeImageBytes, readImageFile, type DecodeSettings } from './decodeImage.ts';
import { imageSignature, type ImageSignature } from './imageSignature.ts';
import { defaultConcurrency, unreadableDetail } from './imageReader.ts';
import { mapInOrder } from './mapInOrder.ts';
import { visitNearDuplicates } from './nearDuplicates.ts';

export interface InspectOptions {
  signal?: AbortSignal;
  /** Called after each image. */
  onProgress?: (done: number, total: number) => void;
  /** Folders with other splits of the same data: their images are only compared with those of the folder. */
  heldOut?: HeldOutFolders;
}

/** Where images to judge by are, for a folder that holds those to train on. */
export type HeldOutFolders = Partial<Record<Exclude<Split, 'train'>, string>>;

/** Sides below this many pixels are reported. */
const SMALLEST_SIDE = 32;
/** Long side over short side from which an image is reported: cropping would lose most of it. */
const GREATEST_ASPECT = 4;
/** Difference between the channels of a pixel that rounding and compression cause in gray images. */
const GRAY_TOLERANCE = 4;
const THUMBNAIL: DecodeSettings = { width: 64, height: 64, channels: 'rgb', resize: 'stretch' };

/** What one file turned out to be. */
type Inspection =
  | { image: ListedImage; problem: string }
  | { image: ListedImage; hash: string; signature: ImageSignature; width: number; height: number; gray: boolean };
type Readable = Extract<Inspection, { hash: string }>;

/**
 * Says what a data folder or table holds. Every image is decoded to its last row, so that files cut off are found.
 *
 * Reported besides unreadable files: files with the same content (between classes and between splits said as such),
 * images of different classes or splits that look nearly the same, groups that lie in several splits, sides below 32
 * pixels, and images over 4 times as long as wide. These count as readable all the same. `acrossSplits` sums up what is in
 * two splits.
 *
 * @throws ThawError as `listData` does, and `cancelled`
 */
export async function inspectData(path: string, options: InspectOptions = {}): Promise<DataSummary> {
  const listing = await listData(path);
  const heldOut = await listHeldOut(options.heldOut ?? {});
  const others: Readable[] = [];
  const readable: Readable[] = [];
  const problems: FileProblem[] = [...listing.problems];
  const firstOfHash = new Map<string, ListedImage>();
  let done = 0;
  const work = { concurrency: defaultConcurrency(), signal: options.signal };
  const total = listing.images.length + heldOut.length;
  for await (const inspection of mapInOrder([...listing.images, ...heldOut], inspectImage, work)) {
    const { file } = inspection.image;
    if (done >= listing.images.length) {
      if ('hash' in inspection) others.push(inspection);
    } else if ('hash' in inspection) {
      readable.push(inspection);
      const first = firstOfHash.get(inspection.hash);
      const notes = oddSizes(file, inspection.width, inspection.height);
      if (first) {
        const problem = describeDuplicate('same image as', inspection.image, first, listing.classes);
        notes.unshift({ file, problem, used: true });
      }
      if (!first) firstOfHash.set(inspection.hash, inspection.image);
      problems.push(...notes);
    } else {
      problems.push({ file, problem: inspection.problem });
    }
    done++;
    options.onProgress?.(done, total);
  }
  problems.push(...(await nearDuplicates(readable, listing.classes)), ...groupsInSplits(listing));
  return summarise(listing, readable, problems, await acrossSplits([...readable, ...others]));
}

async function listHeldOut(folders: HeldOutFolders): Promise<ListedImage[]> {
  const listed: ListedImage[] = [];
  for (const split of ['validation', 'test'] as const) {
    const folder = folders[split];
    if (folder === undefined) continue;
    // Where a plan names one that is not there, training says so.
    const found = await listData(folder).catch(() => null);
    listed.push(...(found?.images ?? []).map((image) => ({ ...image, split })));
  }
  return listed;
}

/** Images that look nearly the same as one of another split; those of none are trained on. */
async function acrossSplits(images: readonly Readable[]): Promise<DataSummary['acrossSplits']> {
  const placed = images.map(({ image: { file, split } }) => ({ file, split: split ?? ('train' as const) }));
  if (new Set(placed.map(({ split }) => split)).size < 2) return null;
  const duplicates = new SplitDuplicates();
  await visitNearDuplicates(
    images.map(({ signature }) => signature),
    {
      skip: (a, b) => duplicates.isSettled(placed[a], placed[b]),
      visit: (a, b) => duplicates.add(placed[a], placed[b]),
    },
  );
  return duplicates.result;
}

/** Images that look nearly the same as an earlier one of another class or split; the first such one is named. */
async function nearDuplicates(readable: readonly Readable[], classes: string[]): Promise<FileProblem[]> {
  const firstOf = new Map<number, number>();
  const isHarmless = (a: Readable, b: Readable): boolean =>
    a.hash === b.hash || (a.image.classIndex === b.image.classIndex && a.image.split === b.image.split);
  await visitNearDuplicates(
    readable.map(({ signature }) => signature),
    {
      skip: (a, b) => firstOf.has(b) || isHarmless(readable[a], readable[b]),
      visit: (a, b) => firstOf.set(b, a),
    },
  );
  return [...firstOf].map(([later, earlier]) => {
    const { image } = readable[later];
    const problem = describeDuplicate('nearly the same image as', image, readable[earlier].image, classes);
    return { file: image.file, problem, used: true };
  });
}

function groupsInSplits({ images }: DataListing): FileProblem[] {
  return dividedGroups(images).map(({ group, splits: [first, second] }) => {
    const image = images.find((candidate) => candidate.group === group && candidate.split === second);
    const problem = `of group "${group}", which is also in the ${first} split: results on the ${second} split would look too good`;
    return { file: image?.file ?? group, problem, used: true };
  });
}

async function inspectImage(image: ListedImage): Promise<Inspection> {
  try {
    const bytes = await readImageFile(image.file);
    const { pixels, whole, width, height } = await decodeImageBytes(bytes, image.file, THUMBNAIL);
    const hash = createHash('sha256').update(bytes).digest('base64');
    return { image, hash, signature: imageSignature(whole), width, height, gray: isGray(pixels) };
  } catch (error) {
    return { image, problem: unreadableDetail(error) };
  }
}

function isGray(rgb: Uint8Array): boolean {
  for (let red = 0; red < rgb.length; red += 3) {
    const channels = [rgb[red], rgb[red + 1], rgb[red + 2]];
    if (Math.max(...channels) - Math.min(...channels) > GRAY_TOLERANCE) return false;
  }
  return true;
}

function describeDuplicate(relation: string, image: ListedImage, first: ListedImage, classes: string[]): string {
  const parts = [`${relation} ${first.file}`];
  if (image.classIndex !== first.classIndex) {
    parts.push(`which is of class "${classes[first.classIndex]}": one of the two labels is wrong`);
  }
  if (image.split !== first.split) {
    parts.push(`which is in the ${first.split} split: results on the ${image.split} split would look too good`);
  }
  return parts.join(', ');
}

function oddSizes(file: string, width: number, height: number): FileProblem[] {
  const found: FileProblem[] = [];
  const side = Math.min(width, height);
  if (side < SMALLEST_SIDE) {
    const problem = `only ${width} x ${height} pixels: little can be seen at this size`;
    found.push({ file, problem, used: true, side });
  }
  const aspect = Math.max(width, height) / side;
  if (aspect > GREATEST_ASPECT) {
    const problem = `${width} x ${height} pixels, ${aspect.toFixed(1)} to 1: a square crop loses most of it`;
    found.push({ file, problem, used: true });
  }
  return found;
}

function summarise(
  listing: DataListing,
  readable: Readable[],
  problems: FileProblem[],
  across: DataSummary['acrossSplits'],
): DataSummary {
  const { root, layout, classes, images } = listing;
  const counts = classes.map(() => 0);
  const toTrain = classes.map(() => 0);
  const perSplit = { train: 0, validation: 0, test: 0 };
  for (const { image } of readable) {
    counts[image.classIndex]++;
    if (isToTrain(image)) toTrain[image.classIndex]++;
    if (image.split) perSplit[image.split]++;
  }
  const byClass = (numbers: readonly number[]): Record<string, number> =>
    Object.fromEntries(classes.map((name, index) => [name, numbers[index]]));
  const smallestClass = Math.min(...counts);
  const grays = readable.filter(({ gray }) => gray).length;
  return {
    root,
    layout,
    classes,
    images: readable.length,
    perClass: byClass(counts),
    perClassToTrain: byClass(toTrain),
    splits: images.some(({ split }) => split !== null) ? perSplit : null,
    smallestClass,
    imbalance: smallestClass === 0 ? null : Math.max(...counts) / smallestClass,
    channels: grays === 0 ? 'rgb' : grays === readable.length ? 'gray' : 'mixed',
    acrossSplits: across,
    problems,
  };
}
