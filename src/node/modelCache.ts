import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import type { DownloadEntry } from '../shared/catalog.ts';
import { ThawError, type Problem } from '../shared/errors.ts';
import { toFileProblem, writeFileAtomic } from './atomicFile.ts';
import { downloadFile, type DownloadOptions } from './download.ts';
import { fileHash } from './fileHash.ts';
import { readModelFiles, readModelJson, type ModelFiles } from './modelFiles.ts';
import { readManifest } from './weightsManifest.ts';

/** What a complete and checked model consists of; written last, and only then is the model used. */
const verifiedSchema = z.object({ address: z.string(), files: z.record(z.string(), z.string()) });

/**
 * Folder for what can be fetched again: THAW_CACHE_DIR, else the cache folder of the system.
 * https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function cacheDirectory(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home = homedir(),
): string {
  if (environment.THAW_CACHE_DIR) return resolve(environment.THAW_CACHE_DIR);
  if (platform === 'win32') return join(environment.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'thaw', 'cache');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'thaw');
  return join(environment.XDG_CACHE_HOME || join(home, '.cache'), 'thaw');
}

/**
 * The files of a catalog model, from the cache or downloaded into it. A model is used only after all its weights were
 * read and found finite; later its files must still have the hashes remembered then, or it is fetched anew.
 *
 * Throws ThawError download, cancelled, a problem of the model (with its address as path), or of the disk.
 */
export async function cachedModel(
  entry: DownloadEntry,
  options: DownloadOptions = {},
  cache = cacheDirectory(),
): Promise<ModelFiles> {
  const folder = join(cache, 'models', entry.id);
  const verifiedPath = join(folder, 'verified.json');
  if (await isVerified(entry, folder, verifiedPath)) return readModelFiles(folder);
  await createFolder(folder);
  await rm(verifiedPath, { force: true });
  const shards = await downloadModel(entry, folder, options);
  try {
    const files = await readModelFiles(folder);
    await files.readWeights();
    const hashes = await hashFiles(folder, ['model.json', ...files.shards]);
    await writeFileAtomic(verifiedPath, `${JSON.stringify({ address: entry.address, files: hashes }, null, 2)}\n`);
    return files;
  } catch (error) {
    await removeFiles(folder, ['model.json', ...shards]);
    throw error instanceof ThawError ? new ThawError(atAddress(error.problem, entry.address)) : error;
  }
}

/** Whether a catalog model has been downloaded as a whole; what is wrong with its files is found when it is opened. */
export async function isCached(entry: DownloadEntry, cache = cacheDirectory()): Promise<boolean> {
  return isFile(join(cache, 'models', entry.id, 'verified.json'));
}

/** model.json first, since it names the others; of these, what an earlier call completed is kept. Returns the others. */
async function downloadModel(entry: DownloadEntry, folder: string, options: DownloadOptions): Promise<string[]> {
  const modelJsonPath = join(folder, 'model.json');
  await downloadFile(entry.address, modelJsonPath, options);
  const shards = await listShards(modelJsonPath, entry.address);
  for (const shard of shards) {
    const path = join(folder, shard);
    if (!(await isFile(path))) await downloadFile(shardAddress(entry.address, shard), path, options);
  }
  return shards;
}

async function listShards(modelJsonPath: string, address: string): Promise<string[]> {
  try {
    const { weightsManifest } = await readModelJson(modelJsonPath);
    return readManifest(weightsManifest, modelJsonPath).flatMap((group) => group.paths);
  } catch (error) {
    await rm(modelJsonPath, { force: true });
    throw error instanceof ThawError ? new ThawError(atAddress(error.problem, address)) : error;
  }
}

function shardAddress(address: string, shard: string): string {
  return new URL(shard.split('/').map(encodeURIComponent).join('/'), address).href;
}

/** A reader knows the address of a catalog model, not its place in the cache. */
function atAddress(problem: Problem, address: string): Problem {
  switch (problem.reason) {
    case 'modelWeightsShort': {
      const detail = `its weights have ${problem.actualBytes} bytes where model.json promises ${problem.expectedBytes}`;
      return { reason: 'download', address, detail };
    }
    case 'modelNotFinite':
    case 'modelNotJson':
    case 'modelFormat':
    case 'modelGraph':
    case 'modelNoWeights':
      return { ...problem, path: address };
    default:
      return problem;
  }
}

async function isVerified(entry: DownloadEntry, folder: string, verifiedPath: string): Promise<boolean> {
  try {
    const verified = verifiedSchema.parse(JSON.parse(await readFile(verifiedPath, 'utf8')));
    if (verified.address !== entry.address) throw new Error('the catalog names another address now');
    const hashes = await hashFiles(folder, Object.keys(verified.files));
    const changed = Object.entries(verified.files).filter(([name, hash]) => hashes[name] !== hash);
    if (changed.length === 0) return true;
    await removeFiles(
      folder,
      changed.map(([name]) => name),
    );
    return false;
  } catch {
    // Whatever is wrong with the remembered state, downloading again mends it.
    if (await isFile(verifiedPath)) await rm(folder, { recursive: true, force: true });
    return false;
  }
}

/** SHA-256 of each file, by its name. */
async function hashFiles(folder: string, names: string[]): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const name of names) hashes[name] = await fileHash(join(folder, name), 'sha256');
  return hashes;
}

async function removeFiles(folder: string, names: string[]): Promise<void> {
  for (const name of names) await rm(join(folder, name), { force: true });
}

async function createFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw new ThawError(toFileProblem(error, folder));
  });
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isFile(),
    () => false,
  );
}
