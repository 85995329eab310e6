/**
 * Run by vsce before it packs the extension: builds small programs, and copies the packages that cannot be bundled into
 * dist/node_modules, where the trainer finds them. vsce leaves out the node_modules of the project itself.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, runNode } from './lib/project.mjs';

/** Decodes images with native code. */
const NATIVE = 'sharp';

const source = join(root, 'node_modules');
const target = join(root, 'dist', 'node_modules');

/** A package and all it needs that is installed here: of the platform packages only those that fit this machine. */
function withDependencies(name, found = new Set()) {
  const manifest = join(source, name, 'package.json');
  if (found.has(name) || !existsSync(manifest)) return found;
  found.add(name);
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(manifest, 'utf8'));
  for (const each of Object.keys({ ...dependencies, ...optionalDependencies })) withDependencies(each, found);
  return found;
}

function copyPackage(name) {
  mkdirSync(join(target, name), { recursive: true });
  cpSync(join(source, name), join(target, name), { recursive: true, dereference: true });
}

/** Maps and leftovers of earlier builds are not for users. */
function removeDevelopmentFiles() {
  const dist = join(root, 'dist');
  for (const name of existsSync(dist) ? readdirSync(dist) : []) {
    if (name.endsWith('.map')) rmSync(join(dist, name));
  }
  rmSync(target, { recursive: true, force: true });
}

removeDevelopmentFiles();
// The package itself goes there.
mkdirSync(join(root, 'build'), { recursive: true });
const code = await runNode('esbuild.mjs', ['--production']);
if (code === 0) {
  const names = [...withDependencies(NATIVE)];
  names.forEach(copyPackage);
  console.log(`dist/node_modules holds ${names.join(', ')}`);
}
process.exitCode = code;
