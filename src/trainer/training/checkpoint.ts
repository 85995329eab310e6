import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { replaceDirectory, restoreDirectory, writeFileSynced } from '../../node/atomicFile.ts';
import type { RunFolder } from '../../node/runFolder.ts';
import type { OptimizerState } from '../optimizers/slotOptimizer.ts';
import { decodeTensors, encodeTensors, type TensorMap } from '../../node/safetensors.ts';

const bestSchema = z.object({
  epoch: z.number(),
  validationLoss: z.number(),
  validationAccuracy: z.number(),
  n: z.number(),
  low: z.number(),
  high: z.number(),
});

/** Where a run stands. Random numbers are drawn from streams named after seed and epoch, so the position says it all. */
const positionSchema = z.object({
  version: z.literal(2),
  phase: z.number().int(),
  /** Epochs of this phase that are complete. */
  epochInPhase: z.number().int(),
  /** Steps of the next epoch that are done already (a run stopped in mid-epoch). */
  step: z.number().int(),
  /** State of the step's random stream, where the run stopped in mid-epoch. */
  random: z.tuple([z.number(), z.number(), z.number(), z.number()]).nullable(),
  /** Sums over the steps that are done already. */
  partial: z.object({ lossSum: z.number(), correct: z.number(), count: z.number() }),
  /** Epochs of the whole run that are complete. */
  epochs: z.number().int(),
  best: bestSchema.nullable(),
  /** Validation losses of the complete epochs of this phase, oldest first. */
  phaseLosses: z.array(z.number()),
  epochsSinceBest: z.number().int(),
  stoppedEarly: z.boolean(),
  seconds: z.number(),
  /** Images computed at a time in this phase: sums of another division would differ in their last bits. */
  microBatch: z.number().int().positive().optional(),
});
export type Position = z.output<typeof positionSchema>;

/** Everything a run needs to go on as if it had never stopped. */
export interface Checkpoint {
  position: Position;
  /** Weights that may differ from the start's. */
  weights: TensorMap;
  best: TensorMap;
  /** Of all optimizers together, by weight and slot. */
  optimizers: OptimizerState;
}

/** The position at the start of a run. */
export function startPosition(): Position {
  return {
    version: 2,
    phase: 0,
    epochInPhase: 0,
    step: 0,
    random: null,
    partial: { lossSum: 0, correct: 0, count: 0 },
    epochs: 0,
    best: null,
    phaseLosses: [],
    epochsSinceBest: 0,
    stoppedEarly: false,
    seconds: 0,
  };
}

const [WEIGHTS, BEST, OPTIMIZERS, STATE] = [
  'weights.safetensors',
  'best.safetensors',
  'optimizers.safetensors',
  'state.json',
];

const stateSchema = z.object({
  position: positionSchema,
  /** SHA-256 of each of the other files. */
  files: z.record(z.string(), z.string()),
});
const sealedSchema = z.object({
  state: stateSchema,
  /** SHA-256 of `state` as JSON. */
  hash: z.string(),
});

/** Replaces the checkpoint of a run as a whole, keeping the one before: a crash leaves one of them complete. */
export async function writeCheckpoint(run: RunFolder, checkpoint: Checkpoint): Promise<void> {
  const optimizers: TensorMap = new Map();
  for (const [name, values] of checkpoint.optimizers) optimizers.set(name, { shape: [values.length], values });
  const write = async (folder: string): Promise<void> => {
    const files: Record<string, string> = {};
    const parts: [string, TensorMap][] = [
      [WEIGHTS, checkpoint.weights],
      [BEST, checkpoint.best],
      [OPTIMIZERS, optimizers],
    ];
    for (const [name, tensors] of parts) {
      const bytes = encodeTensors(tensors);
      await writeFileSynced(join(folder, name), bytes);
      files[name] = sha256(bytes);
    }
    const state = { position: checkpoint.position, files };
    const sealed = { state, hash: sha256(JSON.stringify(state)) };
    await writeFileSynced(join(folder, STATE), JSON.stringify(sealed, null, 2));
  };
  await replaceDirectory(run.checkpointPath, write, run.previousCheckpointPath);
}

/** What was found where a run keeps its checkpoints. */
export interface FoundCheckpoint {
  /** Null before the first one, or where none can be read. */
  checkpoint: Checkpoint | null;
  /** Why newer ones were passed over, oldest last. */
  damaged: string[];
}

/**
 * The newest checkpoint of a run whose every byte is as it was written. One that was torn by a crash, cut off or changed
 * gives way to the one before.
 */
export async function readCheckpoint(run: RunFolder): Promise<FoundCheckpoint> {
  await restoreDirectory(run.checkpointPath);
  const damaged: string[] = [];
  for (const folder of [run.checkpointPath, run.previousCheckpointPath]) {
    if (!existsSync(folder)) continue;
    try {
      return { checkpoint: await readFrom(folder), damaged };
    } catch (error) {
      damaged.push(`${folder}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { checkpoint: null, damaged };
}

/** Throws an `Error` that says what is wrong with the checkpoint in a folder. */
async function readFrom(folder: string): Promise<Checkpoint> {
  const sealed = sealedSchema.safeParse(JSON.parse(await readFile(join(folder, STATE), 'utf8')));
  if (!sealed.success) throw new Error(`${STATE} is not understood`);
  const { state, hash } = sealed.data;
  if (sha256(JSON.stringify(state)) !== hash) throw new Error(`${STATE} has been changed`);
  const read = async (name: string): Promise<TensorMap> => {
    const bytes = await readFile(join(folder, name));
    if (sha256(bytes) !== state.files[name]) throw new Error(`${name} is not what was written`);
    return decodeTensors(bytes);
  };
  const optimizers = new Map([...(await read(OPTIMIZERS))].map(([name, { values }]) => [name, values]));
  return { position: state.position, weights: await read(WEIGHTS), best: await read(BEST), optimizers };
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
