import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { MOST_THREADS } from '../shared/threads.ts';
import { THAW_VERSION } from '../shared/version.ts';
import { writeFileAtomic } from './atomicFile.ts';
import { cacheDirectory } from './cacheDirectory.ts';

const machineSchema = z.object({ processor: z.string(), cores: z.number(), node: z.string(), thaw: z.string() });
const recordSchema = machineSchema.extend({
  threads: z.number().int().min(1).max(MOST_THREADS),
  times: z.array(z.object({ threads: z.number(), milliseconds: z.number() })),
});

/** What a measurement of threads holds for. */
export type Machine = z.output<typeof machineSchema>;
export type ThreadRecord = Omit<z.output<typeof recordSchema>, keyof Machine>;

/** Where the measurement of this machine is kept. */
export function threadRecordPath(): string {
  return join(cacheDirectory(), 'threads.json');
}

/** This machine, as far as the best number of threads depends on it. */
export function thisMachine(): Machine {
  const node = process.versions.node.split('.')[0];
  return { processor: cpus().at(0)?.model ?? process.arch, cores: availableParallelism(), node, thaw: THAW_VERSION };
}

/** What was measured on this machine; null where nothing was, or on another one. */
export async function readThreadRecord(machine = thisMachine()): Promise<ThreadRecord | null> {
  try {
    const record = recordSchema.parse(JSON.parse(await readFile(threadRecordPath(), 'utf8')));
    const isSame = Object.entries(machine).every(([key, value]) => record[key as keyof Machine] === value);
    return isSame ? record : null;
  } catch {
    // Whatever is wrong with it, measuring again mends it.
    return null;
  }
}

/** Keeps a measurement. Throws `ThawError` of the disk. */
export async function writeThreadRecord(record: ThreadRecord, machine = thisMachine()): Promise<void> {
  await writeFileAtomic(threadRecordPath(), `${JSON.stringify({ ...machine, ...record }, null, 2)}\n`);
}
