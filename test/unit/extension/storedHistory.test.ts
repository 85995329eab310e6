import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readRunHistory } from '../../../src/extension/storedHistory.ts';
import { RunFolder } from '../../../src/node/runFolder.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const METRICS = [
  { event: 'phase', phase: 'head', index: 0, epochs: 2, trainable: [], trainableParameters: 5, cachedTo: null },
  { event: 'step', phase: 'head', epoch: 1, step: 1, steps: 2, loss: 1.5, accuracy: 0.25 },
  { event: 'step', phase: 'head', epoch: 1, step: 2, steps: 2, loss: 1, accuracy: 0.5 },
  {
    ...{ event: 'epoch', phase: 'head', epoch: 1, epochs: 2, loss: 1.25, accuracy: 0.375, validationLoss: 0.75 },
    ...{ validationAccuracy: 0.5, n: 4, low: 0.1, high: 0.9, seconds: 1, best: true, movement: { head: 0.5 } },
  },
];

async function runWith(lines: object[]): Promise<RunFolder> {
  const folder = new RunFolder(await temporaryFolder());
  await writeFile(folder.metricsPath, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return folder;
}

describe('readRunHistory', () => {
  it('has every step and epoch of the metrics file, and what the folder says of the run', async () => {
    const folder = await runWith(METRICS);
    await folder.writeStatus('failed', 'The disk is full.');
    const { view } = await readRunHistory(folder);
    expect(view.steps).toEqual({ epoch: [1, 1], position: [0.5, 1], loss: [1.5, 1], accuracy: [0.25, 0.5] });
    expect(view.points.map(({ epoch, validationLoss }) => [epoch, validationLoss])).toEqual([[1, 0.75]]);
    expect(view).toMatchObject({ run: folder.path, state: 'failed', problem: 'The disk is full.', epochs: 2 });
    expect(view.startedAt).toBe((await folder.readStatus())?.startedAt);
  });

  it('has the proof of the report', async () => {
    const folder = await runWith(METRICS);
    await folder.writeStatus('finished');
    const freezeProof = { frozenTensors: 50, changedTensors: 0, changed: [] };
    await writeFile(folder.reportPath, JSON.stringify({ freezeProof }));
    const { view } = await readRunHistory(folder);
    expect(view).toMatchObject({ state: 'finished', problem: null, freezeProof });
  });

  it('makes do with a folder that has lost its files', async () => {
    const { view } = await readRunHistory(new RunFolder(await temporaryFolder()));
    expect(view).toMatchObject({ state: 'failed', startedAt: null, points: [] });
  });

  it('takes the state it is told of a run that goes on', async () => {
    const folder = await runWith(METRICS);
    await folder.writeStatus('interrupted', 'killed');
    expect((await readRunHistory(folder, 'running')).view.state).toBe('running');
  });
});
