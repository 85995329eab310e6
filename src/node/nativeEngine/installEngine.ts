import { mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { describeProblem, ThawError } from '../../shared/errors.ts';
import { toFileProblem } from '../atomicFile.ts';
import { installFromArchive } from './archiveRoute.ts';
import { findParts, installFromFolder } from './folderRoute.ts';
import {
  BINDING_PATH,
  engineDirectory,
  type EngineRecord,
  type InstalledEngine,
  type Proof,
  readRecord,
  recordPath,
  TFJS_NODE_VERSION,
  writeProof,
  writeRecord,
} from './installedEngine.ts';
import { withInstallLock } from './installLock.ts';
import type { InstallProgress, RouteContext, RouteResult } from './installRoute.ts';
import { probeEngine } from './probeEngine.ts';
import { installFromWheel } from './wheelRoute.ts';

/** Where to get the engine from; `auto` is the official archive and, where that does not lead to one, the wheel. */
export type InstallSource = 'auto' | Route;

type Route = 'archive' | 'wheel' | { folder: string };

export interface InstallOptions {
  source: InstallSource;
  /** Folder that holds the engine; default `engineDirectory`. */
  directory?: string;
  /** Path of the built probe. */
  probeEntry: string;
  /** Holds `binding/` with the C++ sources of the binding and `node-api/` with the headers of Node.js. */
  sources: string;
  onProgress: (progress: InstallProgress) => void;
  /** Stops the installation; what has been downloaded is kept for the next time. */
  signal: AbortSignal;
  environment?: NodeJS.ProcessEnv;
}

export type ProvenEngine = InstalledEngine & { proof: Proof };

/** Room that an installation may take at its height, in bytes. A folder is measured. */
export const NEEDED_BYTES = { archive: 1_000_000_000, wheel: 1_300_000_000 };

/** What an installer makes in its folder; everything else there is left alone. */
const OWN_NAME = /^(incoming-\d+|thaw-tensorflow-[\w.-]+)$/;
const DOWNLOADS = 'thaw-downloads';

/**
 * Installs the native parts of the engine and proves in another process that they work here. The engine that was there
 * before stays in use until then, and when something goes wrong. One process at a time does this.
 *
 * Throws ThawError: engineBusy, engineFolder, enginePlatform, download, downloadChecksum, engineArchive, engineNoPip,
 * enginePip, engineNoCompiler, engineCompile, engineProbe, engineNoSource, cancelled, or a problem of the disk.
 */
export async function installEngine(options: InstallOptions): Promise<ProvenEngine> {
  const environment = options.environment ?? process.env;
  const directory = resolve(options.directory ?? engineDirectory(environment));
  const { source } = options;
  if (typeof source === 'object') await findParts(source.folder);
  return withInstallLock(directory, async () => {
    try {
      await removeLeftovers(directory);
      if (source !== 'auto') return await installFrom(source, directory, environment, options);
      return await installFromAny(directory, environment, options);
    } catch (error) {
      if (options.signal.aborted) throw new ThawError({ reason: 'cancelled' });
      throw error instanceof ThawError ? error : new ThawError(toFileProblem(error, directory));
    }
  });
}

/**
 * Removes the installed engine and what was downloaded for it. Gives whether there was one.
 * Throws ThawError engineBusy, notPermitted or readOnly.
 */
export async function removeEngine(directory = engineDirectory()): Promise<boolean> {
  if (!(await exists(directory))) return false;
  return withInstallLock(directory, async () => {
    const wasThere = await exists(recordPath(directory));
    try {
      await rm(recordPath(directory), { force: true });
      await removeLeftovers(directory);
      await rm(join(directory, DOWNLOADS), { recursive: true, force: true });
    } catch (error) {
      throw new ThawError(toFileProblem(error, directory));
    }
    return wasThere;
  });
}

async function installFromAny(
  directory: string,
  environment: NodeJS.ProcessEnv,
  options: InstallOptions,
): Promise<ProvenEngine> {
  try {
    return await installFrom('archive', directory, environment, options);
  } catch (error) {
    if (options.signal.aborted || !isOfSource(error)) throw error;
    const archive = describeProblem(error.problem);
    options.onProgress({ step: 'download', text: `not from the official archive: ${archive}` });
    try {
      return await installFrom('wheel', directory, environment, options);
    } catch (second) {
      if (options.signal.aborted || !isOfSource(second)) throw second;
      throw new ThawError({ reason: 'engineNoSource', archive, wheel: describeProblem(second.problem) });
    }
  }
}

/** Whether another source may still lead to an engine. */
function isOfSource(error: unknown): error is ThawError {
  if (!(error instanceof ThawError)) return false;
  return !['cancelled', 'noSpace', 'readOnly', 'notPermitted', 'internal'].includes(error.problem.reason);
}

async function installFrom(
  source: Route,
  directory: string,
  environment: NodeJS.ProcessEnv,
  options: InstallOptions,
): Promise<ProvenEngine> {
  const { sources, onProgress, signal } = options;
  await requireSpace(directory, await neededBytes(source));
  const incoming = join(directory, `incoming-${process.pid}`);
  const context: RouteContext = {
    folder: join(incoming, 'engine'),
    downloads: join(directory, DOWNLOADS),
    scratch: join(incoming, 'scratch'),
    ...{ sources, environment, onProgress, signal },
  };
  try {
    for (const folder of [context.folder, context.downloads, context.scratch]) await mkdir(folder, { recursive: true });
    const result = await runRoute(source, context);
    const proof = await prove(engineIn(context.folder, result), source, options);
    // TensorFlow itself knows best what it is.
    const tensorflow = /TensorFlow (\d[\w.-]*)/.exec(proof.version)?.[1] ?? result.tensorflow;
    const engine = engineIn(context.folder, { ...result, tensorflow });
    const installed = await putInPlace(engine, directory);
    await writeProof(installed, proof);
    return { ...installed, proof };
  } finally {
    await rm(incoming, { recursive: true, force: true }).catch(() => undefined);
  }
}

function runRoute(source: Route, context: RouteContext): Promise<RouteResult> {
  if (source === 'archive') return installFromArchive(context);
  if (source === 'wheel') return installFromWheel(context);
  return installFromFolder(source.folder, context);
}

const engineIn = (folder: string, { route, tensorflow }: RouteResult): InstalledEngine => ({
  ...{ folder, route, tensorflow },
  binding: join(folder, BINDING_PATH),
  tfjsNode: TFJS_NODE_VERSION,
});

async function prove(
  engine: InstalledEngine,
  source: Route,
  { probeEntry, onProgress, signal }: InstallOptions,
): Promise<Proof> {
  onProgress({ step: 'probe', text: 'the engine, in a process of its own' });
  const proof = await probeEngine(probeEntry, engine, { signal });
  if (proof.works) return proof;
  const name = typeof source === 'object' ? 'folder' : source;
  throw new ThawError({ reason: 'engineProbe', source: name, detail: proof.detail });
}

/** Gives the engine a name of its own beside the one in use, and then changes which of them engine.json names. */
async function putInPlace(engine: InstalledEngine, directory: string): Promise<InstalledEngine> {
  const name = await freeName(directory, `thaw-tensorflow-${engine.tensorflow || 'unknown'}-${engine.route}`);
  const files = await fileSizes(engine.folder);
  await rename(engine.folder, join(directory, name));
  const { route, tensorflow, tfjsNode } = engine;
  const record: EngineRecord = { format: 1, folder: name, route, tensorflow, tfjsNode, files };
  await writeRecord(directory, record);
  // A program that uses the old one may keep it from being deleted; the next installation tries again.
  await removeLeftovers(directory).catch(() => undefined);
  await rm(join(directory, DOWNLOADS), { recursive: true, force: true });
  return engineIn(join(directory, name), engine);
}

async function freeName(directory: string, wanted: string): Promise<string> {
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!(await exists(join(directory, name)))) return name;
  }
}

