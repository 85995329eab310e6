import { resolve } from 'node:path';
import { type PlanFile, readPlanFile } from '../../node/planFile.ts';
import { readCatalog } from '../../node/readCatalog.ts';
import { downloadBytes, type ResolvedModel, resolveModel } from '../../node/resolveModel.ts';
import { workspaceOf } from '../../node/runFolder.ts';
import { ThawError } from '../../shared/errors.ts';
import type { TrainEvent } from '../../shared/results.ts';
import type { ThreadChoice } from '../../shared/threads.ts';
import type { EngineChoice } from '../engines.ts';
import { MEDIA_DIRECTORY } from '../resources.ts';

/** What every request knows besides its own parameters. */
export interface RequestContext {
  /** Folder that relative references start from. */
  directory: string;
  engine: EngineChoice;
  /** Most memory for this process, in megabytes, where the request says so. */
  memoryMB?: number;
  /** Of the portable engine; where it is left out, THAW_THREADS or what was measured says how many. */
  threads?: ThreadChoice;
  emit: (event: TrainEvent) => void;
  signal: AbortSignal;
  /** Calls `listener` with every text of a plan that the request is to take over while it runs. */
  onChange: (listener: (text: string) => void) => void;
}

/** The plan of a request: as it was read before, else as the file says now. Throws as `readPlanFile`. */
export async function findPlan(
  plan: string | PlanFile,
  { directory }: Pick<RequestContext, 'directory'>,
): Promise<PlanFile> {
  return typeof plan === 'string' ? readPlanFile(resolve(directory, plan)) : plan;
}

/** Finds a model by any reference a user may give. `workspace` is where bare names of runs are looked up. */
export async function findModel(
  reference: string,
  directory: string,
  { emit, signal }: Pick<RequestContext, 'emit' | 'signal'>,
  workspace = workspaceOf(`${directory}/plan`),
): Promise<ResolvedModel> {
  return resolveModel(reference, directory, {
    catalog: await readCatalog(MEDIA_DIRECTORY),
    mediaDirectory: MEDIA_DIRECTORY,
    workspace,
    signal,
    onProgress: ({ address, receivedBytes, totalBytes }) =>
      emit({ event: 'download', file: address, received: receivedBytes, total: totalBytes ?? null }),
  });
}

/** Bytes that `findModel` will download; null where that is not known. */
export async function downloadOf(reference: string, directory: string): Promise<number | null> {
  return downloadBytes(reference, directory, { catalog: await readCatalog(MEDIA_DIRECTORY) });
}

/** Throws where two models that are to be compared are the same. */
export function requireDifferent(paths: readonly string[]): void {
  const repeated = paths.find((path, index) => paths.indexOf(path) !== index);
  if (repeated === undefined) return;
  throw new ThawError({ reason: 'usage', message: `${repeated} is named twice. Compare it with another one.` });
}
