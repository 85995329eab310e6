import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lib/project.mjs';

/**
 * Where `npm run package` puts the extension.
 *
 * @param {string | null} target a platform; null for the package that runs everywhere
 */
export function vsixPath(target) {
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return join(root, 'build', `${[name, target, version].filter((part) => part !== null).join('-')}.vsix`);
}
