import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { ThawError } from '../shared/errors.ts';

const IMAGE_EXTENSIONS = new Set([
  '.jpg',
  '.jpeg',
  '.jpe',
  '.jfif',
  '.png',
  '.webp',
  '.gif',
  '.bmp',
  '.dib',
  '.tif',
  '.tiff',
]);

/** What file managers and archivers leave in folders of images. */
const LITTER = new Set(['thumbs.db', 'desktop.ini', '__macosx']);

/** Something found in a folder, links followed. */
export type Entry =
  | { kind: 'folder'; path: string; linked: boolean }
  | { kind: 'image'; path: string }
  | { kind: 'unusable'; path: string; problem: string };

/** Orders texts by their UTF-16 code units, so that every machine and language agrees. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether a path ends like that of an image. */
export function hasImageName(path: string): boolean {
  return IMAGE_EXTENSIONS.has(extname(path).toLowerCase());
}

/** The code of a file system error, such as `ENOENT`; empty for anything else. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** A file system error in words. */
export function describeFileError(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ENOENT') return 'it is gone';
  if (code === 'EACCES' || code === 'EPERM') return 'permission to read it is denied';
  if (code === 'ELOOP') return 'the link leads back to itself';
  if (code === 'EISDIR') return 'it is a folder';
  return `it cannot be read (${code || String(error)})`;
}

/**
 * The entries of a folder in the order of their names, without hidden files and litter. Names are judged by their
 * extension only: a text called `a.jpg` counts as an image until it is decoded.
 *
 * @throws the file system's error when the folder itself cannot be read
 */
export async function readEntries(folder: string): Promise<Entry[]> {
  const found = await readdir(folder, { withFileTypes: true });
  const shown = found.filter(({ name }) => !name.startsWith('.') && !LITTER.has(name.toLowerCase()));
  shown.sort((a, b) => byCodeUnit(a.name, b.name));
  return Promise.all(shown.map((entry) => examine(join(folder, entry.name), entry.isSymbolicLink())));
}

/** Tells what one path is, without opening it: a named pipe would never answer. */
export async function examine(path: string, linked: boolean): Promise<Entry> {
  const unusable = (problem: string): Entry => ({ kind: 'unusable', path, problem });
  try {
    const found = await stat(path);
    if (found.isDirectory()) return { kind: 'folder', path, linked };
    if (!hasImageName(path)) return unusable('not an image file');
    if (!found.isFile()) return unusable('not a regular file');
    return found.size === 0 ? unusable('the file is empty') : { kind: 'image', path };
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && linked) return unusable('the link points to nothing');
    if (codeOf(error) === 'ENOENT' && path.includes('\uFFFD'))
      return unusable('its name is not valid UTF-8: rename it');
    return unusable(describeFileError(error));
  }
}

/** The error for a data folder or table that cannot be opened at all. */
export function rootError(error: unknown, path: string): unknown {
  const code = codeOf(error);
  if (code === 'EACCES' || code === 'EPERM') return new ThawError({ reason: 'notPermitted', path });
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') {
    return new ThawError({ reason: 'dataFolderMissing', path });
  }
  return error;
}
