import { config, t } from '@vscode/l10n';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { RunView } from '../../src/shared/runView.ts';
import type { Snapshot, StartState, TrialState } from '../../src/shared/webviewProtocol.ts';
import { pseudoLocale } from '../support/pseudoLocale.ts';
import { it, type Editor } from './support/editorTest.ts';
import { exampleSnapshot, exampleTrial, withChallenger } from './support/exampleSnapshot.ts';
import { untranslated } from './support/untranslated.ts';

const strings = pseudoLocale();
const TABS = ['data', 'schedule', 'runs'] as const;

/** A snapshot as the host makes it in the pseudo-locale. */
function pseudoSnapshot(options: Parameters<typeof exampleSnapshot>[0] = {}): Snapshot {
  return { ...exampleSnapshot({ ...options, strings }), engine: t('{0} engine', 'portable') };
}

/** Opens the editor and looks for English in every tab. */
async function openTranslated(editor: Editor, snapshot: Snapshot): Promise<Page> {
  const page = await editor.open(snapshot);
  for (const tab of TABS) {
    await page.locator(`#tab-${tab}`).click();
    if (tab === 'data' && snapshot.data.state === 'ready') await page.locator('.thumbnail').first().waitFor();
    expect(await untranslated(page, snapshot), tab).toEqual([]);
  }
  return page;
}

// Snapshots and the problems of plans are made here.
beforeAll(() => config({ contents: strings }));
afterAll(() => config({ contents: {} }));

