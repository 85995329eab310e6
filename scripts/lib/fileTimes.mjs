import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * When the newest of some files, and of everything in some folders, was changed.
 *
 * @param {string[]} paths
 * @returns {number} milliseconds
 */
export function newestTime(paths) {
  return Math.max(...paths.flatMap(timesIn));
}

/**
 * When a file was changed.
 *
 * @param {string} path
 * @returns {number} milliseconds; 0 for a file that does not exist
 */
export function timeOf(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function timesIn(path) {
  const names = statSync(path).isDirectory() ? readdirSync(path) : [];
  return [timeOf(path), ...names.flatMap((name) => timesIn(join(path, name)))];
}
