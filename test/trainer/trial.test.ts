import { describe, expect, it } from 'vitest';
import { PLANTED_TRUTHS } from '../support/plantedTasks.ts';
import { tryPlanted } from '../support/tryPlanted.ts';

/** Ten seeds of each are in test/soak/trial.test.ts. */
const SEEDS = [1, 2, 3];

describe.each(PLANTED_TRUTHS)('of the planted truth: %s', (truth) => {
  it.each(SEEDS)('a trial finds it (seed %i)', async (seed) => {
    const [{ better, kept, smaller }] = await tryPlanted(truth, [seed]);
    expect(better).toBe(truth === 'none' ? null : truth);
    expect(kept).toBe(better ?? smaller);
  });
});
