import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { it, type Editor } from './support/editorTest.ts';
import type { TrialState } from '../../src/shared/webviewProtocol.ts';
import { exampleSnapshot, exampleTrial, withChallenger } from './support/exampleSnapshot.ts';
import { THEME_NAMES } from './support/themes.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What axe finds, as lines of rule, element and reason. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate('window.axe.configure({ allowedOrigins: ["<same_origin>"] })');
  const results = await page.evaluate<AxeResults>('window.axe.run(document)');
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(' ')}: ${node.failureSummary ?? ''}`),
  );
}

/** The policy stops a script that is added to the page, not one that is there before it. */
async function openWithAxe(editor: Editor, ...parameters: Parameters<Editor['open']>): Promise<Page> {
  return editor.open(parameters[0], { ...parameters[1], initScript: AXE });
}

describe.each(THEME_NAMES)('accessibility in the theme %s', (theme) => {
  it('has no violation while training, with an open block and a selection', async ({ editor }) => {
    const page = await openWithAxe(editor, exampleSnapshot({ epochs: 8 }), { theme });
    await page.getByRole('button', { name: 'Open block_16' }).click();
    await editor.row('block:block_15').locator('.row-name').click();
    await page.keyboard.press('Shift+ArrowDown');
    expect(await violations(page)).toEqual([]);
  });

  it('has no violation in a narrow editor with a rate that is none', async ({ editor }) => {
    const page = await openWithAxe(editor, exampleSnapshot(), { theme, width: 700 });
    await page.getByRole('tab', { name: 'Schedule' }).click();
    await page.getByLabel('Learning rate of block_16').fill('fast');
    expect(await violations(page)).toEqual([]);
    await page.getByRole('tab', { name: 'Options' }).click();
    expect(await violations(page)).toEqual([]);
  });

  it('has no violation while the similarity is measured, with a list of changes open', async ({ editor }) => {
    const similarity = { state: 'loading', progress: { done: 24, total: 60 } } as const;
    const page = await openWithAxe(editor, { ...exampleSnapshot(), similarity }, { theme });
    // So much differs that the end of the list is folded away.
    await page.evaluate(() => window.stub.setText(window.stub.text.replace('"light"', '"strong"')));
    await page.locator('#quadrant-high-low').click();
    await page.locator('.differences summary').click();
    expect(await violations(page)).toEqual([]);
    await page.evaluate((message) => window.stub.send(message), {
      type: 'similarity' as const,
      similarity: { state: 'stopped' as const },
    });
    await page.getByRole('button', { name: 'Apply', exact: true }).click();
    await page.locator('.override').waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('has no violation while a challenger is tried, and with the answer', async ({ editor }) => {
    const running: TrialState = { state: 'running', fold: 3, folds: 10 };
    const snapshot = {
      ...exampleSnapshot(),
      ...withChallenger(),
      trial: { is: running, refusal: null, isBusy: false },
    };
    const page = await openWithAxe(editor, snapshot, { theme, width: 700 });
    expect(await violations(page)).toEqual([]);
    await page.evaluate((message) => window.stub.send(message), {
      type: 'trial' as const,
      trial: { is: exampleTrial(), refusal: null, isBusy: false },
    });
    await page.getByText(/is better by/).waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('has no violation with runs compared, their list, a table and an explanation open', async ({ editor }) => {
    const page = await openWithAxe(editor, exampleSnapshot({ epochs: 2, compared: 3 }), { theme });
    await page.getByRole('tab', { name: 'Runs' }).click();
    await page.getByRole('button', { name: 'Show table' }).click();
    await page.getByRole('button', { name: 'Rate', exact: true }).focus();
    expect(await violations(page)).toEqual([]);
  });
});

describe('keyboard', () => {
  it('reaches everything that can be pressed or typed in, with visible focus', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot({ epochs: 2 }));
    const reached: string[] = [];
    for (let press = 0; press < 120; press++) {
      await page.keyboard.press('Tab');
      const stop = await page.evaluate(() => {
        const element = document.activeElement;
        if (!element || element === document.body) return null;
        const shown = (element.shadowRoot?.activeElement ?? element) as HTMLElement;
        const { outlineStyle, boxShadow } = getComputedStyle(shown);
        const name = element.getAttribute('aria-label') ?? element.textContent?.trim() ?? '';
        return { name, isVisible: outlineStyle !== 'none' || boxShadow !== 'none' };
      });
      if (stop === null) break;
      expect(stop.isVisible, `focus on ${stop.name}`).toBe(true);
      reached.push(stop.name);
    }
    const wanted = [
      'Start',
      'Stop',
      'Open as Text',
      'Freeze all',
      'Spread rates',
      'Smoothing',
      'Log scale',
      'Data',
      'Apply',
    ];
    for (const name of wanted) expect(reached).toContain(name);
    expect(reached.some((name) => name.startsWith('input to block_14'))).toBe(true);
    expect(reached.some((name) => name.includes('Data low, similarity high'))).toBe(true);
  });

  it('moves from a row to its rate with Enter and back with Escape', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await editor.row('block:block_16').focus();
    await page.keyboard.press('Enter');
    const focused = (): Promise<string | null | undefined> =>
      page.evaluate(
        () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.getAttribute('data-id'),
      );
    expect(await focused()).toBe('Learning rate of block_16');
    await page.keyboard.press('Escape');
    expect(await focused()).toBe('block:block_16');
  });

  it('moves nothing where the editor is to avoid motion', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot(), { reducedMotion: 'reduce' });
    const transition = await page
      .locator('.twisty .icon')
      .first()
      .evaluate((icon) => getComputedStyle(icon).transitionDuration);
    expect(transition).toBe('0s');
  });
});
