import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ThawError } from '../../shared/errors.ts';
import { errorCode, toFileProblem } from '../atomicFile.ts';
import { isAlive } from '../processAlive.ts';

/** Locks that this process holds: any other with its id is of an earlier process that had the same one. */
const held = new Set<string>();

/** What file systems without hard links say. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * Runs something that changes the installed engine while no other process does. A lock of a process that is gone is taken
 * over. Throws ThawError engineBusy, readOnly, notPermitted or noSpace, and what `work` throws.
 */
export async function withInstallLock<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const path = join(directory, 'install.lock');
  const own = `${path}.${process.pid}`;
  try {
    await mkdir(directory, { recursive: true });
    await writeFile(own, String(process.pid));
    while (!(await take(path, own))) await removeStale(path, directory);
  } catch (error) {
    throw error instanceof ThawError ? error : new ThawError(toFileProblem(error, directory));
  } finally {
    await rm(own, { force: true }).catch(() => undefined);
  }
  held.add(path);
  try {
    return await work();
  } finally {
    held.delete(path);
    await rm(path, { force: true });
  }
}

/** A link appears with its content, so nobody ever reads a lock that does not say whose it is yet. */
async function take(path: string, own: string): Promise<boolean> {
  try {
    await link(own, path).catch(async (error: unknown) => {
      if (!NO_LINKS.has(errorCode(error) ?? '')) throw error;
      await writeFile(path, String(process.pid), { flag: 'wx' });
    });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function removeStale(path: string, directory: string): Promise<void> {
  const owner = await ownerOf(path);
  const isHeld = owner === process.pid ? held.has(path) : owner !== null && isAlive(owner);
  if (owner !== null && isHeld) throw new ThawError({ reason: 'engineBusy', path: directory, processId: owner });
  const aside = `${path}.stale-${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return;
  }
  // Another process may have taken the lock over between the two looks: then this one is its, and goes back.
  const moved = await ownerOf(aside);
  if (moved !== null && moved !== owner) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

/** Null when the file is gone or does not hold the id of a process. */
async function ownerOf(path: string): Promise<number | null> {
  const owner = Number(await readFile(path, 'utf8').catch(() => ''));
  return Number.isInteger(owner) && owner > 0 ? owner : null;
}
