import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const SPLIT_FOLDERS = new Set(['train', 'training']);

/**
 * Where the plan for a data folder goes: named after it (or after the folder around its training part), in `folder`, with
 * a number where that name is taken.
 */
export function newPlanPath(data: string, folder: string, isTaken: (path: string) => boolean = existsSync): string {
  const own = basename(data).replace(/\.csv$/i, '');
  const name = SPLIT_FOLDERS.has(own.toLowerCase()) ? basename(dirname(data)) || own : own;
  for (let count = 1; ; count++) {
    const path = join(folder, `${name}${count === 1 ? '' : `-${count}`}.finetune.json`);
    if (!isTaken(path)) return path;
  }
}
