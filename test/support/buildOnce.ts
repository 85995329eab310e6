import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { newestTime, timeOf } from '../../scripts/lib/fileTimes.mjs';
import { BUILT_FILES } from '../../scripts/lib/programs.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const SOURCES = ['src', 'webview', 'esbuild.mjs', 'scripts/lib', 'package-lock.json'];

/**
 * Builds dist/ before the first test of a suite that starts the programs, unless it is newer than everything it is made
 * of. Vitest sets up its suites one after the other, so only the first of them ever builds.
 */
export async function setup(): Promise<void> {
  const newest = newestTime(SOURCES.map((path) => join(root, path)));
  const built = Math.min(...BUILT_FILES.map((name) => timeOf(join(root, 'dist', name))));
  if (built > newest) return;
  await promisify(execFile)(process.execPath, ['esbuild.mjs'], { cwd: root });
}
