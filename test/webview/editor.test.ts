import type { Locator, Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import type { PlanData } from '../../src/shared/planView.ts';
import type { Snapshot, ToWebview } from '../../src/shared/webviewProtocol.ts';
import { type Editor, it } from './support/editorTest.ts';
import { exampleSimilarity, exampleSnapshot, exampleTrial, withChallenger } from './support/exampleSnapshot.ts';

const RANGE = 'range:Conv1';

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

describe('freezing', () => {
  it('says it is ready and shows what the host answers', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    expect(await editor.messagesOf('ready')).toEqual([{ v: 1, type: 'ready' }]);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('MobileNetV2 0.35');
    expect(await page.locator('.facts').textContent()).toContain('666 images, 12 classes');
    expect(await page.locator('.facts').textContent()).toContain('of 425,580 parameters train');
  });

  it('toggles a block with the mouse, in one edit', async ({ editor }) => {
    await editor.open(exampleSnapshot());
    await editor.stateOf('block:block_15').click();
    expect(await editor.edits()).toEqual([{ kind: 'freeze', targets: [{ block: 'block_15' }], frozen: true }]);
    await expect.poll(() => editor.row(RANGE).textContent()).toContain('input to block_15');
  });

  it('answers a switch at once, and then follows the last word of the host', async ({ editor }) => {
    const snapshot = exampleSnapshot();
    const page = await editor.open(snapshot);
    const state = (block: string): Promise<string | null> =>
      editor.stateOf(`block:${block}`).getAttribute('aria-checked');
    const say = (edit: number): Promise<void> =>
      page.evaluate((message) => window.stub.send(message), {
        type: 'document',
        document: snapshot.document,
        edit,
      } as const);
    await page.evaluate(() => void (window.stub.isBusy = true));
    const parameters = await page.locator('.facts').textContent();
    await editor.row('block:block_16').locator('.freeze').click();
    await expect.poll(() => state('block_16')).toBe('true');
    expect(await page.locator('.facts').textContent()).not.toBe(parameters);
    await editor.row('block:block_16').locator('.freeze').click();
    await expect.poll(() => state('block_16')).toBe('false');
    await editor.row('block:block_16').locator('.freeze').click();
    await expect.poll(() => state('block_16')).toBe('true');
    expect((await editor.messagesOf('edit')).map((message) => 'number' in message && message.number)).toEqual([
      1, 2, 3,
    ]);
    // What the host says of the first edits is older than what is shown.
    await say(1);
    await say(2);
    await page.evaluate(() => new Promise(requestAnimationFrame));
    expect(await state('block_16')).toBe('true');
    await say(3);
    await expect.poll(() => state('block_16')).toBe('false');
  });

  it('says what the plan costs, and says it anew at once when a block is toggled', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await page.evaluate(() => void (window.stub.isBusy = true));
    const cost = page.locator('.facts .cost');
    const before = await cost.textContent();
    expect(before).toMatch(/^about \d+ s an epoch, \d+ min \d+ s to prepare, [\d.]+ MB$/);
    const seconds = (text: string | null): number => Number(/about ([\d.]+)/.exec(text ?? '')?.[1]);
    await editor.row('block:block_15').locator('.freeze').click();
    await expect.poll(() => cost.textContent()).not.toBe(before);
    expect(seconds(await cost.textContent())).toBeLessThan(seconds(before));
  });

  it('says that the cost is measured until it is known, and nothing where it cannot be', async ({ editor }) => {
    const page = await editor.open({ ...exampleSnapshot(), cost: { state: 'loading' } });
    const cost = page.locator('.facts .cost');
    expect(await cost.textContent()).toBe('cost is being measured…');
    const send = (message: ToWebview): Promise<void> => page.evaluate((sent) => window.stub.send(sent), message);
    await send({ type: 'cost', cost: exampleSnapshot().cost });
    await expect.poll(() => cost.textContent()).toContain('an epoch');
    await send({ type: 'cost', cost: { state: 'failed', problem: 'No images.' } });
    await expect.poll(() => cost.count()).toBe(0);
  });

  it('toggles a block with Space and keeps the focus in the list when the row folds away', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await editor.row('block:block_15').focus();
    await page.keyboard.press('Space');
    expect(await editor.edits()).toEqual([{ kind: 'freeze', targets: [{ block: 'block_15' }], frozen: true }]);
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-id'))).toBe(RANGE);
  });

  it('opens blocks with the arrow keys and shows a block with one frozen layer as mixed', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await editor.row('block:block_16').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Space');
    const target = { block: 'block_16', layer: 'block_16_expand' };
    expect(await editor.edits()).toEqual([{ kind: 'freeze', targets: [target], frozen: true }]);
    await expect.poll(() => editor.stateOf('block:block_16').getAttribute('aria-checked')).toBe('mixed');
    expect(await editor.stateOf('layer:block_16/block_16_expand').getAttribute('aria-checked')).toBe('true');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => editor.row('block:block_16').getAttribute('aria-expanded')).toBe('false');
  });

  it('says of layers without weights that there is nothing to freeze', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await page.getByRole('button', { name: 'Open Conv_1' }).click();
    const layer = editor.row('layer:Conv_1/out_relu');
    expect(await layer.textContent()).toContain('no weights');
    await layer.focus();
    await page.keyboard.press('Space');
    expect(await editor.edits()).toEqual([]);
  });

  it('toggles a range that was selected with Shift and a click', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await editor.row('block:block_15').locator('.row-name').click();
    await editor
      .row('block:Conv_1')
      .locator('.row-name')
      .click({ modifiers: ['Shift'] });
    expect(await page.locator('.grid-row.selected').count()).toBe(3);
    await page.keyboard.press('Space');
    const targets = ['block_15', 'block_16', 'Conv_1'].map((block) => ({ block }));
    expect(await editor.edits()).toEqual([{ kind: 'freeze', targets, frozen: true }]);
  });

  it('toggles a range that was selected with Shift and the arrow keys', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await editor.row('block:block_16').focus();
    await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Space');
    const targets = ['block_16', 'Conv_1'].map((block) => ({ block }));
    expect(await editor.edits()).toEqual([{ kind: 'freeze', targets, frozen: true }]);
  });

  it('freezes up to a block, all and none', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await editor.row('block:block_16').locator('.row-name').click();
    await page.getByRole('button', { name: 'Freeze up to here' }).click();
    await page.getByRole('button', { name: 'Freeze all' }).click();
    await page.getByRole('button', { name: 'Freeze none' }).click();
    expect(await editor.edits()).toEqual([
      { kind: 'freezeUpTo', block: 'block_16' },
      { kind: 'freezeAll', frozen: true },
      { kind: 'freezeAll', frozen: false },
    ]);
    await expect.poll(() => page.locator('.facts').textContent()).toContain('411,500 of 425,580');
  });
});

