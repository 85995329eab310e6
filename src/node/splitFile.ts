import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import * as z from 'zod';
import { ThawError } from '../shared/errors.ts';
import { errorCode, writeFileAtomic } from './atomicFile.ts';
import type { RunFolder } from './runFolder.ts';

const imageSchema = z.object({
  /** Relative to `root` with forward slashes; absolute where it lies outside. */
  file: z.string().min(1),
  class: z.string().min(1),
  /** The group that the data states for it. */
  group: z.string().optional(),
  /** Size of the file. */
  bytes: z.number().int().min(0),
  /** Of the content, in hexadecimal; left out for a file that could not be read as an image. */
  sha256: z.string().optional(),
});

const splitSchema = z.object({
  version: z.literal(1),
  /** Folder that paths start from. Absolute. */
  root: z.string().min(1),
  seed: z.number().int().min(0),
  /** null unless the run is one part of a cross-validation. */
  fold: z.object({ index: z.number().int().min(0), count: z.number().int().min(2) }).nullable(),
  train: z.array(imageSchema).min(1),
  validation: z.array(imageSchema),
});

/** One image of `split.json`. */
export type SplitImage = z.output<typeof imageSchema>;
/** `split.json` of a run: its images in the order they are numbered in. */
export type SplitFile = z.output<typeof splitSchema>;

/** Reads and validates a `split.json`. Throws `splitDamaged`, also where there is none. */
export async function readSplit(path: string): Promise<SplitFile> {
  const damaged = (detail: string): ThawError => new ThawError({ reason: 'splitDamaged', path, detail });
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw damaged(errorCode(error) === 'ENOENT' ? 'there is no such file' : reasonOf(error));
  });
  const content = parseJson(text);
  if (content === undefined) throw damaged('it is not valid JSON');
  const parsed = splitSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw damaged(issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`);
}

/** The split of a run; null for one from a time when it was not recorded. Throws `runDamaged`. */
export async function readRunSplit(run: RunFolder): Promise<SplitFile | null> {
  if (!existsSync(run.splitPath)) return null;
  return readSplit(run.splitPath).catch((error: unknown) => {
    if (!(error instanceof ThawError) || error.problem.reason !== 'splitDamaged') throw error;
    const { path, detail } = error.problem;
    throw new ThawError({ reason: 'runDamaged', path, detail });
  });
}

/** Throws as `writeFileAtomic`. */
export async function writeSplit(path: string, split: SplitFile): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(split, null, 1)}\n`);
}

/** Absolute path of an image of a split, below another root where one is given. */
export function splitImagePath(split: SplitFile, image: SplitImage, root = split.root): string {
  return isAbsolute(image.file) ? image.file : resolve(root, image.file);
}

/** A file as `split.json` names it. */
export function splitReference(root: string, file: string): string {
  const reference = relative(root, file);
  const isOutside = isAbsolute(reference) || reference === '..' || reference.startsWith(`..${sep}`);
  return isOutside ? file : reference.split(sep).join('/');
}

/** The innermost folder that holds all of the given ones; the first of them where that is a whole disk. */
export function commonFolder(folders: readonly [string, ...string[]]): string {
  let common = folders[0];
  while (folders.some((folder) => splitReference(common, folder) === folder && folder !== common)) {
    common = dirname(common);
    if (common === dirname(common)) return folders[0];
  }
  return common;
}

/**
 * The folder that the paths of a split start from here: `root`, where any of its images is there (a project may have been
 * moved, or the split taken over by another plan), else the recorded one. Where only some are there, others are missing.
 */
export async function splitRoot(split: SplitFile, root: string): Promise<string> {
  const images = [...split.train, ...split.validation].filter(({ file }) => !isAbsolute(file));
  for (const candidate of [root, split.root]) {
    for (const image of images) if (await exists(splitImagePath(split, image, candidate))) return candidate;
  }
  return root;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
