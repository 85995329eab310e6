import { afterAll, beforeAll, expect, it } from 'vitest';
import { Random } from '../../src/shared/random.ts';
import { type Kill, KillBench, type Moment } from '../support/killing.ts';
import { reportFigures } from '../support/soakFigures.ts';

/** Kills in all; a trial has one to three. */
const KILLS = 200;
const DURING_CHECKPOINT = 40;

let bench: KillBench;
beforeAll(async () => {
  bench = await KillBench.prepare();
});
afterAll(() => bench.dispose());

it(`ends in the same bits however often it is killed: ${KILLS} kills`, async () => {
  const random = Random.seeded(200, 'soak of kills');
  const kills: Kill[] = [];
  let trials = 0;
  while (kills.filter(({ tooLate }) => !tooLate).length < KILLS) {
    const moments = Array.from({ length: 1 + random.below(3) }, (): Moment => {
      return { kind: random.uniform() < 0.5 ? 'checkpoint' : 'anytime' };
    });
    const trial = await bench.trial(moments, random);
    expect(trial.outcome).toEqual(bench.undisturbed);
    expect(trial.left).toEqual([]);
    kills.push(...trial.kills);
    trials++;
  }
  const met = kills.filter(({ tooLate }) => !tooLate);
  const during = met.filter(({ duringCheckpoint }) => duringCheckpoint).length;
  reportFigures('kills', [
    {
      what: 'trainings killed with SIGKILL at a random moment, and resumed',
      result: `${met.length} kills in ${trials} runs`,
    },
    { what: 'of these, while a checkpoint was being written or put in its place', result: String(during) },
    { what: 'runs whose weights, steps or best epoch differed from those of the undisturbed run', result: '0' },
    { what: 'half-written files left behind', result: '0' },
  ]);
  expect(during).toBeGreaterThanOrEqual(DURING_CHECKPOINT);
});
