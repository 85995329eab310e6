import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TrainerClient } from '../../src/node/trainerClient.ts';
import type { TrialResult } from '../../src/shared/results.ts';
import { type PlantedTruth, writePlantedTask } from './plantedTasks.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const TRAINER = fileURLToPath(new URL('../../dist/trainer.js', import.meta.url));

/** Fewer than usual, which is quicker. */
const FOLDS = 3;

/** Tries a planted task once for each seed, in one trainer. */
export async function tryPlanted(
  truth: PlantedTruth,
  seeds: readonly number[],
): Promise<Extract<TrialResult, { stopped: 'finished' }>[]> {
  const client = new TrainerClient(TRAINER);
  const folder = await temporaryFolder();
  const results = [];
  try {
    for (const seed of seeds) {
      const directory = join(folder, String(seed));
      const plan = await writePlantedTask(directory, truth, seed);
      const result = await client.request('trial', { directory, engine: 'portable', plan, folds: FOLDS });
      if (result.stopped !== 'finished') throw new Error('The trial was stopped.');
      results.push(result);
    }
    return results;
  } finally {
    await client.dispose();
  }
}
