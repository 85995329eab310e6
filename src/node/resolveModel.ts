import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import type { Catalog, CatalogEntry } from '../shared/catalog.ts';
import { ThawError } from '../shared/errors.ts';
import type { DownloadOptions } from './download.ts';
import { cachedModel, isCached } from './modelCache.ts';
import { readModelFiles, type ModelFiles } from './modelFiles.ts';

export interface ResolveOptions extends DownloadOptions {
  catalog: Catalog;
  /** Folder that bundled models lie in. */
  mediaDirectory: string;
  /** Folder whose `.thaw/runs` holds the runs that a bare name may mean. */
  workspace?: string;
}

export interface ResolvedModel {
  files: ModelFiles;
  /** Set when the reference is a name from the catalog. */
  catalogEntry?: CatalogEntry;
  /** Folder of the run, when the reference is one. */
  run?: string;
}

/**
 * Finds the model a plan or a command names: a folder or file (relative to `baseDirectory`), a run folder, a name from
 * the catalog, or the name of a run. What lies on the disk wins over the catalog.
 *
 * Throws ThawError modelMissing, and what reading or downloading throws.
 */
export async function resolveModel(
  reference: string,
  baseDirectory: string,
  options: ResolveOptions,
): Promise<ResolvedModel> {
  const path = resolve(baseDirectory, reference);
  const kind = await kindOf(path);
  if (kind === 'run') return readRun(path);
  if (kind !== 'absent') return { files: await readModelFiles(path) };
  const catalogEntry = options.catalog.models.find((model) => model.id === reference);
  if (catalogEntry) return { files: await readCatalogModel(catalogEntry, options), catalogEntry };
  if (options.workspace !== undefined && isName(reference)) {
    const run = join(resolve(options.workspace), '.thaw', 'runs', reference);
    if ((await kindOf(run)) === 'run') return readRun(run);
  }
  throw new ThawError({ reason: 'modelMissing', path, ...nearestName(reference, options.catalog) });
}

/**
 * Bytes that finding a model will download; 0 for one that is here, or that nobody knows, and null where its size is not
 * known.
 */
export async function downloadBytes(
  reference: string,
  baseDirectory: string,
  { catalog }: Pick<ResolveOptions, 'catalog'>,
): Promise<number | null> {
  const entry = catalog.models.find((model) => model.id === reference);
  if (entry?.kind !== 'download' || (await isCached(entry))) return 0;
  return (await kindOf(resolve(baseDirectory, reference))) === 'absent' ? (entry.bytes ?? null) : 0;
}

async function readCatalogModel(entry: CatalogEntry, options: ResolveOptions): Promise<ModelFiles> {
  if (entry.kind === 'bundled') return readModelFiles(join(options.mediaDirectory, entry.path));
  return cachedModel(entry, options);
}

async function readRun(run: string): Promise<ResolvedModel> {
  return { files: await readModelFiles(join(run, 'model')), run };
}

/** A run folder is told from a model folder by `model/model.json`. */
async function kindOf(path: string): Promise<'absent' | 'file' | 'folder' | 'run'> {
  const info = await stat(path).catch(() => undefined);
  if (!info) return 'absent';
  if (!info.isDirectory()) return 'file';
  const [own, nested] = await Promise.all([
    exists(join(path, 'model.json')),
    exists(join(path, 'model', 'model.json')),
  ]);
  return nested && !own ? 'run' : 'folder';
}

function nearestName(reference: string, catalog: Catalog): { nearest?: string } {
  if (!isName(reference) || catalog.models.length === 0) return {};
  const nearest = closest(
    reference,
    catalog.models.map((model) => model.id),
  );
  return distance(reference, nearest) <= Math.max(2, reference.length / 2) ? { nearest } : {};
}

function isName(reference: string): boolean {
  return !/[/\\]/.test(reference) && reference !== '.' && reference !== '..' && reference !== '';
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
