import { describe, expect } from 'vitest';
import { it } from './support/editorTest.ts';
import { exampleRun, exampleSnapshot } from './support/exampleSnapshot.ts';
import { pixelsOf } from './support/pixels.ts';
import { themeStyle } from './support/themes.ts';

const style = themeStyle('dark');
/** Colours of the first three runs. */
const COLORS = [style['--vscode-charts-purple'], style['--vscode-charts-green'], style['--vscode-charts-orange']];

describe('comparison of runs', () => {
  it('draws each run in its colour and lists its latest values', async ({ editor }) => {
    const snapshot = exampleSnapshot({ epochs: 8, compared: 2 });
    const page = await editor.open(snapshot);
    for (const color of COLORS) {
      await expect.poll(async () => Math.min(...(await pixelsOf(page, color)))).toBeGreaterThan(20);
    }
    const rows = page.getByRole('table', { name: 'Runs on the charts' }).locator('tbody tr');
    expect(await rows.locator('.run-mark').allTextContents()).toEqual(['1', '2', '3']);
    const last = await rows.last().locator('td').allTextContents();
    expect(last[0]).toBe('7');
    expect(last[2]).toBe(snapshot.compared[1].points[6].validationLoss.toFixed(3));
  });

  it('asks for a run, draws it when it comes, and takes it off again', async ({ editor }) => {
    const snapshot = exampleSnapshot({ epochs: 4 });
    const page = await editor.open(snapshot);
    await page.getByRole('tab', { name: 'Runs' }).click();
    await page.getByRole('checkbox', { name: 'flowers-2 on the charts' }).check();
    const run = '.thaw/runs/flowers-2';
    expect(await editor.messagesOf('compare')).toEqual([{ v: 1, type: 'compare', run, compared: true }]);
    const { plan } = snapshot.document;
    if (!plan) throw new Error('the example has a plan');
    const view = { ...exampleRun(plan, 6, 3), run, name: 'flowers-2' };
    await page.evaluate((message) => window.stub.send(message), {
      type: 'compared' as const,
      runs: [run],
      views: [view],
    });
    await page.getByRole('table', { name: 'Runs on the charts' }).waitFor();
    await expect.poll(async () => Math.min(...(await pixelsOf(page, COLORS[1])))).toBeGreaterThan(20);
    await page.getByRole('button', { name: 'Take flowers-2 off the charts' }).click();
    expect((await editor.messagesOf('compare')).at(-1)).toEqual({ v: 1, type: 'compare', run, compared: false });
  });

  it('keeps the colour of a run while another is taken away', async ({ editor }) => {
    const snapshot = exampleSnapshot({ epochs: 8, compared: 2 });
    const page = await editor.open(snapshot);
    const [, last] = snapshot.compared;
    await page.evaluate((message) => window.stub.send(message), {
      type: 'compared' as const,
      runs: [last.run],
      views: [],
    });
    const marks = page.getByRole('table', { name: 'Runs on the charts' }).locator('.run-mark');
    await expect.poll(() => marks.allTextContents()).toEqual(['1', '3']);
    await expect.poll(async () => Math.max(...(await pixelsOf(page, COLORS[1])))).toBeLessThan(5);
    expect(Math.min(...(await pixelsOf(page, COLORS[2])))).toBeGreaterThan(20);
  });

  it('lets the run under the pointer stand out', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot({ epochs: 8, compared: 2 }));
    await expect.poll(async () => Math.min(...(await pixelsOf(page, COLORS[1])))).toBeGreaterThan(20);
    await page.getByRole('table', { name: 'Runs on the charts' }).getByTitle('flowers-1').hover();
    await expect.poll(async () => Math.max(...(await pixelsOf(page, COLORS[1])))).toBeLessThan(20);
    expect(Math.min(...(await pixelsOf(page, COLORS[2])))).toBeGreaterThan(20);
  });

  it('asks for everything where a run is named that never came', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot({ epochs: 2 }));
    await page.evaluate((message) => window.stub.send(message), { type: 'compared' as const, runs: ['x'], views: [] });
    await expect.poll(() => editor.messagesOf('resync')).toEqual([{ v: 1, type: 'resync' }]);
  });

  it('shows the figures behind the charts as a table, and keeps it', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot({ epochs: 3 }));
    await page.getByRole('button', { name: 'Show table' }).click();
    await page.locator('.epoch-table').waitFor();
    expect(await page.evaluate(() => window.stub.state)).toMatchObject({ epochTableShown: true });
  });
});
