import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { byCodeUnit, hasImageName } from './dataEntries.ts';
import { splitNamed } from './dataTable.ts';

/** Bounds of the search, so that it ends soon in a workspace of any size. */
const LARGEST_DEPTH = 4;
const MOST_FOLDERS = 2000;

const PASSED_OVER = new Set(['node_modules', 'dist', 'build', 'out', 'venv', '__pycache__']);

interface Found {
  path: string;
  depth: number;
}

/**
 * Folders below `root` (or `root` itself) that look like images with labels: two or more folders that hold images, or a
 * `train` folder of that kind. Judges by names only, looks at the nearest folders first and gives up after two thousand.
 *
 * @returns absolute paths, nearest first
 */
export async function findDataFolders(root: string, signal?: AbortSignal): Promise<string[]> {
  const results: string[] = [];
  const queue: Found[] = [{ path: root, depth: 0 }];
  for (let visited = 0; visited < MOST_FOLDERS && !signal?.aborted; visited++) {
    const next = queue.shift();
    if (!next) break;
    const folders = await subfolders(next.path);
    if (await isData(folders)) {
      results.push(next.path);
      continue;
    }
    if (next.depth < LARGEST_DEPTH) queue.push(...folders.map((path) => ({ path, depth: next.depth + 1 })));
  }
  return results;
}

async function isData(folders: string[]): Promise<boolean> {
  const training = folders.find((folder) => splitNamed(basename(folder)) === 'train');
  if (training !== undefined && (await holdsClasses(await subfolders(training)))) return true;
  return holdsClasses(folders);
}

async function holdsClasses(folders: string[]): Promise<boolean> {
  let classes = 0;
  for (const folder of folders) {
    const entries = await list(folder);
    if (entries.some((entry) => entry.isFile() && hasImageName(entry.name))) classes++;
    if (classes === 2) return true;
  }
  return false;
}

async function subfolders(path: string): Promise<string[]> {
  const entries = await list(path);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !PASSED_OVER.has(entry.name))
    .map((entry) => entry.name)
    .sort(byCodeUnit)
    .map((name) => join(path, name));
}

/** A folder that cannot be read has nothing to offer. */
async function list(path: string): Promise<Dirent[]> {
  return readdir(path, { withFileTypes: true }).catch(() => []);
}
