import { writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { TrainerClient } from '../../src/node/trainerClient.ts';
import type { Plan, PlanInput } from '../../src/shared/plan.ts';
import { TRIAL_SIDES } from '../../src/shared/trial.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { PLANTED_TRUTHS, writePlantedTask } from '../support/plantedTasks.ts';
import { problemFrom } from '../support/problems.ts';
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

describe('a trial', () => {
  const client = new TrainerClient(fileURLToPath(new URL('../../dist/trainer.js', import.meta.url)));
  afterAll(() => client.dispose());

  it('goes by the images that train, as the editor does', async () => {
    const directory = await temporaryFolder();
    const plan = await writePlantedTask(directory, 'challenger', 1);
    const rows = ['one', 'other'].flatMap((name) =>
      Array.from({ length: 30 }, (_, at) => {
        const file = `images/${name}/${String(at).padStart(3, '0')}.png`;
        return `${file},${name},${at < 15 ? 'train' : 'test'}`;
      }),
    );
    await writeFile(join(directory, 'split.csv'), rows.join('\n'));
    const stated = JSON.parse(await readFile(plan, 'utf8')) as PlanInput;
    await writeFile(plan, JSON.stringify({ ...stated, data: { train: 'split.csv', validation: 0.2 } }));
    const result = await client.request('trial', { directory, engine: 'portable', plan, folds: 2 });
    // With fewer than 20 images of a class no block trains; 30 of them would train the last one.
    expect(result).toMatchObject({ n: 30, plans: { recommended: { trainableParameters: 192 * 2 + 2 } } });
  });

  it('trains the plan it began with while the file is saved, which one that goes on notices', async () => {
    const directory = await temporaryFolder();
    const plan = await writePlantedTask(directory, 'challenger', 1);
    const before = JSON.parse(await readFile(plan, 'utf8')) as PlanInput;
    const request = { directory, engine: 'portable', plan, folds: 2, run: 'trial' } as const;
    const { stopped } = await client.request('trial', request, {
      // As soon as the first of four folds has begun.
      onEvent: ({ event }) => {
        if (event === 'start') writeFileSync(plan, JSON.stringify({ ...before, batchSize: 4 }));
      },
    });
    expect(stopped).toBe('finished');
    for (const side of TRIAL_SIDES) {
      const [first, second] = await Promise.all(
        [1, 2].map(async (fold) => {
          const text = await readFile(join(directory, 'trial', side, `fold-${fold}`, 'plan.json'), 'utf8');
          return JSON.parse(text) as Plan;
        }),
      );
      expect(first.batchSize).toBe(16);
      expect(second).toEqual(first);
    }
    const problem = await problemFrom(client.request('trial', request));
    expect(problem).toMatchObject({ reason: 'runPlanChanged', keys: ['batchSize'] });
  });
});
