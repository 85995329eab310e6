import { dirname, resolve } from 'node:path';
import { type DataListing, isToTrain, type ListedImage, listData } from '../node/dataFolder.ts';
import { dataBand } from '../shared/dataBand.ts';
import type { DataSummary } from '../shared/dataSummary.ts';
import type { Plan } from '../shared/plan.ts';
import type { PlanData } from '../shared/planView.ts';
import { countByClass } from '../shared/validationImages.ts';

/** The training images of a plan by class, as far as names tell. */
export interface PlanImages {
  view: PlanData;
  /** Absolute paths by class. */
  files: ReadonlyMap<string, readonly string[]>;
}

/** Absolute path of a plan's training images. */
export function trainingFolder(planPath: string, plan: Plan): string {
  return resolve(dirname(planPath), plan.data.train);
}

/** Absolute paths of the images that a plan is judged by, where it names any. */
export interface HeldOut {
  validation?: string;
  test?: string;
}

export function heldOutFolders(planPath: string, { data: { validation, test } }: Plan): HeldOut {
  const folder = dirname(planPath);
  return {
    ...(typeof validation === 'string' ? { validation: resolve(folder, validation) } : {}),
    ...(test === undefined ? {} : { test: resolve(folder, test) }),
  };
}

/** Lists the images of a training folder without opening any. Throws what `listData` throws. */
export async function listPlanImages(root: string, { validation }: HeldOut = {}): Promise<PlanImages> {
  const listing = await listData(root);
  const files = filesByClass(listing);
  // Training says what is wrong with another folder; here it is only counted.
  const given = validation === undefined ? inSplit(listing) : await listData(validation).catch(() => null);
  const view = viewOf(root, listing.classes, files, listing.problems);
  if (!given || given.images.length === 0) return { files, view };
  return { files, view: { ...view, validation: countByClass(given.classes.length, given.images) } };
}

function inSplit({ classes, images }: DataListing): { classes: string[]; images: ListedImage[] } {
  return { classes, images: images.filter(({ split }) => split === 'validation') };
}

/** Takes out the images that turned out to be unreadable when the trainer opened them. */
export function withoutUnreadable({ files, view }: PlanImages, summary: DataSummary): PlanImages {
  const problems = summary.problems.filter(({ used }) => !used);
  const unreadable = new Set(problems.map(({ file }) => file));
  const readable = new Map(
    [...files].map(([name, list]) => [name, list.filter((file) => !unreadable.has(file))] as const),
  );
  const notes = summary.problems.filter(({ used }) => used);
  const { acrossSplits } = summary;
  return {
    files: readable,
    view: { ...view, ...viewOf(view.root, view.classes, readable, problems), notes, acrossSplits },
  };
}

/** As training sees them: where a folder has splits, those of its training part. */
function filesByClass(listing: DataListing): Map<string, string[]> {
  const files = new Map(listing.classes.map((name): [string, string[]] => [name, []]));
  for (const image of listing.images) {
    if (isToTrain(image)) files.get(listing.classes[image.classIndex])?.push(image.file);
  }
  return files;
}

function viewOf(
  root: string,
  classes: string[],
  files: ReadonlyMap<string, readonly string[]>,
  problems: PlanData['problems'],
): PlanData {
  const perClass = Object.fromEntries(classes.map((name) => [name, files.get(name)?.length ?? 0]));
  return { root, classes, perClass, band: dataBand(Object.values(perClass)), problems };
}
