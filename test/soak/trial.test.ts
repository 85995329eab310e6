import { expect, it } from 'vitest';
import { PLANTED_TRUTHS } from '../support/plantedTasks.ts';
import { tryPlanted } from '../support/tryPlanted.ts';

const SEEDS = Array.from({ length: 10 }, (_, index) => index + 1);

it.each(PLANTED_TRUTHS)('finds the planted truth in nine of ten seeds: %s', async (truth) => {
  const answers = await tryPlanted(truth, SEEDS);
  for (const { plans, verdict } of answers) {
    console.log(`${plans.recommended.accuracy.toFixed(2)} ${plans.challenger.accuracy.toFixed(2)} ${verdict}`);
  }
  const right = answers.filter(({ better }) => better === (truth === 'none' ? null : truth)).length;
  console.log(`${truth}: ${right} of ${SEEDS.length}`);
  expect(right).toBeGreaterThanOrEqual(9);
});