describe('learning rates', () => {
  it('takes a typed rate over with Enter', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    const input = page.getByLabel('Learning rate of block_16');
    await input.fill('2e-4');
    await input.press('Enter');
    expect(await editor.edits()).toEqual([{ kind: 'blockRate', block: 'block_16', rate: 2e-4 }]);
    await expect.poll(() => input.inputValue()).toBe('2e-4');
  });

  it('steps through 1, 2 and 5 with the arrow keys, as one edit', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    const input = page.getByLabel('Learning rate of head');
    await input.focus();
    for (const expected of ['2e-3', '5e-3', '0.01']) {
      await input.press('ArrowUp');
      expect(await input.inputValue()).toBe(expected);
    }
    await input.press('ArrowDown');
    await expect.poll(() => editor.edits()).toEqual([{ kind: 'headRate', rate: 5e-3 }]);
  });

  it('says why something is no rate and does not send it', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    const input = page.getByLabel('Learning rate of block_16');
    await input.fill('fast');
    expect(await page.getByRole('alert').textContent()).toContain('Write a number such as 1e-4');
    expect(await input.getAttribute('aria-invalid')).toBe('true');
    await input.press('Enter');
    await input.press('Escape');
    expect(await input.inputValue()).toBe('3e-5');
    expect(await editor.edits()).toEqual([]);
  });

  it('allows a rate above that of the head and says what speaks against it', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    const input = page.getByLabel('Learning rate of block_16');
    await input.fill('0.01');
    await input.press('Enter');
    await expect.poll(() => page.locator('.network-warnings').textContent()).toContain('faster than the head');
  });

  it('spreads rates over the unfrozen blocks', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await page.getByRole('button', { name: 'Spread rates' }).click();
    await page.getByLabel('Rate of the first unfrozen block').fill('1e-6');
    await page.getByLabel('Rate of the last unfrozen block').fill('1e-4');
    await page.getByRole('button', { name: 'Spread', exact: true }).click();
    expect(await editor.edits()).toEqual([{ kind: 'spreadRates', low: 1e-6, high: 1e-4 }]);
    await expect.poll(() => page.getByLabel('Learning rate of block_16').inputValue()).toBe('1e-5');
  });
});

