import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import type { RunDelta, RunView } from '../../src/shared/runView.ts';
import { it } from './support/editorTest.ts';
import { exampleRun, exampleSnapshot } from './support/exampleSnapshot.ts';
import { pixelsOf } from './support/pixels.ts';
import { themeStyle } from './support/themes.ts';
import { changeTheme } from './support/webviewPage.ts';

/** Colours of the curves in the dark theme. */
const TRAINING = themeStyle('dark')['--vscode-charts-purple'];
const VALIDATION = themeStyle('dark')['--vscode-charts-green'];

/** What a run has gained after `epochs` epochs by the end of the next one. */
function nextEpoch(epochs: number): { delta: RunDelta; whole: RunView } {
  const { plan } = exampleSnapshot().document;
  if (!plan) throw new Error('The example has a plan.');
  const whole = exampleRun(plan, epochs + 1);
  const from = whole.steps.epoch.indexOf(epochs + 1);
  const steps = {
    epoch: whole.steps.epoch.slice(from),
    position: whole.steps.position.slice(from),
    loss: whole.steps.loss.slice(from),
    accuracy: whole.steps.accuracy.slice(from),
  };
  return { delta: { ...whole, from, fromPoints: epochs, steps, points: whole.points.slice(epochs) }, whole };
}

/** All that is drawn, to be compared later. */
async function remember(page: Page): Promise<string[]> {
  return page.evaluate(() => [...document.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL()));
}

describe('charts', () => {
  it('draws what a delta brings and lists it in the table', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot({ epochs: 4 }));
    const table = page.getByRole('table', { name: /Epochs of the run/ });
    await expect.poll(() => table.locator('tbody tr').count()).toBe(4);
    await expect.poll(async () => Math.min(...(await pixelsOf(page, TRAINING)))).toBeGreaterThan(20);
    const before = [await pixelsOf(page, TRAINING), await pixelsOf(page, VALIDATION)];
    const { delta, whole } = nextEpoch(4);
    await page.evaluate((message) => window.stub.send(message), { type: 'delta' as const, delta });
    await expect.poll(() => table.locator('tbody tr').count()).toBe(5);
    // Both charts have more of both curves than before.
    for (const [index, color] of [TRAINING, VALIDATION].entries()) {
      const gained = async (): Promise<number[]> =>
        (await pixelsOf(page, color)).map((count, chart) => count - before[index][chart]);
      await expect.poll(async () => Math.min(...(await gained()))).toBeGreaterThan(5);
    }
    const cells = await table.locator('tbody tr').last().locator('td').allTextContents();
    expect(cells[2]).toBe(whole.points[4].validationLoss.toFixed(3));
    expect(await page.locator('[aria-live="polite"]').allTextContents()).toContainEqual(
      expect.stringContaining('Epoch 5 of 15: validation loss'),
    );
  });

  it('asks for everything when a delta does not fit', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot({ epochs: 2 }));
    const { delta } = nextEpoch(4);
    await page.evaluate((message) => window.stub.send(message), { type: 'delta' as const, delta });
    await expect.poll(() => editor.messagesOf('resync')).toEqual([{ v: 1, type: 'resync' }]);
  });

  it('names each chart with its latest values', async ({ editor }) => {
    const snapshot = exampleSnapshot({ epochs: 4 });
    const page = await editor.open(snapshot);
    const loss = snapshot.run?.points[3].validationLoss.toFixed(3);
    expect(await page.getByRole('figure', { name: /^Loss by epoch/ }).getAttribute('aria-label')).toContain(
      `After epoch 4: training`,
    );
    expect(await page.getByRole('figure', { name: /^Loss by epoch/ }).getAttribute('aria-label')).toContain(
      `validation ${loss}`,
    );
  });

  it('shows the values under the pointer in both charts', async ({ editor }) => {
    const snapshot = exampleSnapshot({ epochs: 8 });
    const page = await editor.open(snapshot);
    const plot = page.locator('.u-over').first();
    const box = await plot.boundingBox();
    // Epoch 3 of the 15 on the axis.
    await plot.hover({ position: { x: ((box?.width ?? 0) * 3) / 15, y: 60 } });
    const expected = snapshot.run?.points[2].validationLoss.toFixed(3);
    await expect.poll(() => page.locator('.readout').first().textContent()).toContain(`validation${expected}`);
    expect(await page.locator('.chart .readout-epoch').allTextContents()).toEqual(['epoch 3', 'epoch 3']);
  });

  it('lights up the blocks and the band of a phase that the pointer is on', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot({ epochs: 8 }));
    const before = await remember(page);
    await page.locator('.phase', { hasText: 'fine-tune' }).hover();
    await expect.poll(() => page.locator('.grid-row.emphasized').count()).toBe(3);
    await expect.poll(async () => (await remember(page)).every((canvas, index) => canvas !== before[index])).toBe(true);
  });

  it('keeps smoothing and log scale, and redraws with them', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot({ epochs: 4 }));
    const [loss, accuracy] = await remember(page);
    await page.getByLabel('Smoothing', { exact: true }).selectOption('Strong');
    await page.getByText('Log scale').click();
    await expect.poll(async () => (await remember(page))[0]).not.toBe(loss);
    expect((await remember(page))[1]).not.toBe(accuracy);
    expect(await page.evaluate(() => window.stub.state)).toMatchObject({ smoothing: 0.97, logScale: true });
  });

  it('takes the colours of a new theme over', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot({ epochs: 4 }), { theme: 'dark' });
    const before = await remember(page);
    await changeTheme(page, 'light');
    await expect.poll(async () => (await remember(page)).every((canvas, index) => canvas !== before[index])).toBe(true);
  });

  it('shows what goes on before the first step', async ({ editor }) => {
    const snapshot = exampleSnapshot({ epochs: 0 });
    if (snapshot.run) snapshot.run.activity = { text: 'Caching features', done: 120, total: 666 };
    const page = await editor.open(snapshot);
    expect(await page.getByRole('progressbar', { name: 'Caching features' }).getAttribute('aria-valuenow')).toBe('120');
  });
});

