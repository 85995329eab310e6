import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { PlanInput } from '../../src/shared/plan.ts';
import { runsOf } from '../support/runFiles.ts';
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

/** The sample has no challenger: its digits are like what the network knows. */
const DISSIMILAR = {
  advice: { data: 'low', similarity: 'low', similaritySource: 'given', leftOut: [] },
} satisfies Partial<PlanInput>;

it('applies the challenger and takes it back, tries both plans and tells which one to keep', async ({ skip }) => {
  const { workbench, page, plan, folder } = await openSamplePlan(skip, { changes: DISSIMILAR });
  const before = await readFile(plan, 'utf8');
  const { frame } = page;
  const challenger = frame.getByRole('region', { name: 'Worth a try' });
  await challenger.getByText('Head on block_2', { exact: true }).waitFor();
  expect(await frame.getByRole('radio', { name: /Your data/ }).count()).toBe(1);

  await challenger.getByRole('button', { name: 'Apply "Head on block_2"' }).click();
  await page.row('input to block_2').waitFor();
  await workbench.save(SAMPLE_PLAN);
  const cut = JSON.parse(await readFile(plan, 'utf8')) as PlanInput;
  expect(Object.keys(cut.blocks)).toEqual(['stem', 'block_1', 'block_2']);
  await workbench.runCommand('Undo');
  await page.row('input to block_3').waitFor();
  await workbench.save(SAMPLE_PLAN);
  await expect.poll(() => readFile(plan, 'utf8')).toBe(before);

  await challenger.getByText(/^About .*: both plans, short, on the same 5 folds\.$/).waitFor();
  await challenger.getByRole('button', { name: 'Try both' }).click();
  await challenger.getByText(/^Fold [1-9] of 10$/).waitFor();
  const busy = frame.locator('.start-note', { hasText: 'Two plans are being tried' });
  await busy.waitFor();
  const answer = challenger.getByRole('status');
  await expect
    .poll(() => answer.textContent(), { timeout: 120_000 })
    .toMatch(/^ ?(".*" is better by .* and is kept|(No difference|Not certain).* The smaller plan is kept: ".*")\.$/);
  expect(runsOf(folder)).toEqual([]);
  await expect.poll(() => busy.count()).toBe(0);
  expect(workbench.errors).toEqual([]);
});
