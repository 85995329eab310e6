import { afterAll, beforeAll, expect, it } from 'vitest';
import { Random } from '../../src/shared/random.ts';
import { KillBench, type Moment } from '../support/killing.ts';

/** Trials of one kill each; the soak has more, and several kills in a trial. */
const TRIALS = 12;
/** Of all kills, at least so many must have met a checkpoint that was being written; where they do not, more are tried. */
const DURING_CHECKPOINT = 3;
const MOST_TRIALS = 24;

let bench: KillBench;
beforeAll(async () => {
  bench = await KillBench.prepare();
});
afterAll(() => bench.dispose());

it(`gives the same weights after a kill at each of ${TRIALS} random moments, some of them within a checkpoint`, async () => {
  const random = Random.seeded(20, 'kills');
  let duringCheckpoint = 0;
  for (let trial = 0; trial < TRIALS || (duringCheckpoint < DURING_CHECKPOINT && trial < MOST_TRIALS); trial++) {
    const moment: Moment = { kind: trial % 2 === 0 ? 'checkpoint' : 'anytime' };
    const { kills, outcome, left } = await bench.trial([moment], random);
    duringCheckpoint += kills.filter((kill) => kill.duringCheckpoint).length;
    expect(outcome).toEqual(bench.undisturbed);
    expect(left).toEqual([]);
  }
  expect(duringCheckpoint).toBeGreaterThanOrEqual(DURING_CHECKPOINT);
}, 400_000);
