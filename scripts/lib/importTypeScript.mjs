import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './project.mjs';

/**
 * Imports a TypeScript module of the project into a script: Node 20 cannot read TypeScript itself. The module and what
 * it imports from the project are bundled into build/scripts; packages stay outside.
 *
 * @param {string} path relative to the root of the project, such as `src/shared/random.ts`
 */
export async function importTypeScript(path) {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [path],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
  });
  const folder = join(root, 'build', 'scripts');
  await mkdir(folder, { recursive: true });
  const module = join(folder, `${basename(path, '.ts')}-${process.pid}.mjs`);
  await writeFile(module, outputFiles[0].contents);
  try {
    return await import(pathToFileURL(module).href);
  } finally {
    await rm(module, { force: true });
  }
}
