import { expect, it } from 'vitest';
import { runsOf } from '../support/runFiles.ts';
import { openSampleWindow, SAMPLE_PLAN } from '../support/sampleWindow.ts';

it('refuses to train in a folder that is not trusted, says why, and trains once it is', async ({ skip }) => {
  const { workbench, page, folder } = await openSampleWindow(skip, { askTrust: true });
  await workbench.openFile(SAMPLE_PLAN);
  const note = page.frame.locator('#start-note');
  await note.filter({ hasText: 'trust' }).waitFor();
  expect(await page.button('Start').isDisabled()).toBe(true);

  await workbench.runCommand('Thaw: Start Training');
  await workbench.notification('trust').waitFor();
  expect(runsOf(folder)).toEqual([]);

  await workbench.runCommand('Workspaces: Manage Workspace Trust');
  await workbench.page.getByRole('button', { name: 'Trust', exact: true }).click();
  // The editor of trust lies over the window until it is closed.
  await workbench.page.keyboard.press('Escape');
  await expect.poll(() => page.button('Start').isEnabled()).toBe(true);
  await note.waitFor({ state: 'detached' });
  expect(workbench.errors).toEqual([]);
});
