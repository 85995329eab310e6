import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LONG_RUNS, writeLongRuns } from '../../bench/editor/longRuns.ts';
import { readRunHistory } from '../../src/extension/storedHistory.ts';
import { listRuns, RunFolder, runsFolder } from '../../src/node/runFolder.ts';
import { samplePlan } from '../support/plans.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

it('writes runs of a plan as the trainer does, the same every time', async () => {
  const written = await Promise.all(
    [1, 2].map(async () => {
      const folder = await temporaryFolder();
      return {
        folder,
        names: await writeLongRuns(folder, join(folder, 'a.finetune.json'), samplePlan(), ['b2', 'b3']),
      };
    }),
  );
  const [{ folder, names }, other] = written;
  const listed = await listRuns(folder);
  expect(listed.map(({ name }) => name)).toEqual(names);
  expect(listed).toHaveLength(LONG_RUNS);
  for (const run of listed)
    expect(run).toMatchObject({ state: 'finished', epochs: 200, plan: join(folder, 'a.finetune.json') });

  const historyOf = (workspace: string, name: string): Promise<Awaited<ReturnType<typeof readRunHistory>>> =>
    readRunHistory(new RunFolder(join(runsFolder(workspace), name)));
  const { view } = await historyOf(folder, names[0]);
  expect(view.steps.loss).toHaveLength(20_000);
  expect(view.steps.position.at(-1)).toBe(200);
  expect(view.points).toHaveLength(200);
  expect(view.points.filter(({ best }) => best).at(-1)?.epoch).toBe(listed[0].best?.epoch);
  expect(view.phases.map(({ from, epochs, trainable }) => [from, epochs, trainable])).toEqual([
    [1, 50, []],
    [51, 150, ['b2', 'b3']],
  ]);
  const { view: again } = await historyOf(other.folder, names[0]);
  expect(again.steps).toEqual(view.steps);
  const { view: next } = await historyOf(folder, names[1]);
  expect(next.steps.loss).not.toEqual(view.steps.loss);
});
