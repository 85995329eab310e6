import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import { ThawError } from '../../shared/errors.ts';
import { errorCode, toFileProblem } from '../atomicFile.ts';
import { downloadFile } from '../download.ts';
import { fileHash } from '../fileHash.ts';
import { compileBinding } from './compileBinding.ts';
import { extractArchive } from './extractArchive.ts';
import { BINDING_PATH, LIBRARY_FOLDER } from './installedEngine.ts';
import { archiveProblem, type RouteContext, type RouteResult } from './installRoute.ts';
import { type OfficialArchives, officialArchives } from './officialArchives.ts';
import { LIBRARY_NAME, placeLibraries } from './placeLibraries.ts';

const isWindows = process.platform === 'win32';

/**
 * The engine from the files that tfjs-node itself installs: the official library of TensorFlow and the compiled binding.
 * Where the binding is not published, it is compiled from the headers that come with the library.
 *
 * Throws ThawError enginePlatform, download, downloadChecksum, engineArchive, engineNoCompiler, engineCompile, cancelled
 * or a problem of the disk.
 */
export async function installFromArchive(context: RouteContext): Promise<RouteResult> {
  const archives = officialArchives(process.platform, process.arch, context.environment);
  if (!archives) {
    const platform = `${process.platform} ${process.arch}`;
    throw new ThawError({ reason: 'enginePlatform', source: 'archive', platform });
  }
  const unpacked = join(context.scratch, 'library');
  const libraries = await fetchLibrary(archives, unpacked, context);
  const binding = await fetchBinding(archives, context);
  await placeLibraries(libraries, context.folder, 'move');
  if (binding === 'missing') await compileHere(unpacked, context);
  return { route: 'archive', tensorflow: archives.tensorflow };
}

/** Gives the paths of the unpacked libraries; the headers lie in `include`. */
async function fetchLibrary({ library }: OfficialArchives, unpacked: string, context: RouteContext): Promise<string[]> {
  const file = await fetchFile(library.address, context, library.sha256);
  const isLibrary = (path: string): boolean => LIBRARY_NAME.test(posix.basename(path));
  const isHeader = (path: string): boolean => path.startsWith('include/');
  context.onProgress({ step: 'extract', text: basename(file) });
  const paths = await unpack(file, unpacked, (path) => isLibrary(path) || isHeader(path), context);
  const libraries = paths.filter(isLibrary);
  if (libraries.length > 0) return libraries.map((path) => join(unpacked, path));
  await rm(file, { force: true });
  throw new ThawError(archiveProblem(basename(file), new Error('it has no library of TensorFlow')));
}

/** Says `missing` when the server has no compiled binding for this platform. */
async function fetchBinding({ binding }: OfficialArchives, context: RouteContext): Promise<'unpacked' | 'missing'> {
  let file: string;
  try {
    file = await fetchFile(binding.address, context);
  } catch (error) {
    if (isWindows || !isNotThere(error)) throw error;
    return 'missing';
  }
  const folder = join(context.scratch, 'binding');
  const [path] = await unpack(file, folder, (each) => posix.basename(each) === 'tfjs_binding.node', context);
  if (path === undefined) {
    await rm(file, { force: true });
    throw new ThawError(archiveProblem(basename(file), new Error('it has no tfjs_binding.node')));
  }
  const target = join(context.folder, BINDING_PATH);
  await mkdir(dirname(target), { recursive: true });
  await rename(join(folder, path), target);
  return 'unpacked';
}

function isNotThere(error: unknown): boolean {
  return error instanceof ThawError && error.problem.reason === 'download' && /status 404/.test(error.problem.detail);
}

async function fetchFile(address: string, context: RouteContext, sha256?: string): Promise<string> {
  const name = posix.basename(new URL(address).pathname);
  const path = join(context.downloads, name);
  if (sha256 !== undefined && (await isWhole(path, sha256))) return path;
  context.onProgress({ step: 'download', text: name });
  await downloadFile(address, path, {
    sha256,
    signal: context.signal,
    onProgress: ({ receivedBytes, totalBytes }) =>
      context.onProgress({ step: 'download', text: name, receivedBytes, totalBytes }),
  });
  return path;
}

/** An installation that was stopped later may have left it. */
async function isWhole(path: string, sha256: string): Promise<boolean> {
  return fileHash(path, 'sha256').then(
    (hash) => hash === sha256.toLowerCase(),
    () => false,
  );
}

async function unpack(
  file: string,
  folder: string,
  isWanted: (path: string) => boolean,
  context: RouteContext,
): Promise<string[]> {
  try {
    return await extractArchive(file, folder, isWanted, context.signal);
  } catch (error) {
    if (context.signal.aborted) throw new ThawError({ reason: 'cancelled' });
    const problem = toFileProblem(error, folder);
    if (problem.reason !== 'internal' && isOfDisk(error)) throw new ThawError(problem);
    await rm(file, { force: true });
    throw new ThawError(archiveProblem(basename(file), error));
  }
}

const isOfDisk = (error: unknown): boolean => ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES'].includes(errorCode(error) ?? '');

async function compileHere(unpacked: string, context: RouteContext): Promise<void> {
  const { folder, sources, environment, signal } = context;
  context.onProgress({ step: 'compile', text: 'the binding, since none is published for this platform' });
  await compileBinding({
    ...{ sources, environment, signal },
    includes: join(unpacked, 'include'),
    libraries: join(folder, LIBRARY_FOLDER),
    output: join(folder, BINDING_PATH),
  });
}