describe('the editor in another language', () => {
  it('is drawn in it from the first snapshot on, with marks and values inside of sentences', async ({ editor }) => {
    const page = await editor.open(pseudoSnapshot());
    await page.getByRole('button', { name: '[!Start!]', exact: true }).waitFor();
    const facts = page.locator('.facts li');
    expect(await facts.first().textContent()).toBe('[![!666 images!], [!12 classes!]!]');
    expect(await facts.nth(2).textContent()).toMatch(/^\[![\d,]+ of 425,580 parameters train!\]$/);
    expect(await facts.locator('b').textContent()).toMatch(/^[\d,]+$/);
    expect(await facts.nth(2).locator('.term').textContent()).toBe('parameters');
  });

  it('has no English before training, with a block open and chosen and rates that are none or unwise', async ({
    editor,
  }) => {
    const snapshot = pseudoSnapshot();
    const page = await openTranslated(editor, snapshot);
    const row = editor.row('block:block_16');
    await row.locator('.twisty').click();
    await row.locator('.row-name').click();
    await page.locator('.network .tool').last().click();
    await page.locator('.spread').waitFor();
    await row.locator('.rate-input').fill('fast');
    expect(await page.locator('.rate-note').textContent()).toBe('[!Write a number such as 1e-4 or 0.001.!]');
    expect(await untranslated(page, snapshot)).toEqual([]);
    await row.locator('.rate-input').fill('0.01');
    await row.locator('.rate-input').press('Enter');
    await page.locator('.network-warnings').waitFor();
    expect(await untranslated(page, snapshot)).toEqual([]);
  });

  it('has no English while training, with the table open and a place of the charts under the pointer', async ({
    editor,
  }) => {
    const snapshot = pseudoSnapshot({ epochs: 8 });
    const page = await openTranslated(editor, snapshot);
    await page.locator('.training-panel .tool').click();
    await page.locator('.epoch-table').waitFor();
    await page.locator('.u-over').first().hover();
    expect(await untranslated(page, snapshot)).toEqual([]);
  });

  it('has no English where as many runs are compared as fit', async ({ editor }) => {
    const snapshot = pseudoSnapshot({ epochs: 8, compared: 7 });
    const page = await openTranslated(editor, snapshot);
    await page.locator('.compared').waitFor();
  });

  it('has no English in what is wrong with the text of a plan', async ({ editor }) => {
    const snapshot = pseudoSnapshot();
    const page = await editor.open(snapshot);
    const text = await page.evaluate(() => window.stub.text);
    const faults = [
      ['"epochs": 5', '"epochs": -5'],
      ['"epochs": 5', '"epochs": 5,,'],
      ['"affine"', '"afine"'],
      ['"version": 1', '"version": 7'],
      ['"version": 1,', ''],
      ['"seed"', '"sed"'],
      ['"seed": 42', '"seed": 42, "seed": 42'],
      ['"validation": 0.2', '"validation": [1]'],
    ] as const;
    for (const [right, wrong] of faults) {
      await page.evaluate((changed) => window.stub.setText(changed), text.replace(right, wrong));
      await page.locator('.problems').waitFor();
      expect(await untranslated(page, snapshot), wrong).toEqual([]);
    }
  });

  it.for<[string, () => StartState]>([
    ['waits', () => ({ state: 'queued' })],
    ['is blocked', () => ({ state: 'blocked', reason: t('The plan has a fault in line {0}: {1}', 3, '') })],
  ])('has no English while the start %s', async ([, start], { editor }) => {
    const page = await openTranslated(editor, { ...pseudoSnapshot(), start: start() });
    await page.locator('.start-note').waitFor();
  });

  it('has no English wherever a run stands', async ({ editor }) => {
    const snapshot = { ...pseudoSnapshot({ epochs: 8 }), start: { state: 'ready' } as const };
    const { run } = snapshot;
    if (!run) throw new Error('The example has a run.');
    const page = await openTranslated(editor, snapshot);
    const states: Partial<RunView>[] = [
      { state: 'queued', points: [] },
      { activity: { text: t('Reading images'), done: 120, total: 666 } },
      { state: 'finished', seconds: 4000, freezeProof: { frozenTensors: 12, changedTensors: 0 } },
      { state: 'failed', freezeProof: { frozenTensors: 12, changedTensors: 2 } },
      { state: 'interrupted', seconds: 61 },
      { state: 'earlyStopped', seconds: 0.5 },
    ];
    for (const state of states) {
      await page.evaluate((message) => window.stub.send(message), {
        type: 'run' as const,
        run: { ...run, secondsLeft: null, ...state },
        runs: snapshot.runs.map((each) => ({ ...each, state: state.state ?? each.state })),
      });
      expect(await untranslated(page, snapshot), JSON.stringify(state)).toEqual([]);
    }
  });

  it('has no English wherever the trial of a challenger stands', async ({ editor }) => {
    const snapshot = { ...pseudoSnapshot(), ...withChallenger() };
    const page = await openTranslated(editor, snapshot);
    const states: TrialState[] = [
      { state: 'running', fold: 0, folds: 10 },
      { state: 'running', fold: 3, folds: 10 },
      { state: 'stopped' },
      exampleTrial(),
      { state: 'failed', problem: '' },
    ];
    for (const is of states) {
      await page.evaluate((message) => window.stub.send(message), {
        type: 'trial' as const,
        trial: { is, refusal: null, isBusy: false },
      });
      expect(await untranslated(page, snapshot), is.state).toEqual([]);
    }
    await page.evaluate((message) => window.stub.send(message), {
      type: 'cost' as const,
      cost: { state: 'failed' as const, problem: '' },
    });
    expect(await untranslated(page, snapshot)).toEqual([]);
  });

  it.for<[string, Partial<Snapshot>]>([
    [
      'loads',
      { network: { state: 'loading' }, data: { state: 'loading' }, similarity: { state: 'loading' }, runs: [] },
    ],
    [
      'fails',
      {
        network: { state: 'failed', problem: '' },
        data: { state: 'failed', problem: '' },
        similarity: { state: 'failed', problem: '' },
      },
    ],
    ['is not measured', { similarity: { state: 'stopped' } }],
    ['is half measured', { similarity: { state: 'loading', progress: { done: 4, total: 60 } } }],
    ['is no plan', { document: { plan: null, problems: [] } }],
  ])('has no English where what is shown %s', async ([, parts], { editor }) => {
    await openTranslated(editor, { ...pseudoSnapshot(), ...parts });
  });

  it('has no English where settings are unusual and files are left out', async ({ editor }) => {
    const snapshot = pseudoSnapshot();
    const { plan } = snapshot.document;
    if (!plan || snapshot.data.state !== 'ready') throw new Error('The example has a plan and images.');
    plan.augment = { flip: true, crop: 0.1 };
    plan.phases[1].unfreeze = undefined;
    snapshot.data.value.problems.splice(1);
    snapshot.data.value.notes = ['one', 'two'].map((file) => ({ file, problem: 'It is there twice.' }));
    await openTranslated(editor, snapshot);
  });

  it('has no English in any advice, nor where a plan follows it with settings of its own', async ({ editor }) => {
    const snapshot = pseudoSnapshot();
    const page = await editor.open(snapshot);
    for (const quadrant of ['high-low', 'high-high', 'low-low', 'low-high']) {
      await page.locator(`#quadrant-${quadrant}`).click();
      expect(await untranslated(page, snapshot), quadrant).toEqual([]);
      const apply = page.locator('.advice-head vscode-button');
      if ((await apply.count()) > 0) await apply.click();
      await page.locator('.advice-followed').waitFor();
      await page.evaluate(() => window.stub.setText(window.stub.text.replace(/"dropout": [\d.]+/, '"dropout": 0.5')));
      await page.locator('.own-settings').waitFor();
      expect(await untranslated(page, snapshot), quadrant).toEqual([]);
    }
  });

  it('has no English in the explanation of any term', async ({ editor }) => {
    const snapshot = pseudoSnapshot({ epochs: 8 });
    const page = await editor.open(snapshot);
    for (const tab of TABS) {
      await page.locator(`#tab-${tab}`).click();
      for (const term of await page.locator('.term').all()) {
        await term.focus();
        await page.getByRole('tooltip').waitFor();
        expect(await untranslated(page, snapshot)).toEqual([]);
      }
    }
  });
});