describe('the width of the editor', () => {
  it('leaves every column of the network in view, and takes away only what says least', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot({ epochs: 3 }));
    for (let width = 480; width <= 1600; width += 40) {
      await page.setViewportSize({ width, height: 900 });
      const { outside, columns } = await page.evaluate(() => {
        const body = document.querySelector('.grid-body');
        const row = [...document.querySelectorAll('.grid-body .grid-row')].at(-1);
        if (!body || !row) throw new Error('The network is not there.');
        const end = body.getBoundingClientRect().left + body.clientWidth;
        const shown = [...row.children].filter((cell) => getComputedStyle(cell).display !== 'none');
        const names = (cells: Element[]): string[] => cells.map((cell) => cell.className.split(' ')[0]);
        return {
          outside: names(shown.filter((cell) => cell.getBoundingClientRect().right > end)),
          columns: names(shown),
        };
      });
      expect([width, outside]).toEqual([width, []]);
      for (const name of ['cell-name', 'cell-state', 'cell-parameters', 'cell-rate', 'cell-movement']) {
        expect(columns).toContain(name);
      }
      expect([width, columns.includes('cell-shape')]).toEqual([width, width >= 580]);
    }
  });
});

describe('advisor', () => {
  it('moves over the map with the arrow keys and applies a quadrant', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await page.getByRole('radio', { checked: true }).focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    const advice = page.locator('.advice');
    expect(await advice.textContent()).toContain('Initialize with pretrained weights and train completely');
    expect(await editor.edits()).toEqual([]);
    await page.getByRole('button', { name: 'Apply' }).click();
    expect(await editor.edits()).toEqual([{ kind: 'quadrant', data: 'high', similarity: 'low' }]);
    await expect.poll(() => advice.textContent()).toContain('The plan follows this');
  });

  it('lists what a quadrant would change, and the settings that differ from it', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    const advice = page.locator('.advice');
    const listed = (): Promise<string[]> => advice.locator('.differences li').allTextContents();
    await page.locator('#quadrant-low-high').click();
    expect(await listed()).toEqual([
      'Freeze block_15 to Conv_1 (now unfrozen)',
      'Phases: head for 30 epochs (now head for 5 epochs, then fine-tune for 10 epochs)',
      'Batch normalization: locked (now affine)',
    ]);
    const replace = (from: RegExp, to: string): Promise<void> =>
      page.evaluate(([a, b]) => window.stub.setText(window.stub.text.replace(new RegExp(a), b)), [from.source, to]);
    await replace(/"augment": "light"/, '"augment": "strong"');
    await page.locator('#quadrant-high-low').click();
    expect(await advice.locator('.differences > ul li').count()).toBe(5);
    expect(await advice.locator('details li').first().isVisible()).toBe(false);
    await advice.getByText(/^and \d more$/).click();
    expect(await advice.locator('details li').first().isVisible()).toBe(true);
    expect((await listed()).at(-1)).toBe('Early stopping: never (now after 5 epochs without improvement)');

    await advice.getByRole('button', { name: 'Apply', exact: true }).click();
    await advice.locator('.advice-followed').waitFor();
    expect(await listed()).toEqual([]);
    await replace(/"dropout": [\d.]+/, '"dropout": 0.5');
    await expect.poll(listed).toEqual(['Dropout in the head: 0.5 (recommended: 0.2)']);
    await page.getByRole('button', { name: 'Use the recommended ones' }).click();
    await expect.poll(listed).toEqual([]);
  });

  it('says where the plan rests on the word of the user, and takes that back', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    const override = page.locator('.override');
    expect(await override.count()).toBe(0);
    await page.locator('#quadrant-high-low').click();
    await page.getByRole('button', { name: 'Apply', exact: true }).click();
    await expect
      .poll(() => override.allTextContents())
      .toEqual([
        'You chose a high amount of data; counted, it is low. Use the counted one',
        'You chose low similarity; measured, it is high. Use the measured one',
      ]);
    await page.getByRole('button', { name: 'Use the measured one' }).click();
    await expect.poll(() => override.count()).toBe(1);
    await page.getByRole('button', { name: 'Use the counted one' }).click();
    await expect.poll(() => override.count()).toBe(0);
    expect(await page.locator('.advice').textContent()).toContain('Unfreeze fewer layers of the pretrained model');
    expect((await editor.edits()).at(-1)).toEqual({ kind: 'quadrant', data: 'low', similarity: 'high' });
  });

  it('does not hold a measure against the word of the user that says nothing', async ({ editor }) => {
    const { network, ...rest } = exampleSnapshot();
    if (network.state !== 'ready') throw new Error('The example has a network.');
    const { measurement, distances } = exampleSimilarity(network.value);
    const value = { measurement: { ...measurement, bands: null, curve: null }, distances };
    const page = await editor.open({ ...rest, network, similarity: { state: 'ready', value } });
    expect(await page.locator('.map-point.assumed').count()).toBe(1);
    await page.locator('#quadrant-low-low').click();
    await page.getByRole('button', { name: 'Apply', exact: true }).click();
    await page.locator('.advice-followed').waitFor();
    expect(await page.locator('.override').count()).toBe(0);
  });

  it('places the data on the map, in its box and beside every sentence', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    const cell = page.getByRole('radio', { name: /Your data/ });
    expect(await cell.getAttribute('aria-label')).toContain('Data low, similarity high');
    const boxOf = async (locator: Locator): Promise<Box> => (await locator.boundingBox()) as Box;
    for (const width of [1400, 1000, 500]) {
      await page.setViewportSize({ width, height: 900 });
      const point = await boxOf(page.locator('.map-point'));
      const around = await boxOf(page.locator('.map-box'));
      expect(overlap(point, around)).toBe(true);
      expect(overlap(point, await boxOf(cell))).toBe(true);
      for (const sentence of await page.locator('.map-sentence').all()) {
        expect(overlap(around, await boxOf(sentence))).toBe(false);
        expect(overlap(point, await boxOf(sentence))).toBe(false);
      }
    }
  });

  it('says what was measured, that it is being measured, and why it cannot be', async ({ editor }) => {
    const { network, ...rest } = exampleSnapshot();
    const page = await editor.open({ ...rest, network, similarity: { state: 'loading' } });
    const send = (message: ToWebview): Promise<void> =>
      page.evaluate((each) => window.stub.send(each), message as never);
    const advice = page.locator('.advice');
    expect(await advice.textContent()).toContain('The similarity is being measured.');
    expect(await page.locator('.map-box').count()).toBe(0);
    await send({ type: 'similarity', similarity: exampleSnapshot().similarity });
    await expect.poll(() => advice.textContent()).toContain('Batch-normalization distance 0.08 (95 %: 0.07 to 0.092)');
    expect(await page.locator('.map-box').count()).toBe(1);
    await send({ type: 'similarity', similarity: { state: 'failed', problem: 'No images.' } });
    await expect.poll(() => advice.textContent()).toContain('The similarity cannot be measured: No images.');
  });

  it('shows how far measuring has come, where nothing moves and nobody is told each number', async ({ editor }) => {
    const page = await editor.open({ ...exampleSnapshot(), similarity: { state: 'loading' } }, { width: 1100 });
    const measuring = page.locator('.measuring');
    const bar = measuring.getByRole('progressbar', { name: 'The similarity is being measured.' });
    const box = await measuring.boundingBox();
    expect(await bar.getAttribute('aria-valuenow')).toBeNull();
    for (const done of [4, 24, 240]) {
      const similarity = { state: 'loading', progress: { done, total: 240 } } as const;
      await page.evaluate((message) => window.stub.send(message), { type: 'similarity', similarity } as const);
      await expect.poll(() => bar.getAttribute('aria-valuenow')).toBe(String(done));
      expect(await measuring.textContent()).toContain(`is being measured: ${done} of 240 images.`);
      expect(await measuring.boundingBox()).toEqual(box);
    }
    expect(await measuring.getAttribute('aria-live')).toBe('off');
  });

  it('stops measuring, begins again and tries again, with the focus where it was', async ({ editor }) => {
    const page = await editor.open({ ...exampleSnapshot(), similarity: { state: 'loading' } });
    const send = (similarity: Snapshot['similarity']): Promise<void> =>
      page.evaluate((message) => window.stub.send(message), { type: 'similarity', similarity } as never);
    const focused = (): Promise<string | null | undefined> => page.evaluate(() => document.activeElement?.textContent);
    await page.getByRole('button', { name: 'Stop measuring' }).focus();
    await page.keyboard.press('Enter');
    await send({ state: 'stopped' });
    await expect.poll(focused).toBe('Measure');
    expect(await page.locator('.measuring').textContent()).toContain('The similarity is not measured.');
    expect(await page.locator('.map-point.assumed').count()).toBe(1);
    await page.keyboard.press('Enter');
    await send({ state: 'failed', problem: 'No images.' });
    await expect.poll(focused).toBe('Try again');
    await page.keyboard.press('Enter');
    const wanted = (await editor.messagesOf('measureSimilarity')).map((each) => 'wanted' in each && each.wanted);
    expect(wanted).toEqual([false, true, true]);
  });

  describe('the challenger', () => {
    /** Between the bands: the plan for dissimilar images may serve as well. */
    async function openWithChallenger(editor: Editor): Promise<Page> {
      const snapshot = exampleSnapshot();
      const page = await editor.open(snapshot);
      expect(await page.getByRole('region', { name: 'Worth a try' }).count()).toBe(0);
      const { network } = snapshot;
      if (network.state !== 'ready') throw new Error('The example has a network.');
      const similarity = { state: 'ready', value: exampleSimilarity(network.value, 0.5) } as const;
      await send(page, { type: 'similarity', similarity });
      return page;
    }
    const send = (page: Page, message: ToWebview): Promise<void> =>
      page.evaluate((each) => window.stub.send(each), message as never);
    const NAME = 'Unfreeze more layers of the pretrained model';

    it('is named where the measures leave room for one, and applied by the keyboard', async ({ editor }) => {
      const page = await openWithChallenger(editor);
      const challenger = page.getByRole('region', { name: 'Worth a try' });
      await expect.poll(() => challenger.textContent()).toContain('The similarity lies between low and high');
      expect(await challenger.locator('.challenger-name').textContent()).toBe(NAME);
      await challenger.getByRole('button', { name: `Apply "${NAME}"` }).focus();
      await page.keyboard.press('Enter');
      expect(await editor.edits()).toEqual([{ kind: 'challenger', headAfter: null, data: 'low', similarity: 'low' }]);
    });

    it('is tried, and stopped, with the time it takes where that is known', async ({ editor }) => {
      const page = await openWithChallenger(editor);
      const challenger = page.getByRole('region', { name: 'Worth a try' });
      await challenger.getByText(/^About [\d.]+ \w+.*: both plans, short, on the same 5 folds\.$/).waitFor();
      await send(page, { type: 'cost', cost: { state: 'failed', problem: 'No images.' } });
      await challenger.getByText(/How long that takes is not known yet\.$/).waitFor();
      await challenger.getByRole('button', { name: 'Try both' }).focus();
      await page.keyboard.press('Enter');
      expect(await editor.messagesOf('try')).toHaveLength(1);
      const running = (fold: number) =>
        send(page, {
          type: 'trial',
          trial: { is: { state: 'running', fold, folds: 10 }, refusal: null, isBusy: false },
        });
      await running(0);
      await challenger.getByText('Both plans are being opened').waitFor();
      await running(4);
      await challenger.getByText('Fold 4 of 10').waitFor();
      const bar = challenger.getByRole('progressbar', { name: 'Trial of both plans' });
      expect(await bar.getAttribute('aria-valuenow')).toBe('3');
      await challenger.getByRole('button', { name: 'Stop the trial' }).focus();
      await page.keyboard.press('Enter');
      expect(await editor.messagesOf('stopTrial')).toHaveLength(1);
      await send(page, { type: 'trial', trial: { is: { state: 'stopped' }, refusal: null, isBusy: false } });
      await challenger.getByRole('button', { name: 'Go on trying both' }).waitFor();
      // One button starts and stops, and keeps the focus.
      await page.keyboard.press('Enter');
      expect(await editor.messagesOf('try')).toHaveLength(2);
    });

    it('can be stopped where the measures are not there', async ({ editor }) => {
      const page = await editor.open({
        ...exampleSnapshot(),
        ...withChallenger(),
        similarity: { state: 'loading' },
        trial: { is: { state: 'running', fold: 2, folds: 10 }, refusal: null, isBusy: true },
      });
      await page.getByText('The similarity is measured once the training has ended.').waitFor();
      await page.getByRole('button', { name: 'Stop the trial' }).click();
      expect(await editor.messagesOf('stopTrial')).toHaveLength(1);
    });

    it('is not tried while something else trains, and says why', async ({ editor }) => {
      const page = await openWithChallenger(editor);
      await send(page, {
        type: 'trial',
        trial: { is: { state: 'none' }, refusal: 'A run is training.', isBusy: true },
      });
      const button = page.getByRole('button', { name: 'Try both' });
      await page.getByText('A run is training.').waitFor();
      await button.click({ force: true });
      expect(await editor.messagesOf('try')).toEqual([]);
    });

    it('gives the answer of the trial, or why there is none', async ({ editor }) => {
      const page = await openWithChallenger(editor);
      const answer = page.getByRole('region', { name: 'Worth a try' }).getByRole('status');
      await send(page, { type: 'trial', trial: { is: exampleTrial(), refusal: null, isBusy: false } });
      await expect.poll(() => answer.textContent()).toContain(`"${NAME}" is better by 6.2 points (95 %: 3.7 to 8.7)`);
      await page.getByRole('button', { name: 'Try both again' }).waitFor();
      await send(page, {
        type: 'trial',
        trial: { is: { state: 'failed', problem: 'The disk is full.' }, refusal: null, isBusy: false },
      });
      await expect.poll(() => answer.textContent()).toContain('The trial has no answer: The disk is full.');
    });
  });

  it('warns of the plan as it stands, and of images that are in two splits', async ({ editor }) => {
    const snapshot = exampleSnapshot();
    const page = await editor.open(snapshot);
    const warnings = page.getByRole('list', { name: 'Warnings about this plan' });
    expect(await warnings.count()).toBe(0);
    await page.evaluate(() => {
      const { text } = window.stub;
      window.stub.setText(text.replace('"batchSize": 16', '"batchSize": 4').replace('"affine"', '"adapt"'));
    });
    await expect.poll(() => warnings.textContent()).toContain('Batch normalization adapts to batches of 4 images');
    if (snapshot.data.state !== 'ready') throw new Error('The example has images.');
    const across = {
      images: 7,
      file: 'val/1.jpg',
      split: 'validation',
      like: 'train/9.jpg',
      likeSplit: 'train',
    } as const;
    const data = { state: 'ready', value: { ...snapshot.data.value, acrossSplits: across } } as const;
    await page.evaluate((message) => window.stub.send(message), { type: 'data', data } as const);
    await expect.poll(() => warnings.textContent()).toContain('the first, val/1.jpg (validation), is like train/9.jpg');
  });

  it('draws the depth curve, tells a block by the keyboard, and freezes up to it', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    const bars = page.locator('.depth-bar');
    expect(await bars.count()).toBe(8);
    expect(await bars.last().getAttribute('aria-label')).toMatch(/^Conv_1: 88\.3 % .*, the best$/);
    await bars.nth(5).focus();
    await page.keyboard.press('Enter');
    const block = /^(\w+):/.exec((await bars.nth(5).getAttribute('aria-label')) ?? '')?.[1] ?? '';
    await page.getByRole('button', { name: `Freeze up to ${block}` }).click();
    await page.getByRole('button', { name: `Cut after ${block}` }).click();
    expect(await editor.edits()).toEqual([
      { kind: 'freezeUpTo', block },
      { kind: 'cutAfter', block },
    ]);
    await bars.last().click();
    expect(await page.getByRole('button', { name: /^Cut after/ }).count()).toBe(0);
  });

  it('names the three ways of transfer and applies one', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    const ways = page.locator('.way');
    expect(await ways.locator('.way-title').allTextContents()).toEqual([
      'Fixed feature extractor',
      'Fine-tune',
      'Plain start',
    ]);
    await ways.first().click();
    expect(await editor.edits()).toEqual([{ kind: 'way', way: 'featureExtractor' }]);
    await expect.poll(() => ways.first().getAttribute('aria-pressed')).toBe('true');
  });
});

