import { realpath, stat } from 'node:fs/promises';
import { basename, extname, relative, resolve, sep } from 'node:path';
import { SPLITS, type DataLayout, type FileProblem, type Split } from '../shared/dataSummary.ts';
import { ThawError } from '../shared/errors.ts';
import { readClassFolder } from './classFolder.ts';
import { byCodeUnit, describeFileError, readEntries, rootError, type Entry } from './dataEntries.ts';
import { readDataTable, splitNamed } from './dataTable.ts';

export type { FileProblem, Split };

export interface ListedImage {
  /** Absolute path. */
  file: string;
  /** Index into the classes of the listing. */
  classIndex: number;
  /** null where the folder has no splits. */
  split: Split | null;
  /** Images with the same group belong together, such as those of one person; null is a group of its own. */
  group: string | null;
}

/** Whether a run trains on an image: on all but those to validate or test with. */
export function isToTrain({ split }: Pick<ListedImage, 'split'>): boolean {
  return split === null || split === 'train';
}

/** The images of a data folder and what is wrong with the rest. No image has been opened yet. */
export interface DataListing {
  /** Absolute path of the folder, or of the table. */
  root: string;
  /** In code-unit order. An empty folder is a class too; one that holds only other files is not. */
  classes: string[];
  images: ListedImage[];
  problems: FileProblem[];
  layout: DataLayout;
}

type Folder = Extract<Entry, { kind: 'folder' }>;

interface LabelledImage {
  file: string;
  label: string;
  split: Split | null;
  group: string | null;
}

/** A listing before its classes have numbers. */
interface Labelled {
  labels: string[];
  images: LabelledImage[];
  problems: FileProblem[];
}

/**
 * Lists labelled images: one folder per class; or `train`, `validation` (or `val`) and `test`, each holding classes;
 * or a CSV file `path,label[,split][,group]`. Class folders are read with all folders below them. The order depends on
 * names alone: train before validation before test, then by class and path; a table keeps its own order.
 *
 * Files that cannot be used are listed as problems; hidden files and those of file managers are passed over.
 *
 * @throws ThawError `dataFolderMissing`, `dataFolderEmpty`, `dataTable`, `notPermitted`
 */
export async function listData(path: string): Promise<DataListing> {
  const root = resolve(path);
  const found = await stat(root).catch((error: unknown) => {
    throw rootError(error, root);
  });
  if (found.isDirectory()) return listFolder(root);
  if (extname(root).toLowerCase() !== '.csv') throw new ThawError({ reason: 'dataFolderMissing', path: root });
  const { labels, rows, problems } = await readDataTable(root);
  return numbered(root, 'table', { labels, images: rows, problems });
}

/**
 * The listing with the folder right below that of its class as the group of each image; those in the class folder itself
 * stay on their own. Folders of the same name below two classes are one group. A table keeps its own groups.
 */
export function groupedByFolder(listing: DataListing): DataListing {
  if (listing.layout === 'table') return listing;
  const above = listing.layout === 'splits' ? 2 : 1;
  const images = listing.images.map((image) => {
    const folders = relative(listing.root, image.file).split(sep).slice(above, -1);
    return { ...image, group: folders.length === 0 ? null : folders[0] };
  });
  return { ...listing, images };
}

async function listFolder(root: string): Promise<DataListing> {
  const entries = await readEntries(root).catch((error: unknown) => {
    throw rootError(error, root);
  });
  const splits = await splitFolders(entries.filter((entry) => entry.kind === 'folder'));
  if (splits.length === 0) return numbered(root, 'classes', await readClasses(entries, null, await realpath(root)));

  const all: Labelled = { labels: [], images: [], problems: [] };
  for (const { folder, split } of splits) append(all, await readSplit(folder, split));
  const splitPaths = new Set(splits.map(({ folder }) => folder.path));
  for (const entry of entries) {
    if (splitPaths.has(entry.path)) continue;
    const problem = entry.kind === 'unusable' ? entry.problem : 'not in train, validation or test, so it is left out';
    all.problems.push({ file: entry.path, problem });
  }
  return numbered(root, 'splits', all);
}

/**
 * The folders named after splits, in the order train, validation, test; none when these names are classes (a folder
 * of vehicles may hold one called "train"). They are splits when they hold folders in their turn, and either several
 * of them do or no other folder looks like a class.
 */
async function splitFolders(folders: Folder[]): Promise<{ folder: Folder; split: Split }[]> {
  const named = folders.flatMap((folder) => {
    const split = splitNamed(basename(folder.path));
    return split ? [{ folder, split }] : [];
  });
  let holdingFolders = 0;
  for (const { folder } of named) if (await holds(folder, 'folder')) holdingFolders++;
  if (holdingFolders === 0) return [];
  if (holdingFolders === 1) {
    for (const folder of folders) {
      if (!splitNamed(basename(folder.path)) && (await holds(folder, 'image'))) return [];
    }
  }
  return named.sort((a, b) => splitRank(a.split) - splitRank(b.split));
}

async function holds(folder: Folder, kind: Entry['kind']): Promise<boolean> {
  const entries = await readEntries(folder.path).catch(() => []);
  return entries.some((entry) => entry.kind === kind);
}

async function readSplit(folder: Folder, split: Split): Promise<Labelled> {
  try {
    return await readClasses(await readEntries(folder.path), split, await realpath(folder.path));
  } catch (error) {
    return { labels: [], images: [], problems: [{ file: folder.path, problem: describeFileError(error) }] };
  }
}

async function readClasses(entries: Entry[], split: Split | null, realParent: string): Promise<Labelled> {
  const all: Labelled = { labels: [], images: [], problems: [] };
  for (const entry of entries) {
    if (entry.kind === 'folder') {
      const label = basename(entry.path);
      const { images, problems, isClass } = await readClassFolder(entry.path, realParent);
      const labelled = images.map((file) => ({ file, label, split, group: null }));
      append(all, { labels: isClass ? [label] : [], images: labelled, problems });
    } else {
      const problem = entry.kind === 'image' ? 'not in the folder of a class' : entry.problem;
      all.problems.push({ file: entry.path, problem });
    }
  }
  return all;
}

function append(all: Labelled, more: Labelled): void {
  all.labels = all.labels.concat(more.labels);
  all.images = all.images.concat(more.images);
  all.problems = all.problems.concat(more.problems);
}

function numbered(root: string, layout: DataLayout, { labels, images, problems }: Labelled): DataListing {
  if (images.length === 0) throw new ThawError({ reason: 'dataFolderEmpty', path: root });
  const classes = [...new Set(labels)].sort(byCodeUnit);
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  const listed = images.map(({ label, ...image }) => ({ ...image, classIndex: indexOf.get(label) ?? 0 }));
  // Stable: within a class the images keep the order they were found in, which is that of their names.
  if (layout !== 'table') {
    listed.sort((a, b) => splitRank(a.split) - splitRank(b.split) || a.classIndex - b.classIndex);
  }
  return { root, classes, images: listed, problems, layout };
}

function splitRank(split: Split | null): number {
  return split === null ? 0 : SPLITS.indexOf(split);
}
