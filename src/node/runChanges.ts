import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { ThawError } from '../shared/errors.ts';
import { type Plan, planSchema } from '../shared/plan.ts';
import { errorCode, writeFileAtomic } from './atomicFile.ts';
import type { RunFolder } from './runFolder.ts';

/** A plan that took the place of the one before, while a run was training. */
export interface RunChange {
  /** Epochs of the whole run that were complete. */
  afterEpoch: number;
  plan: Plan;
}

const changesSchema = z.array(z.object({ afterEpoch: z.number().int().min(0), plan: planSchema }));

const pathOf = (run: RunFolder): string => join(run.path, 'changes.json');

/** All changes that were made to the plan of a run while it trained, oldest first. Throws `runDamaged`. */
export async function readRunChanges(run: RunFolder): Promise<RunChange[]> {
  const path = pathOf(run);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return '[]';
    throw error;
  });
  try {
    return changesSchema.parse(JSON.parse(text));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ThawError({ reason: 'runDamaged', path, detail });
  }
}

/** Replaces the list of changes. Throws as `writeFileAtomic`. */
export async function writeRunChanges(run: RunFolder, changes: readonly RunChange[]): Promise<void> {
  await writeFileAtomic(pathOf(run), JSON.stringify(changes, null, 2));
}

/** The plan of a run once this many of its epochs are complete. */
export function planAfter(start: Plan, changes: readonly RunChange[], epochs: number): Plan {
  return changes.findLast(({ afterEpoch }) => afterEpoch <= epochs)?.plan ?? start;
}