describe('the text of the plan', () => {
  it('asks for the engines when the one in use is clicked, and shows another that is in use since', async ({
    editor,
  }) => {
    const page = await editor.open({ ...exampleSnapshot(), engine: 'portable engine' });
    await page.getByRole('button', { name: 'portable engine' }).click();
    await expect.poll(() => editor.messagesOf('showEngines')).toEqual([{ v: 1, type: 'showEngines' }]);
    await page.evaluate((message) => window.stub.send(message), { type: 'engine', engine: 'native engine' } as const);
    await page.getByRole('button', { name: 'native engine' }).waitFor();
  });

  it('shows what is wrong with its line, and keeps the last valid plan without editing it', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await page.evaluate(() => window.stub.setText(window.stub.text.replace('"epochs": 5', '"epochs": -5')));
    const problems = page.getByRole('alert');
    expect(await problems.textContent()).toContain('The plan file has 1 problem');
    expect(await page.locator('.panels').getAttribute('class')).toContain('stale');
    await problems.getByRole('button', { name: /Open line/ }).click();
    const [request] = await editor.messagesOf('openAsText');
    const text = await page.evaluate(() => window.stub.text);
    const line = text.split('\n').findIndex((each) => each.includes('"epochs": -5')) + 1;
    expect(request).toEqual({ v: 1, type: 'openAsText', line });
    await editor.stateOf('block:block_15').click({ force: true });
    expect(await editor.edits()).toEqual([]);
  });

  it('follows an edit of the text', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await page.evaluate(() => window.stub.setText(window.stub.text.replace('0.00003', '0.00007')));
    await expect.poll(() => page.getByLabel('Learning rate of block_16').inputValue()).toBe('7e-5');
  });
});

