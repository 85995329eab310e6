import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { hashTensors } from '../../src/node/freezeProof.ts';
import { readSplit } from '../../src/node/splitFile.ts';
import { TrainerClient } from '../../src/node/trainerClient.ts';
import type { Params } from '../../src/shared/protocol.ts';
import type { TrainEvent, TrainResult } from '../../src/shared/results.ts';
import { problemFrom } from '../support/problems.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { writeProject } from '../support/trainingFixture.ts';

const client = new TrainerClient(fileURLToPath(new URL('../../dist/trainer.js', import.meta.url)));
afterAll(() => client.dispose());

/** Trains the project of a folder; `stopAfter` stops the run after so many epochs. */
async function train(
  directory: string,
  params: Partial<Params<'train'>>,
  stopAfter = Infinity,
): Promise<{ result: TrainResult; start: TrainEvent | undefined }> {
  const controller = new AbortController();
  const events: TrainEvent[] = [];
  const request = { directory, engine: 'portable', plan: 'small.finetune.json', ...params } as const;
  const result = await client.request('train', request, {
    signal: controller.signal,
    onEvent: (event) => {
      events.push(event);
      if (event.event === 'epoch' && event.epoch >= stopAfter) controller.abort();
    },
  });
  return { result, start: events.find(({ event }) => event === 'start') };
}

it('a run of a fold records it, and goes on with it without being told', async () => {
  const folder = await temporaryFolder();
  await writeProject(folder, {
    blocks: { stem: { frozen: false }, middle: { frozen: false }, top: { frozen: false } },
    phases: [{ name: 'all', epochs: 4 }],
  });
  const fold = { index: 1, count: 4 };
  const whole = await train(folder, { run: 'whole', fold });
  expect(whole.start).toMatchObject({ images: { train: 15, validation: 5 } });
  const environment = JSON.parse(await readFile(join(folder, 'whole/environment.json'), 'utf8')) as object;
  expect(environment).toMatchObject({ fold });
  const split = await readSplit(join(folder, 'whole/split.json'));
  expect(split).toMatchObject({ fold, seed: 7 });
  expect([split.train.length, split.validation.length]).toEqual([15, 5]);

  expect((await train(folder, { run: 'stopped', fold }, 2)).result.stopped).toBe('interrupted');
  const resumed = await train(folder, { resume: 'stopped' });
  expect(resumed.start).toMatchObject({ images: { train: 15, validation: 5 }, resumed: true });
  const [a, b] = await Promise.all(
    ['whole', 'stopped'].map((run) => hashTensors(join(folder, run, 'model/model.json'))),
  );
  expect(b).toEqual(a);
});

it('a fold that is none is refused', async () => {
  const folder = await temporaryFolder();
  await writeProject(folder);
  for (const fold of [
    { index: 3, count: 3 },
    { index: 0, count: 1 },
    { index: -1, count: 3 },
  ]) {
    expect(await problemFrom(train(folder, { fold }))).toMatchObject({ reason: 'protocol' });
  }
  const problem = { reason: 'dataClassTooSmall', className: 'left', images: 10, needed: 12, folds: 12 };
  expect(await problemFrom(train(folder, { fold: { index: 0, count: 12 } }))).toEqual(problem);
});
