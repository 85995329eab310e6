import { describe, expect } from 'vitest';
import { it } from './support/editorTest.ts';
import { exampleSnapshot } from './support/exampleSnapshot.ts';

describe('the schedule', () => {
  it('gives a phase another course of its rates, and takes it away again', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await page.getByRole('tab', { name: 'Schedule' }).click();
    const choice = page.getByLabel('Schedule of phase fine-tune');
    expect(await choice.inputValue()).toBe('constant');
    const curve = page.getByRole('row', { name: /fine-tune/ }).locator('.schedule-curve polyline');
    const flat = await curve.getAttribute('points');
    await choice.selectOption('cosine');
    await expect.poll(() => choice.inputValue()).toBe('cosine');
    expect(await curve.getAttribute('points')).not.toBe(flat);
    await choice.selectOption('constant');
    expect(await editor.edits()).toEqual([
      { kind: 'setting', path: ['phases', 1, 'schedule'], value: 'cosine' },
      { kind: 'setting', path: ['phases', 1, 'schedule'] },
    ]);
  });

  it('applies a preset by its name, says what it does, and knows it again', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await page.getByRole('tab', { name: 'Schedule' }).click();
    const preset = page.getByLabel('Preset', { exact: true });
    expect(await preset.inputValue()).toBe('own');
    await preset.selectOption('Linear probe, then fine-tune');
    await expect.poll(() => preset.inputValue()).toBe('linearProbeThenFineTune');
    expect(await page.locator('.preset p').textContent()).toContain('LP-FT');
    expect(await page.getByLabel('Schedule of phase all').inputValue()).toBe('cosine');
    expect(await editor.edits()).toEqual([{ kind: 'preset', preset: 'linearProbeThenFineTune' }]);
  });
});

describe('the options', () => {
  it('open up a preset of augmentation into its numbers', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await page.getByRole('tab', { name: 'Options' }).click();
    await page.getByLabel('Augmentation', { exact: true }).selectOption('medium');
    await page.getByLabel('Augmentation', { exact: true }).selectOption('custom');
    const rotate = page.getByLabel('Rotate up to (degrees)');
    await expect.poll(() => rotate.inputValue()).toBe('10');
    await rotate.fill('20');
    await rotate.press('Enter');
    await page.getByLabel('Mirror', { exact: true }).uncheck();
    const medium = { flip: true, crop: 0.15, rotate: 10, color: 0.2, erase: 0, variants: 4 };
    expect(await editor.edits()).toEqual([
      { kind: 'setting', path: ['augment'], value: 'medium' },
      { kind: 'setting', path: ['augment'], value: medium },
      { kind: 'setting', path: ['augment', 'rotate'], value: 20 },
      { kind: 'setting', path: ['augment', 'flip'], value: false },
    ]);
  });

  it('show what the chosen optimizer has, and write what is set', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await page.getByRole('tab', { name: 'Options' }).click();
    expect(await page.getByLabel('Weight decay', { exact: true }).count()).toBe(0);
    await page.getByLabel('Optimizer', { exact: true }).selectOption('AdamW');
    const decay = page.getByLabel('Weight decay', { exact: true });
    await decay.fill('0.05');
    await decay.press('Enter');
    await page.getByLabel('Sampling', { exact: true }).selectOption('balanced');
    const clip = page.getByLabel(/^Largest norm/);
    await clip.fill('1');
    await clip.press('Enter');
    await expect.poll(() => clip.inputValue()).toBe('1');
    await clip.fill('0');
    await clip.press('Enter');
    expect(await editor.edits()).toEqual([
      { kind: 'setting', path: ['optimizer', 'name'], value: 'adamw' },
      { kind: 'setting', path: ['optimizer', 'weightDecay'], value: 0.05 },
      { kind: 'setting', path: ['sampling'], value: 'balanced' },
      { kind: 'setting', path: ['optimizer', 'clipNorm'], value: 1 },
      { kind: 'setting', path: ['optimizer', 'clipNorm'] },
    ]);
  });
});