describe('images', () => {
  it('asks for thumbnails of a class, shows them and opens one', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await page.getByRole('button', { name: /^daisy/ }).click();
    await page.getByRole('list', { name: 'Images of daisy' }).locator('img').first().waitFor();
    await page.getByRole('button', { name: 'Open 0003.jpg' }).click();
    expect(await editor.messagesOf('openImage')).toEqual([
      { v: 1, type: 'openImage', file: 'flowers/train/daisy/0003.jpg' },
    ]);
    await page.getByText('Augmented').click();
    await expect
      .poll(async () => (await editor.messagesOf('thumbnails')).at(-1))
      .toMatchObject({
        className: 'daisy',
        offset: 0,
        augmentation: 1,
      });
  });
});

describe('images that were opened', () => {
  const noted = (snapshot: Snapshot, change: Partial<PlanData>): Snapshot['data'] => {
    if (snapshot.data.state !== 'ready') throw new Error('the example has no data');
    return { state: 'ready', value: { ...snapshot.data.value, ...change } };
  };

  it('stay in view when they come again with notes, and are asked for anew when they are others', async ({
    editor,
  }) => {
    const snapshot = exampleSnapshot();
    const page = await editor.open(snapshot);
    const images = page.getByRole('list', { name: /^Images of/ }).locator('img');
    const asked = async (): Promise<number> => (await editor.messagesOf('thumbnails')).length;
    await images.first().waitFor();
    const before = await asked();
    const send = (data: Snapshot['data']): Promise<void> =>
      page.evaluate((message) => window.stub.send(message), { type: 'data', data } as const);
    const twice = { file: 'flowers/train/daisy/0001.jpg', problem: 'It is there twice.' };
    await send(noted(snapshot, { notes: [twice] }));
    await page.getByText('1 image to look at').waitFor();
    expect(await images.count()).toBeGreaterThan(0);
    expect(await asked()).toBe(before);
    await send(noted(snapshot, { root: '/elsewhere' }));
    await expect.poll(asked).toBe(before + 1);
  });

  it('are not called small where the network takes in no more', async ({ editor }) => {
    const snapshot = exampleSnapshot();
    const small = (side: number): NonNullable<PlanData['notes']>[number] => ({
      file: `flowers/train/daisy/${side}.jpg`,
      problem: 'It is small.',
      side,
    });
    const page = await editor.open({ ...snapshot, data: noted(snapshot, { notes: [small(31), small(224)] }) });
    await page.getByText('1 image to look at').waitFor();
  });
});

