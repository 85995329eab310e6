import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Everything below a folder, with a hash of each file: equal listings mean that nothing was written. */
export async function listing(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    found[entry.name] = entry.isFile() ? await hashOf(path) : entry.isDirectory() ? 'folder' : 'other';
    if (!entry.isDirectory()) continue;
    for (const [below, content] of Object.entries(await listing(path))) found[`${entry.name}/${below}`] = content;
  }
  return found;
}

/** Names of what an interrupted write leaves behind. */
export async function leftovers(folder: string): Promise<string[]> {
  return Object.keys(await listing(folder)).filter((path) => /\.(tmp|old)-/.test(path));
}

async function hashOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}
