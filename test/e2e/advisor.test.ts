import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { openSamplePlan, SAMPLE_PLAN } from '../support/sampleWindow.ts';

it('measures the similarity when a plan is opened, and freezes at the depth that is chosen', async ({ skip }) => {
  const { workbench, page, plan } = await openSamplePlan(skip);
  const before = await readFile(plan, 'utf8');
  const { frame } = page;
  await frame.locator('.map-box').waitFor();
  await frame.getByText(/^Batch-normalization distance [\d.]+ \(95 %/).waitFor();
  await frame.locator('.advice-followed').waitFor();
  // Digits are not mirrored.
  expect(await frame.locator('.own-settings li').allTextContents()).toEqual([
    'Augmentation: crop up to 0.1, 4 variants (recommended: light)',
  ]);
  expect(await frame.locator('.override').count()).toBe(0);
  const bars = frame.locator('.depth-bar');
  expect(await bars.count()).toBe(4);

  await bars.nth(1).click();
  await frame
    .locator('.depth')
    .getByRole('button', { name: /^Freeze up to / })
    .click();
  await expect.poll(() => page.freezeSwitch('block_2').getAttribute('aria-checked')).toBe('false');
  await workbench.runCommand('Undo');
  await workbench.save(SAMPLE_PLAN);
  await expect.poll(() => readFile(plan, 'utf8')).toBe(before);
  expect(workbench.errors).toEqual([]);
});
