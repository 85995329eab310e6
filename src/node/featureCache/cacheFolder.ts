import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeProblem, ThawError } from '../../shared/errors.ts';
import { errorCode, makeFolders, toFileProblem } from '../atomicFile.ts';
import { cacheDirectory } from '../modelCache.ts';
import { type CacheFile, chooseEvictions, defaultLimit } from './eviction.ts';

/** What the cache takes and may take, as `thaw cache --json` prints it. */
export interface CacheStatus {
  directory: string;
  bytes: number;
  limitBytes: number;
  /** Files of the cache. */
  entries: number;
  /** False where THAW_FEATURE_CACHE is `off` or the limit is 0. */
  enabled: boolean;
}

/** Names of the files of the cache, also half-written ones; whatever else is in the folder is left alone. */
const OWN_FILE = /^[0-9a-f]{40}(-[0-9a-f]{12})?\.(records|hashes)(\.tmp-\d+-\d+)?$/;

const LENGTH_OF_KEY = 40;

/** The folder of what has been computed of images and can be computed again, bounded in size. */
export class CacheFolder {
  private failed: string | null = null;
  private told = false;

  constructor(
    readonly path: string,
    readonly limitBytes: number,
  ) {}

  /** The cache folder of this machine; null where it is switched off. */
  static async open(environment: NodeJS.ProcessEnv = process.env): Promise<CacheFolder | null> {
    const path = featureFolder(environment);
    const limitBytes = await limitOf(path, environment);
    return isOn(environment) && limitBytes > 0 ? new CacheFolder(path, limitBytes) : null;
  }

  /** Whether something could not be written, so that nothing more is. */
  get isFailed(): boolean {
    return this.failed !== null;
  }

  /** Path of a file for a key, one for all writers. */
  sharedFile(key: string): string {
    return join(this.path, `${key.slice(0, LENGTH_OF_KEY)}.hashes`);
  }

  /** Path of a new file of records for a key, of one writer only. */
  newFile(key: string): string {
    return join(this.path, `${key.slice(0, LENGTH_OF_KEY)}-${randomBytes(6).toString('hex')}.records`);
  }

  /** Paths of the files of records for a key, by name. */
  async filesOf(key: string): Promise<string[]> {
    const names = await readdir(this.path).catch(() => []);
    const start = `${key.slice(0, LENGTH_OF_KEY)}-`;
    return names
      .filter((name) => name.startsWith(start) && name.endsWith('.records'))
      .sort()
      .map((name) => join(this.path, name));
  }

  /** Makes the folder and deletes what was least recently used, until `neededBytes` more are within the limit. */
  async makeRoom(neededBytes: number): Promise<void> {
    await makeFolders(this.path);
    for (const name of chooseEvictions(await listFiles(this.path), this.limitBytes, neededBytes)) {
      await rm(join(this.path, name), { force: true });
    }
  }

  /** Takes note of why something could not be written: from then on nothing more is. */
  fail(error: unknown): void {
    this.failed ??= describeProblem(toFileProblem(error, this.path));
  }

  /** What went wrong, in words, the first time it is asked for; null where nothing did. */
  takeWarning(): string | null {
    if (this.failed === null || this.told) return null;
    this.told = true;
    return `Features are not kept for other runs: ${this.failed} Training goes on without. THAW_CACHE_DIR names another folder, THAW_FEATURE_CACHE=off switches the cache off.`;
  }
}

/** What the cache of this machine holds. */
export async function cacheStatus(environment: NodeJS.ProcessEnv = process.env): Promise<CacheStatus> {
  const directory = featureFolder(environment);
  const files = await listFiles(directory);
  const limitBytes = await limitOf(directory, environment);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { directory, bytes, limitBytes, entries: files.length, enabled: isOn(environment) && limitBytes > 0 };
}

/** Empties the cache of this machine; returns the bytes that are free now. Throws `notPermitted`, `readOnly` and the like. */
export async function clearCache(environment: NodeJS.ProcessEnv = process.env): Promise<number> {
  const directory = featureFolder(environment);
  const files = await listFiles(directory);
  try {
    for (const { name } of files) await rm(join(directory, name), { force: true });
  } catch (error) {
    throw new ThawError(toFileProblem(error, directory));
  }
  return files.reduce((sum, file) => sum + file.bytes, 0);
}

function featureFolder(environment: NodeJS.ProcessEnv): string {
  return join(cacheDirectory(environment), 'features');
}

function isOn(environment: NodeJS.ProcessEnv): boolean {
  return environment.THAW_FEATURE_CACHE !== 'off';
}

/** THAW_CACHE_LIMIT_MB, else what suits the disk. */
async function limitOf(path: string, environment: NodeJS.ProcessEnv): Promise<number> {
  const stated = environment.THAW_CACHE_LIMIT_MB;
  const megabytes = Number(stated);
  if (stated !== undefined && stated.trim() !== '' && megabytes >= 0) return 1e6 * megabytes;
  const files = await listFiles(path);
  const space = await statfs(existingFolder(path)).catch(() => null);
  const free = space ? space.bavail * space.bsize : Infinity;
  return defaultLimit(
    free,
    files.reduce((sum, file) => sum + file.bytes, 0),
  );
}

/** The folder, or the nearest one around it that exists. */
function existingFolder(path: string): string {
  let folder = path;
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

async function listFiles(folder: string): Promise<CacheFile[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw new ThawError(toFileProblem(error, folder));
  });
  const files = await Promise.all(
    names
      .filter((name) => OWN_FILE.test(name))
      .map(async (name): Promise<CacheFile | null> => {
        const info = await stat(join(folder, name)).catch(() => null);
        return info?.isFile() ? { name, bytes: info.size, usedAt: info.mtimeMs } : null;
      }),
  );
  return files.filter((file) => file !== null);
}
