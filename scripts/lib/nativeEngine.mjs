import { join } from 'node:path';
import { importTypeScript } from './importTypeScript.mjs';
import { root } from './project.mjs';

/**
 * The native engine of the user or, where there is none, that of the tests; null where neither is installed.
 *
 * @returns {Promise<{ directory: string, binding: string } | null>}
 */
export async function findNativeEngine() {
  const { engineDirectory, readInstalledEngine } = await importTypeScript('src/node/nativeEngine/installedEngine.ts');
  for (const directory of [engineDirectory(), join(root, '.cache', 'native')]) {
    const engine = await readInstalledEngine(directory);
    if (engine) return { directory, binding: engine.binding };
  }
  return null;
}
