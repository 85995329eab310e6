import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { ThawError } from '../../shared/errors.ts';
import { errorCode, toFileProblem } from '../atomicFile.ts';
import { compileBinding } from './compileBinding.ts';
import { BINDING_PATH, LIBRARY_FOLDER } from './installedEngine.ts';
import { archiveProblem, type RouteContext, type RouteResult } from './installRoute.ts';
import { fetchWheel } from './pip.ts';
import { openZip, type ZipArchive } from './zipArchive.ts';

const TENSORFLOW = '2.21.0';

const PLATFORMS = new Set(['linux', 'darwin']);
const LIBRARY = /^tensorflow\/(libtensorflow_(cc|framework)(\.so\.\d+|\.\d+\.dylib))$/;
const INCLUDES = 'tensorflow/include/';

/**
 * The engine from the Python package of TensorFlow: its libraries, and the binding compiled here against its headers.
 * Python is needed to fetch the package and not afterwards.
 *
 * Throws ThawError enginePlatform, engineNoPip, enginePip, engineArchive, engineNoCompiler, engineCompile, cancelled or a
 * problem of the disk.
 */
export async function installFromWheel(context: RouteContext): Promise<RouteResult> {
  if (!PLATFORMS.has(process.platform)) {
    throw new ThawError({ reason: 'enginePlatform', source: 'wheel', platform: process.platform });
  }
  // With wheels for other machines only the package with support for graphics cards exists.
  const name = process.platform === 'linux' && process.arch === 'x64' ? 'tensorflow-cpu' : 'tensorflow';
  const wheel = await fetchWheel([`${name}==${TENSORFLOW}`, name], context);
  return installWheel(wheel, context);
}

/** The same from a wheel that is there. The file is deleted when it is damaged. */
export async function installWheel(wheel: string, context: RouteContext): Promise<RouteResult> {
  const includes = join(context.scratch, 'include');
  const tensorflow = await unpackWheel(wheel, includes, context);
  const { folder, sources, environment, signal } = context;
  context.onProgress({ step: 'compile', text: 'the binding between Node.js and TensorFlow' });
  await compileBinding({
    ...{ sources, environment, signal, includes },
    libraries: join(folder, LIBRARY_FOLDER),
    output: join(folder, BINDING_PATH),
  });
  return { route: 'wheel', tensorflow };
}

/** Gives the version of the package. */
async function unpackWheel(wheel: string, includes: string, context: RouteContext): Promise<string> {
  try {
    const zip = await openZip(wheel);
    try {
      return await unpackMembers(zip, basename(wheel), includes, context);
    } finally {
      zip.close();
    }
  } catch (error) {
    if (context.signal.aborted) throw new ThawError({ reason: 'cancelled' });
    const problem = toFileProblem(error, context.folder);
    if (['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES'].includes(errorCode(error) ?? '')) throw new ThawError(problem);
    await rm(wheel, { force: true });
    throw new ThawError(archiveProblem(basename(wheel), error));
  }
}

async function unpackMembers(zip: ZipArchive, name: string, includes: string, context: RouteContext): Promise<string> {
  const hashes = await recordedHashes(zip);
  const libraries = zip.names.filter((each) => LIBRARY.test(each));
  if (libraries.length < 2) throw new Error('it has no libtensorflow_cc and libtensorflow_framework');
  let earlier = 0;
  for (const member of libraries) {
    const onBytes = (bytes: number): void =>
      context.onProgress({ step: 'extract', text: name, receivedBytes: earlier + bytes });
    let size = 0;
    const target = join(context.folder, LIBRARY_FOLDER, posix.basename(member));
    await extractChecked(zip, hashes, member, target, context.signal, (bytes) => {
      size = bytes;
      onBytes(bytes);
    });
    earlier += size;
  }
  await extractHeaders(zip, hashes, includes, context);
  return /^tensorflow(?:_cpu)?-([^-]+)-/.exec(name)?.[1] ?? '';
}

/**
 * SHA-256 of each member, URL-safe Base64 without padding, as the wheel itself records them.
 * https://packaging.python.org/en/latest/specifications/binary-distribution-format/#the-dist-info-directory
 */
async function recordedHashes(zip: ZipArchive): Promise<Map<string, string>> {
  const record = zip.names.find((name) => /^[^/]+\.dist-info\/RECORD$/.test(name));
  if (record === undefined) throw new Error('it has no RECORD');
  const lines = (await zip.readText(record)).matchAll(/^"?([^"\n]+?)"?,sha256=([\w-]+)=*,\d+\s*$/gm);
  return new Map([...lines].map(([, path, hash]) => [path, hash]));
}

async function extractChecked(
  zip: ZipArchive,
  hashes: ReadonlyMap<string, string>,
  member: string,
  target: string,
  signal: AbortSignal,
  onBytes?: (bytes: number) => void,
): Promise<void> {
  const hash = await zip.extract(member, target, { signal, onBytes });
  const expected = hashes.get(member);
  if (expected === undefined) throw new Error(`its RECORD does not name ${member}`);
  if (hash !== expected) throw new Error(`the SHA-256 of ${member} is not the one in its RECORD`);
}

/** The headers that the binding includes, and those that these include, and so on. */
async function extractHeaders(
  zip: ZipArchive,
  hashes: ReadonlyMap<string, string>,
  includes: string,
  { sources, signal }: RouteContext,
): Promise<void> {
  const binding = join(sources, 'binding');
  const texts = (await readdir(binding)).map((name) => readFile(join(binding, name), 'utf8'));
  const waiting = (await Promise.all(texts)).flatMap(includedIn);
  const seen = new Set<string>();
  for (let header = waiting.pop(); header !== undefined; header = waiting.pop()) {
    if (seen.has(header) || !zip.has(INCLUDES + header)) continue;
    seen.add(header);
    const target = join(includes, header);
    await extractChecked(zip, hashes, INCLUDES + header, target, signal);
    waiting.push(...includedIn(await readFile(target, 'utf8')));
  }
}

function includedIn(source: string): string[] {
  return [...source.matchAll(/^\s*#\s*include\s*["<]([\w/.-]+)[">]/gm)].map(([, path]) => path);
}
