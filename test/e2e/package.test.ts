import { expect, it } from 'vitest';
import { metricsOf, runsOf, statusOf } from '../support/runFiles.ts';
import { openSamplePlan } from '../support/sampleWindow.ts';
import { universalVsix } from '../support/vsix.ts';

const EPOCHS = 3;
const SHORT = { phases: [{ name: 'head', epochs: EPOCHS, unfreeze: [] }], earlyStopping: null };

it('trains the sample project to its end when it is installed from its package', async ({ skip }) => {
  const vsix = await universalVsix(skip);
  const { workbench, page, folder } = await openSamplePlan(skip, { vsix, changes: SHORT });
  await page.button('Start').click();
  await expect.poll(() => page.runState().textContent()).toBe('Finished');
  await expect.poll(async () => (await page.epochs()).length).toBe(EPOCHS);

  const [run] = runsOf(folder);
  expect(statusOf(run)?.state).toBe('finished');
  expect(metricsOf(run, 'epoch')).toHaveLength(EPOCHS);
  await workbench.showRuns();
  await workbench.runRow(/digits-few/).waitFor();
  expect(workbench.errors).toEqual([]);
});
