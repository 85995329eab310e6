import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { RunFolder } from '../../src/node/runFolder.ts';
import { parseMetricsLine, RunHistory } from '../../src/shared/runHistory.ts';
import { emptyRunView } from '../../src/shared/runView.ts';
import { MetricsLog } from '../../src/trainer/training/metricsLog.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

it('writes every step so that a history can be read back', async () => {
  const run = new RunFolder(await temporaryFolder());
  const log = new MetricsLog(run, () => {});
  for (const step of [1, 2, 3, 4]) {
    log.step({
      phase: 'p',
      epoch: 2,
      step,
      steps: 4,
      lossSum: 8 * step,
      correct: 2,
      count: 8,
      learningRate: 0.001,
      secondsLeft: null,
    });
  }
  log.flush();
  const history = new RunHistory(emptyRunView(run.path, 'run', 'running'));
  for (const line of (await readFile(run.metricsPath, 'utf8')).trimEnd().split('\n')) {
    const event = parseMetricsLine(line);
    if (event) history.add(event);
  }
  expect(history.view.steps).toEqual({
    epoch: [2, 2, 2, 2],
    position: [1.25, 1.5, 1.75, 2],
    loss: [1, 2, 3, 4],
    accuracy: [0.25, 0.25, 0.25, 0.25],
  });
});
