import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, readdir, readlink, rename, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BINDING_PATH, LIBRARY_FOLDER } from './installedEngine.ts';

/** Names of the libraries of TensorFlow that an engine consists of, on every platform. */
export const LIBRARY_NAME = /^(libtensorflow(_cc|_framework)?(\.\d+)*\.(so(\.\d+)*|dylib)|tensorflow\.dll)$/;

/** The libraries of TensorFlow, and links to them, that lie in a folder; none where there is no such folder. */
export async function librariesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => LIBRARY_NAME.test(name)).sort();
}

/**
 * Puts libraries where the binding of an engine looks for them; on Windows that is beside the binding. A link to another
 * of them stays a link, any other is replaced by what it leads to.
 *
 * @param how `move` for files that are not needed where they are
 */
export async function placeLibraries(paths: string[], engine: string, how: 'copy' | 'move'): Promise<void> {
  const target = join(engine, process.platform === 'win32' ? dirname(BINDING_PATH) : LIBRARY_FOLDER);
  await mkdir(target, { recursive: true });
  const names = new Set(paths.map((path) => basename(path)));
  for (const path of paths) {
    const place = join(target, basename(path));
    const isLink = (await lstat(path)).isSymbolicLink();
    const leadsTo = isLink ? await readlink(path) : '';
    if (isLink && names.has(leadsTo)) await symlink(leadsTo, place);
    else if (how === 'move' && !isLink) await rename(path, place);
    // Where the disk can, the copy takes no room until one of the two changes.
    else await copyFile(path, place, constants.COPYFILE_FICLONE);
  }
}
