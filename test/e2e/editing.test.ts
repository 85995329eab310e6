import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { Plan } from '../../src/shared/plan.ts';
import { openSamplePlan, SAMPLE_PLAN } from '../support/sampleWindow.ts';

async function planOnDisk(path: string): Promise<Plan> {
  return JSON.parse(await readFile(path, 'utf8')) as Plan;
}

it('toggles blocks with the mouse and the keyboard, changes a rate, and undoes each in one step', async ({ skip }) => {
  const { workbench, page, plan } = await openSamplePlan(skip);
  const before = await readFile(plan, 'utf8');

  // With the mouse: the frozen blocks are folded into one row, which opens.
  await page.button('Open input to block_3').click();
  const last = page.freezeSwitch('block_3');
  await expect.poll(() => last.getAttribute('aria-checked')).toBe('true');
  await last.click();
  await expect.poll(() => last.getAttribute('aria-checked')).toBe('false');

  // With the keyboard: up from the head, past the block that trains now.
  await page.row('head').click();
  const third = page.freezeSwitch('block_2');
  await workbench.page.keyboard.press('ArrowUp');
  await workbench.page.keyboard.press('ArrowUp');
  await workbench.page.keyboard.press('Space');
  await expect.poll(() => third.getAttribute('aria-checked')).toBe('false');

  // A rate, typed.
  await page.rate('block_3').fill('3e-5');
  await page.rate('block_3').press('Enter');
  await workbench.save(SAMPLE_PLAN);
  await expect.poll(async () => (await planOnDisk(plan)).blocks.block_3?.learningRate).toBe(3e-5);
  const saved = await planOnDisk(plan);
  expect(saved.blocks.block_2?.frozen).toBe(false);
  expect(saved.blocks.block_3?.frozen).toBe(false);
  expect(saved.blocks.block_1?.frozen).toBe(true);

  // Each was one undo step.
  await workbench.runCommand('Undo');
  await expect.poll(() => page.rate('block_3').inputValue()).not.toBe('3e-5');
  expect(await third.getAttribute('aria-checked')).toBe('false');
  await workbench.runCommand('Undo');
  await expect.poll(() => third.getAttribute('aria-checked')).toBe('true');
  expect(await last.getAttribute('aria-checked')).toBe('false');
  await workbench.runCommand('Undo');
  await expect.poll(() => last.getAttribute('aria-checked')).toBe('true');
  await workbench.save(SAMPLE_PLAN);
  await expect.poll(() => readFile(plan, 'utf8')).toBe(before);
  expect(workbench.errors).toEqual([]);
});

it('shows the line of a fault in the text and keeps what was typed', async ({ skip }) => {
  const { workbench, page, plan } = await openSamplePlan(skip);
  const before = await readFile(plan, 'utf8');
  await page.button('Open as Text').click();
  const line = before.split('\n').findIndex((text) => text.includes('"batchSize"')) + 1;
  await workbench.replaceInText('"batchSize": 16', '"batchSize": sixteen');
  await workbench.editorTab(SAMPLE_PLAN).first().click();

  const problems = page.frame.getByRole('alert', { name: /problem/ });
  await problems.waitFor();
  await page.button(`Open line ${line}`).waitFor();
  expect(await page.button('Start').isDisabled()).toBe(true);
  await workbench.save(SAMPLE_PLAN);
  await expect.poll(() => readFile(plan, 'utf8')).toBe(before.replace('"batchSize": 16', '"batchSize": sixteen'));
  expect(workbench.errors).toEqual([]);
});
