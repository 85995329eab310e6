import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSamplePlan, SAMPLE_PLAN } from '../support/sampleWindow.ts';

/** What VS Code has put aside of unsaved files; it does so a second after a change. */
async function backedUpTexts(data: string): Promise<string[]> {
  const folder = join(data, 'User', 'Backups');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'utf8')));
}

it('keeps what was not saved over a reload of the window', async ({ skip }) => {
  const { workbench, page, plan, server } = await openSamplePlan(skip);
  const before = await readFile(plan, 'utf8');
  await page.rate('head').fill('2e-3');
  await page.rate('head').press('Enter');
  const unsaved = workbench.page.locator('.tabs-container .tab.dirty').filter({ hasText: SAMPLE_PLAN });
  await unsaved.waitFor();
  await expect
    .poll(() => backedUpTexts(server.data))
    .toContainEqual(expect.stringContaining('"headLearningRate": 0.002'));
  await workbench.reload();
  await page.ready();
  await unsaved.waitFor();
  await expect.poll(() => page.rate('head').inputValue()).toBe('2e-3');
  expect(await readFile(plan, 'utf8')).toBe(before);
  expect(workbench.errors).toEqual([]);
});

it('shows what has changed since the last save as a comparison of texts', async ({ skip }) => {
  const { workbench, page } = await openSamplePlan(skip);
  await page.rate('head').fill('2e-3');
  await page.rate('head').press('Enter');
  await page.button('Open as Text').click();
  await workbench.page.locator('.monaco-editor .view-lines').filter({ visible: true }).first().waitFor();
  await workbench.runCommand('File: Compare Active File with Saved');
  const modified = workbench.page.locator('.monaco-diff-editor .editor.modified .view-lines');
  await modified.getByText(/headLearningRate.*0\.002/).waitFor();
  expect(workbench.errors).toEqual([]);
});
