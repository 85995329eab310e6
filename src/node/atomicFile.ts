import { mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ThawError, type Problem } from '../shared/errors.ts';

let temporaries = 0;

/** The `code` of a Node.js system error, such as `ENOENT`; undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Turns what the file system threw into a problem in words. A `ThawError` keeps its own. */
export function toFileProblem(error: unknown, path: string): Problem {
  if (error instanceof ThawError) return error.problem;
  switch (errorCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return { reason: 'noSpace', path };
    case 'EROFS':
      return { reason: 'readOnly', path };
    case 'EACCES':
    case 'EPERM':
      return { reason: 'notPermitted', path };
    default:
      return { reason: 'internal', detail: `${path}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/**
 * Makes a folder and those around it, and returns the ones that were missing, outermost first. They are made one by one,
 * since on a read-only disk Node's recursive mkdir says ENOENT; after a failure none of them is left. Throws the error of
 * the file system.
 */
export async function makeFolders(path: string): Promise<string[]> {
  const made: string[] = [];
  const missing: string[] = [];
  for (let folder = path; !(await exists(folder)) && folder !== dirname(folder); folder = dirname(folder))
    missing.unshift(folder);
  try {
    for (const folder of missing) {
      await mkdir(folder).catch(ignoreExisting);
      made.push(folder);
    }
    return made;
  } catch (error) {
    await removeEmptyFolders(made);
    throw error;
  }
}

/** Somebody else may make a folder at the same time. */
function ignoreExisting(error: unknown): void {
  if (errorCode(error) !== 'EEXIST') throw error;
}

/** Removes folders, given outermost first, from the innermost on up to the first that holds something. */
export async function removeEmptyFolders(folders: readonly string[]): Promise<void> {
  try {
    for (const folder of [...folders].reverse()) await rmdir(folder);
  } catch {
    // Somebody else uses it.
  }
}

/** Writes a file and waits until the disk has it. */
export async function writeFileSynced(path: string, data: string | Uint8Array): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Replaces a file in one step: a reader, or a crash, meets the old content or the new, never a part.
 * Throws ThawError noSpace, readOnly, notPermitted or internal; the old file is then untouched.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = temporaryName(path);
  let made: string[] = [];
  try {
    made = await makeFolders(dirname(path));
    await writeFileSynced(temporary, data);
    await rename(temporary, path);
  } catch (error) {
    await discard(temporary);
    await removeEmptyFolders(made);
    throw new ThawError(toFileProblem(error, path));
  }
}

/**
 * Replaces a folder as a whole: `fill` writes into a temporary folder beside it, which then takes its place. The old one is
 * removed, or with `previous` kept there, in the place of the one kept before.
 * Throws what `fill` throws, or ThawError as `writeFileAtomic`; the old folder is then untouched.
 */
export async function replaceDirectory(
  path: string,
  fill: (temporary: string) => Promise<void>,
  previous?: string,
): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await restoreDirectory(path);
    await makeFolders(temporary);
    await fill(temporary);
    if (previous !== undefined && (await exists(path))) await stepAside(path, previous);
    await swapIn(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await discard(temporary);
    throw errorCode(error) === undefined ? error : new ThawError(toFileProblem(error, path));
  }
}

/**
 * Puts back a folder that a crash left set aside in the middle of `replaceDirectory`. Does nothing when it is in place.
 */
export async function restoreDirectory(path: string): Promise<void> {
  if (await exists(path)) return;
  const parent = dirname(path);
  const siblings = (await exists(parent)) ? await readdir(parent) : [];
  const aside = siblings.find((name) => name.startsWith(`${basename(path)}.old-`));
  if (aside !== undefined) await rename(join(parent, aside), path);
}

/** Moves a folder to where another may be, which then goes. */
async function stepAside(path: string, target: string): Promise<void> {
  const old = `${target}.old-${process.pid}`;
  await discard(old);
  if (await exists(target)) await rename(target, old);
  await rename(path, target);
  await discard(old);
}

/** Makes renamings last through a loss of power, where the system lets folders be synced. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => null);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

/** A folder with content cannot be renamed over, so the old one steps aside first and returns if that fails. */
async function swapIn(temporary: string, path: string): Promise<void> {
  if (!(await exists(path))) return rename(temporary, path);
  const aside = `${path}.old-${process.pid}`;
  await discard(aside);
  await rename(path, aside);
  try {
    await rename(temporary, path);
  } catch (error) {
    await rename(aside, path);
    throw error;
  }
  await discard(aside);
}

function temporaryName(path: string): string {
  temporaries += 1;
  return `${path}.tmp-${process.pid}-${temporaries}`;
}

/** Clearing up must not hide the error that made it necessary. */
async function discard(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => undefined);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
