import { copyFile, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ThawError } from '../../shared/errors.ts';
import { compileBinding } from './compileBinding.ts';
import { BINDING_PATH, LIBRARY_FOLDER, readRecord, TFJS_NODE_VERSION } from './installedEngine.ts';
import type { RouteContext, RouteResult } from './installRoute.ts';
import { librariesIn, placeLibraries } from './placeLibraries.ts';

/** What a folder has to make an engine of. */
export interface FolderParts {
  /** Absolute paths of the libraries of TensorFlow and of links to them. */
  libraries: string[];
  /** The compiled binding, if there is one of the version that Thaw carries. */
  binding: string | null;
  /** Folder that holds `tensorflow/c/c_api.h`, if there is one. */
  includes: string | null;
  /** Version of TensorFlow; empty when nothing tells it. */
  tensorflow: string;
}

/**
 * The engine from a folder of the user: an installed tfjs-node, a libtensorflow, a Python package of TensorFlow, an engine
 * of Thaw, or a folder that holds one of them where it usually lies. Everything is copied.
 *
 * Throws ThawError engineFolder, engineNoCompiler, engineCompile, cancelled or a problem of the disk.
 */
export async function installFromFolder(path: string, context: RouteContext): Promise<RouteResult> {
  const parts = await findParts(path);
  const { folder, sources, environment, signal } = context;
  context.onProgress({ step: 'extract', text: path });
  await placeLibraries(parts.libraries, folder, 'copy');
  const output = join(folder, BINDING_PATH);
  if (parts.binding !== null) {
    await mkdir(dirname(output), { recursive: true });
    await copyFile(parts.binding, output);
  } else if (parts.includes !== null) {
    context.onProgress({ step: 'compile', text: 'the binding between Node.js and TensorFlow' });
    const libraries = join(folder, LIBRARY_FOLDER);
    await compileBinding({ sources, environment, signal, includes: parts.includes, libraries, output });
  }
  return { route: 'folder', tensorflow: parts.tensorflow };
}

/** Looks for the parts of an engine in a folder. Throws ThawError engineFolder when they are not all there. */
export async function findParts(path: string): Promise<FolderParts> {
  const folder = resolve(path);
  const refuse = (detail: string): ThawError => new ThawError({ reason: 'engineFolder', path: folder, detail });
  if (!(await isFolder(folder))) throw refuse('there is no such folder');
  for (const candidate of await candidates(folder)) {
    const libraries = await findLibraries(candidate);
    if (libraries.length === 0) continue;
    const binding = await findBinding(candidate);
    const includes = await findIncludes(candidate);
    if (binding === null && includes === null)
      throw refuse('it has neither a compiled binding nor the headers to compile one');
    if (binding === null && process.platform === 'win32')
      throw refuse('it has no compiled binding, and on Windows none can be compiled');
    return { libraries, binding, includes, tensorflow: await versionOf(candidate, includes, libraries) };
  }
  throw refuse('it has no library of TensorFlow');
}

/** The folder itself and where in it an engine usually lies. */
async function candidates(folder: string): Promise<string[]> {
  const record = await readRecord(folder);
  const within = ['tensorflow', 'node_modules/@tensorflow/tfjs-node'].map((path) => join(folder, path));
  return [...(record ? [join(folder, record.folder)] : []), folder, ...within];
}

async function findLibraries(folder: string): Promise<string[]> {
  for (const place of [LIBRARY_FOLDER, 'lib', '.', dirname(BINDING_PATH)]) {
    const names = await librariesIn(join(folder, place));
    if (names.length > 0) return names.map((name) => join(folder, place, name));
  }
  return [];
}

/** A binding of another version knows other operations than the code that calls it. */
async function findBinding(folder: string): Promise<string | null> {
  const path = join(folder, BINDING_PATH);
  if (!(await isFile(path))) return null;
  const manifest = await readFile(join(folder, 'package.json'), 'utf8').catch(() => null);
  const version = manifest === null ? TFJS_NODE_VERSION : /"version": *"([^"]*)"/.exec(manifest)?.[1];
  return version === TFJS_NODE_VERSION ? path : null;
}

async function findIncludes(folder: string): Promise<string | null> {
  for (const place of ['include', 'deps/include']) {
    if (await isFile(join(folder, place, 'tensorflow', 'c', 'c_api.h'))) return join(folder, place);
  }
  return null;
}

/** From a record of Thaw, from the headers, or from the name of a library such as `libtensorflow.so.2.9.1`. */
async function versionOf(folder: string, includes: string | null, libraries: string[]): Promise<string> {
  const record = await readRecord(dirname(folder));
  if (record && join(dirname(folder), record.folder) === folder) return record.tensorflow;
  for (const name of includes === null ? [] : ['release_version.h', 'version.h']) {
    const header = join(includes ?? '', 'tensorflow', 'core', 'public', name);
    const text = await readFile(header, 'utf8').catch(() => '');
    const numbers = ['MAJOR', 'MINOR', 'PATCH'].map(
      (part) => new RegExp(`#define TF_${part}_VERSION (\\d+)`).exec(text)?.[1],
    );
    if (numbers.every((each) => each !== undefined)) return numbers.join('.');
  }
  const named = libraries.map((path) => /(\d+\.\d+\.\d+)(\.dylib)?$/.exec(path)?.[1]);
  return named.find((each) => each !== undefined) ?? '';
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false;
}
