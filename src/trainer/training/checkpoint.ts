import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceDirectory, restoreDirectory, writeFileSynced } from '../../node/atomicFile.ts';
import type { RunFolder } from '../../node/runFolder.ts';
import { readTensors, type TensorMap, writeTensors } from '../../node/safetensors.ts';
import { ThawError } from '../../shared/errors.ts';

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
  version: z.literal(1),
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
  phaseLosses: z.array(z.number()).default([]),
  epochsSinceBest: z.number().int(),
  stoppedEarly: z.boolean(),
  seconds: z.number(),
});
export type Position = z.output<typeof positionSchema>;

/** Everything a run needs to go on as if it had never stopped. */
export interface Checkpoint {
  position: Position;
  /** Weights that may differ from the start's. */
  weights: TensorMap;
  best: TensorMap;
  /** One map per optimizer, in the order of the rate groups. */
  optimizers: ReadonlyMap<string, Float32Array>[];
}

/** The position at the start of a run. */
export function startPosition(): Position {
  return {
    version: 1,
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

/** Replaces the checkpoint of a run as a whole: a crash leaves the old one or the new one. */
export async function writeCheckpoint(run: RunFolder, checkpoint: Checkpoint): Promise<void> {
  const optimizers: TensorMap = new Map();
  checkpoint.optimizers.forEach((state, group) => {
    for (const [name, values] of state) optimizers.set(`${group}/${name}`, { shape: [values.length], values });
  });
  await replaceDirectory(run.checkpointPath, async (folder) => {
    await writeTensors(join(folder, 'weights.safetensors'), checkpoint.weights);
    await writeTensors(join(folder, 'best.safetensors'), checkpoint.best);
    await writeTensors(join(folder, 'optimizers.safetensors'), optimizers);
    await writeFileSynced(join(folder, 'state.json'), JSON.stringify(checkpoint.position, null, 2));
  });
}

/** Reads the checkpoint of a run, or null before the first one. Throws `runDamaged`. */
export async function readCheckpoint(run: RunFolder): Promise<Checkpoint | null> {
  await restoreDirectory(run.checkpointPath);
  if (!run.hasCheckpoint) return null;
  const folder = run.checkpointPath;
  const path = join(folder, 'state.json');
  const state = positionSchema.safeParse(await readFile(path, 'utf8').then(JSON.parse, () => null));
  if (!state.success) throw new ThawError({ reason: 'runDamaged', path, detail: 'the state is not understood' });
  const optimizers: Map<string, Float32Array>[] = [];
  for (const [key, { values }] of await readTensors(join(folder, 'optimizers.safetensors'))) {
    const slash = key.indexOf('/');
    const group = Number(key.slice(0, slash));
    (optimizers[group] ??= new Map()).set(key.slice(slash + 1), values);
  }
  return {
    position: state.data,
    weights: await readTensors(join(folder, 'weights.safetensors')),
    best: await readTensors(join(folder, 'best.safetensors')),
    optimizers,
  };
}