describe('the cache of features', () => {
  it('says what it holds, is cleared by keyboard, and says what that freed', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await page.getByText('Cached features: 120 MB of 2 GB').waitFor();
    const status = page.locator('.feature-cache').getByRole('status');
    expect(await status.textContent()).toBe('');
    const clear = page.getByRole('button', { name: 'Clear the cached features' });
    await clear.focus();
    await page.keyboard.press('Enter');
    await page.getByText('Cached features: 0 B of 2 GB').waitFor();
    expect(await status.textContent()).toBe('120 MB freed');
    expect(await clear.evaluate((button) => button === document.activeElement)).toBe(true);
    expect(await editor.messagesOf('clearCache')).toEqual([{ v: 1, type: 'clearCache' }]);
  });

  it('is looked at again when a run is over', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot({ epochs: 1 }));
    await page.getByText('Cached features: 120 MB of 2 GB').waitFor();
    await page.evaluate(() => {
      window.stub.cachedBytes = 130e6;
      window.stub.send({ type: 'start', start: { state: 'ready' } });
    });
    await page.getByText('Cached features: 130 MB of 2 GB').waitFor();
  });

  it('that is switched off offers nothing to clear', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    await page.getByText('Cached features: 120 MB of 2 GB').waitFor();
    const cache = { bytes: 0, limitBytes: 2e9, enabled: false };
    await page.evaluate((message) => window.stub.send(message), { type: 'cache', cache, freedBytes: null } as const);
    await page.getByText('Cached features: switched off').waitFor();
    expect(await page.getByRole('button', { name: 'Clear the cached features' }).count()).toBe(0);
  });
});

describe('help in place', () => {
  it('explains a term on focus and on hover, and Escape closes it', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot());
    const tooltip = page.getByRole('tooltip');
    const term = page.getByRole('button', { name: 'Rate', exact: true });
    await term.focus();
    expect(await tooltip.textContent()).toContain('How far each training step moves the weights');
    expect(await term.getAttribute('aria-describedby')).toBe(await tooltip.getAttribute('id'));
    await page.keyboard.press('Escape');
    expect(await tooltip.count()).toBe(0);
    await page.getByRole('button', { name: 'parameters', exact: true }).hover();
    await tooltip.waitFor();
  });
});
