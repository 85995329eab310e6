import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli } from '../support/runCli.ts';
import { metricsOf, runsOf, statusOf } from '../support/runFiles.ts';
import { openSamplePlan, openSampleWindow, SAMPLE_PLAN } from '../support/sampleWindow.ts';

/** Longer than any test looks at it. */
const LONG = { phases: [{ name: 'all', epochs: 2000 }], earlyStopping: null };
const OTHER_PLAN = 'clothing-few.finetune.json';

it('trains on when its editor is closed, and queues a second plan until the first is stopped', async ({ skip }) => {
  const { workbench, page, folder } = await openSamplePlan(skip, { changes: LONG });
  await page.button('Start').click();
  await expect.poll(async () => (await page.epochs()).length).toBeGreaterThan(1);
  const [run] = runsOf(folder);
  await workbench.closeEditor(SAMPLE_PLAN);
  const epochs = metricsOf(run, 'epoch').length;
  await expect.poll(() => metricsOf(run, 'epoch').length).toBeGreaterThan(epochs + 2);

  await workbench.openPlan(OTHER_PLAN);
  await page.ready();
  await page.button('Start').click();
  await page.frame.getByText('Waits until the run before it has ended.').waitFor();
  await workbench.showRuns();
  await workbench.runRow(/clothing-few.*waiting/).waitFor();
  expect(runsOf(folder)).toHaveLength(1);

  // The click on the status bar shows the charts of what trains.
  await workbench.statusBarItem(/epoch/).click();
  await workbench.editorTab(SAMPLE_PLAN).waitFor();
  await page.button('Stop').click();
  await expect.poll(() => statusOf(run)?.state).toBe('interrupted');
  await expect.poll(() => runsOf(folder).length).toBe(2);
  await workbench.runRow(/clothing-few.*training/).waitFor();
  await workbench.runCommand('Thaw: Stop Training');
  await expect.poll(() => statusOf(runsOf(folder)[0])?.state).not.toBe('running');
  expect(workbench.errors).toEqual([]);
});

it('compares two runs on the charts', async ({ skip }) => {
  const { workbench, page, folder, plan } = await openSampleWindow(skip, {
    changes: { phases: [{ name: 'head', epochs: 3, unfreeze: [] }] },
  });
  for (const seed of ['1', '2']) await runCli(['train', plan, '--seed', seed], { cwd: folder });
  await workbench.openPlan(SAMPLE_PLAN);
  await page.ready();
  const [older, newer] = runsOf(folder);
  await page.frame.getByRole('tab', { name: 'Runs' }).click();
  await page.frame.getByRole('checkbox', { name: `${basename(older.path)} on the charts` }).check();
  const table = page.frame.getByRole('table', { name: 'Runs on the charts' });
  const losses = (): Promise<string[]> => table.locator('tbody td:nth-of-type(3)').allTextContents();
  const lastLoss = (run: typeof older): string => metricsOf(run, 'epoch').at(-1)?.validationLoss.toFixed(3) ?? '';
  await expect.poll(losses).toEqual([lastLoss(newer), lastLoss(older)]);
  expect(workbench.errors).toEqual([]);
});

it('predicts on an image with a run, and deletes the run', async ({ skip }) => {
  const { workbench, folder, plan } = await openSampleWindow(skip, {
    changes: { phases: [{ name: 'head', epochs: 12, unfreeze: [] }] },
  });
  await runCli(['train', plan], { cwd: folder });
  const [run] = runsOf(folder);
  await workbench.showRuns();
  const row = workbench.runRow(/digits-few/);
  await row.waitFor();
  await row.hover();
  await row.getByRole('button', { name: 'Predict on an Image' }).click();
  await workbench.chooseFile(join(folder, 'digits-few', 'test', 'seven', '001.png'));
  await workbench.question('Choose an image to open it').waitFor();
  const answers = workbench.quickInput().locator('.monaco-list-row');
  expect(await answers.allTextContents()).toEqual(expect.arrayContaining([expect.stringMatching(/seven.*\d %/)]));
  await workbench.page.keyboard.press('Escape');

  await workbench.chooseFromMenu(row, 'Delete Run');
  // This machine has no trash.
  const confirm = workbench.page.getByRole('dialog').getByRole('button', { name: 'Delete Permanently' });
  await Promise.race([confirm.click(), row.waitFor({ state: 'detached' })]);
  await expect.poll(() => row.count()).toBe(0);
  expect(existsSync(run.path)).toBe(false);
  expect(workbench.errors).toEqual([]);
});