/** Sizes by path with forward slashes; of a link, the size of what it leads to. */
async function fileSizes(folder: string): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const path of (await readdir(folder, { recursive: true })).sort()) {
    const info = await stat(join(folder, path));
    if (info.isFile()) sizes[relative(folder, join(folder, path)).split(sep).join('/')] = info.size;
  }
  return sizes;
}

/** Deletes what stopped installers have left, and engines that are not the installed one. */
async function removeLeftovers(directory: string): Promise<void> {
  const inUse = (await readRecord(directory))?.folder;
  for (const name of await readdir(directory)) {
    if (OWN_NAME.test(name) && name !== inUse) await rm(join(directory, name), { recursive: true, force: true });
  }
}

async function neededBytes(source: Route): Promise<number> {
  if (source === 'archive' || source === 'wheel') return NEEDED_BYTES[source];
  const { libraries, binding } = await findParts(source.folder);
  const files = [...libraries, ...(binding === null ? [] : [binding])];
  const sizes = await Promise.all(files.map(async (path) => (await stat(path)).size));
  return sizes.reduce((sum, size) => sum + size, 10_000_000);
}

/** Throws ThawError noSpace when the disk of a folder has less room than is needed. */
export async function requireSpace(folder: string, needed: number, measure = freeBytes): Promise<void> {
  const free = await measure(folder);
  if (free < needed) throw new ThawError({ reason: 'noSpace', path: folder, neededBytes: needed, freeBytes: free });
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
