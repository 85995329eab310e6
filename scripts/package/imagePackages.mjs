import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lib/project.mjs';

/** Decodes images. What it does so with comes in packages of its own: native code, or WebAssembly for every platform. */
const DECODER = 'sharp';
const PORTABLE = '@img/sharp-wasm32';

/** Platforms as VS Code names them, and as sharp does. None is for the web, where no process can be started. */
const PLATFORMS = {
  'win32-x64': 'win32-x64',
  'win32-arm64': 'win32-arm64',
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'linux-armhf': 'linux-arm',
  'alpine-x64': 'linuxmusl-x64',
  'alpine-arm64': 'linuxmusl-arm64',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-arm64',
};

/** Every platform that a package with native code can be made for, in the words of `vsce --target`. */
export const TARGETS = Object.keys(PLATFORMS);

/**
 * The packages that decode images, as package-lock.json pins them. Those of one platform come beside the portable ones,
 * which sharp takes where the native code does not start: an older C library, an older processor.
 *
 * @param {string | null} target one of `TARGETS`; null for the package that runs everywhere
 * @returns {{ path: string, name: string, version: string, integrity: string, licence: string }[]} `path` is the place
 *   below the folder of the extension's programs, such as `node_modules/sharp`; sorted by it
 * @throws {Error} when package-lock.json does not name one
 */
export function imagePackages(target, lock = readLock()) {
  const found = new Map();
  const add = (name, parent = '') => {
    const path = pathOf(lock, name, parent);
    if (found.has(path)) return;
    const { version, integrity, license: licence, dependencies, optionalDependencies } = lock.packages[path];
    found.set(path, { path, name, version, integrity, licence });
    // Sharp's own optional packages are those of all platforms.
    const needed = { ...dependencies, ...(name === DECODER ? {} : optionalDependencies) };
    for (const each of Object.keys(needed)) add(each, path);
  };
  const native = target === null ? [] : [`@img/sharp-${PLATFORMS[target]}`];
  for (const name of [DECODER, PORTABLE, ...native]) add(name);
  return [...found.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** A package may have a version of its own of what it needs. */
function pathOf({ packages }, name, parent) {
  const path = [`${parent}/node_modules/${name}`, `node_modules/${name}`].find((each) => packages[each]);
  if (path === undefined) throw new Error(`package-lock.json does not name ${name}.`);
  return path;
}

function readLock() {
  return JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
}