describe('runs', () => {
  it('starts, stops and opens the text', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.evaluate(() =>
      window.stub.send({ type: 'start', start: { state: 'running', run: 'r', change: 'none' } }),
    );
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByRole('button', { name: 'Open as Text' }).click();
    for (const type of ['start', 'stop', 'openAsText'] as const) {
      expect(await editor.messagesOf(type)).toEqual([{ v: 1, type }]);
    }
  });

  it('says why nothing can be started', async ({ editor }) => {
    const snapshot = exampleSnapshot();
    snapshot.start = { state: 'blocked', reason: 'Training needs a trusted workspace.' };
    const page = await editor.open(snapshot);
    expect(await page.locator('.start-note').textContent()).toContain('Training needs a trusted workspace.');
    await page.getByRole('button', { name: 'Start', exact: true }).click({ force: true });
    expect(await editor.messagesOf('start')).toEqual([]);
  });

  it('offers to take over what was changed while it trains, and shows what was taken over', async ({ editor }) => {
    const snapshot = exampleSnapshot({ epochs: 6 });
    const page = await editor.open(snapshot);
    const { run } = snapshot;
    if (!run) throw new Error('the example has a run');
    const before = await remember(page);
    await page.evaluate((start) => window.stub.send({ type: 'start', start }), {
      state: 'running' as const,
      run: run.run,
      change: 'possible' as const,
    });
    await page.getByRole('button', { name: 'Apply at the Next Epoch' }).click();
    expect(await editor.messagesOf('changeRun')).toEqual([{ v: 1, type: 'changeRun' }]);
    const changes = [
      { path: ['blocks', 'block_15', 'frozen'], value: true },
      { path: ['optimizer', 'headLearningRate'], value: 5e-4 },
    ];
    const changed = { ...run, changes: [{ epoch: 4, changes }] };
    await page.evaluate((message) => window.stub.send(message), {
      type: 'run' as const,
      run: changed,
      runs: snapshot.runs,
    });
    await page.getByText('After epoch 4: block_15 frozen, the head at 5e-4').waitFor();
    await expect.poll(async () => (await remember(page)).every((canvas, index) => canvas !== before[index])).toBe(true);
  });

  it('offers to continue what was interrupted, and says why it ended', async ({ editor }) => {
    const snapshot = exampleSnapshot({ epochs: 3 });
    if (snapshot.run) Object.assign(snapshot.run, { state: 'interrupted', problem: 'The trainer ended unexpectedly.' });
    snapshot.start = { state: 'ready' };
    const page = await editor.open(snapshot);
    expect(await page.locator('.run-problem').textContent()).toContain('The trainer ended unexpectedly.');
    await page.getByRole('button', { name: 'Continue from Checkpoint' }).click();
    expect(await editor.messagesOf('resume')).toEqual([{ v: 1, type: 'resume', run: '.thaw/runs/flowers-3' }]);
  });

  it('shows another run', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot({ epochs: 3 }));
    await page.getByRole('tab', { name: 'Runs' }).click();
    await page.getByRole('button', { name: 'flowers-1' }).click();
    expect(await editor.messagesOf('showRun')).toEqual([{ v: 1, type: 'showRun', run: '.thaw/runs/flowers-1' }]);
  });

  it('changes the epochs of a phase', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await page.getByRole('tab', { name: 'Data' }).focus();
    await page.keyboard.press('ArrowRight');
    const input = page.getByLabel('Epochs of phase fine-tune');
    await input.fill('20');
    await input.press('Enter');
    expect(await editor.edits()).toEqual([{ kind: 'setting', path: ['phases', 1, 'epochs'], value: 20 }]);
    await input.fill('0');
    await input.press('Enter');
    await expect.poll(() => input.inputValue()).toBe('20');
    expect(await editor.edits()).toHaveLength(1);
  });
});
