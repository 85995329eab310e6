import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listRuns, RunFolder, runsFolder } from '../../src/node/runFolder.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const epoch = (number: number, validationLoss: number): string =>
  JSON.stringify({ event: 'epoch', epoch: number, validationLoss, validationAccuracy: 0.5, n: 4, low: 0.1, high: 0.9 });
const STEP = '{"event":"step","epoch":1,"step":1,"steps":2,"loss":1}';

async function epochsOf(...lines: string[]): Promise<{ epochs: number; best: number | undefined }> {
  const workspace = await temporaryFolder();
  const run = new RunFolder(join(runsFolder(workspace), 'one'));
  await run.create();
  await run.writeStatus('finished');
  await writeFile(run.metricsPath, lines.join('\n'));
  const [{ epochs, best }] = await listRuns(workspace);
  return { epochs, best: best?.epoch };
}

it('counts the epochs of a run among its steps, and finds the best', async () => {
  expect(await epochsOf(STEP, epoch(1, 0.9), STEP, epoch(2, 0.5), STEP, epoch(3, 0.7), '')).toEqual({
    epochs: 3,
    best: 2,
  });
  expect(await epochsOf(epoch(1, 0.9), epoch(2, 0.8))).toEqual({ epochs: 2, best: 2 });
  expect(await epochsOf(STEP, '')).toEqual({ epochs: 0, best: undefined });
});

it('passes over an epoch that was cut off, and one that is only named', async () => {
  const named = '{"event":"warning","text":"\\"event\\":\\"epoch\\""}';
  const inside = '{"event":"warning","of":{"event":"epoch"}}';
  expect(await epochsOf(epoch(1, 0.9), named, inside, epoch(2, 0.1).slice(0, -3))).toEqual({ epochs: 1, best: 1 });
});
