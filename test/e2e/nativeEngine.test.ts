import { expect, it } from 'vitest';
import { nativeEngineDirectory } from '../support/provisionNative.ts';
import { metricsOf, runsOf, statusOf } from '../support/runFiles.ts';
import { openSamplePlan } from '../support/sampleWindow.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

/** A download of 270 MB, a compiler, a trial, and a training. */
const TIMEOUT = 600_000;
const INSTALLED = { timeout: 420_000 };

it('installs the native engine after asking, and trains on it from then on', { timeout: TIMEOUT }, async ({ skip }) => {
  // Where the other suites could not install it, it cannot be installed here either.
  nativeEngineDirectory(skip);
  const environment = { THAW_ENGINE_DIR: await temporaryFolder() };
  const { workbench, page, folder } = await openSamplePlan(skip, { environment });
  await page.button('portable engine').waitFor();

  await workbench.runCommand('Thaw: Install Native Engine');
  const question = workbench.notification(/The native engine is TensorFlow itself/);
  await question.getByRole('button', { name: 'Install', exact: true }).click();
  await expect.poll(() => workbench.notification(/The native engine works here/).count(), INSTALLED).toBe(1);
  await page.button('native engine').waitFor();

  await page.button('Start').click();
  await expect.poll(() => runsOf(folder).map((run) => statusOf(run)?.state)).toEqual(['finished']);
  const [start] = metricsOf(runsOf(folder)[0], 'start');
  expect(start.engine).toBe('native');
  expect(workbench.errors).toEqual([]);
});
