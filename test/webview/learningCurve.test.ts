import { describe, expect } from 'vitest';
import type { CurveState, ToWebview } from '../../src/shared/webviewProtocol.ts';
import { type Editor, it } from './support/editorTest.ts';
import { exampleLearningCurve, exampleSnapshot } from './support/exampleSnapshot.ts';

const READY: CurveState = { state: 'ready', value: exampleLearningCurve() };

async function openData(editor: Editor, curve: CurveState) {
  const page = await editor.open({ ...exampleSnapshot(), learningCurve: curve });
  await page.getByRole('tab', { name: 'Data' }).click();
  return { page, section: page.getByRole('region', { name: 'Would more images help?' }) };
}

describe('the learning curve', () => {
  it('is measured when asked for, tells how far it is, and can be stopped', async ({ editor }) => {
    const { page, section } = await openData(editor, { state: 'none' });
    const send = (curve: CurveState): Promise<void> =>
      page.evaluate((message) => window.stub.send(message), { type: 'learningCurve', curve } as ToWebview as never);
    expect(await editor.messagesOf('measureCurve')).toEqual([]);
    await section.getByRole('button', { name: 'Measure' }).focus();
    await page.keyboard.press('Enter');
    expect(await editor.messagesOf('measureCurve')).toHaveLength(1);
    await send({ state: 'measuring', part: 'measure', done: 120, total: 666 });
    await expect.poll(() => section.textContent()).toContain('Computing features: 120 of 666 images');
    expect(await section.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('120');
    await section.getByRole('button', { name: 'Stop' }).waitFor();
    // One button starts and stops, and keeps the focus.
    await page.keyboard.press('Enter');
    expect(await editor.messagesOf('stopCurve')).toHaveLength(1);
    await send({ state: 'failed', problem: 'Class "iris" has too few images.' });
    await expect.poll(() => section.textContent()).toContain('too few images');
    await send(READY);
    await expect
      .poll(() => section.textContent())
      .toContain('With 1,066 images to learn from instead of 533: about 92.6 % (89.9 % to 94.8 %), now 90.0 %.');
  });

  it('is drawn with intervals and forecast, in words, and by class', async ({ editor }) => {
    const { section } = await openData(editor, READY);
    const chart = section.getByRole('img', { name: /78\.0 % with 133, 90\.0 % with 533, .* 92\.6 % with 1,066/ });
    expect(await chart.locator('circle').count()).toBe(5);
    expect(await chart.locator('.interval').count()).toBe(5);
    expect(await chart.locator('.axis-label.middle').allTextContents()).toEqual(['133', '266', '400', '533', '1,066']);
    expect(await section.textContent()).toContain('three quarters of the images forecast 89.6 % (87.0 % to 92.0 %)');
    await section.getByText('By class, now').click();
    const rows = section.getByRole('row');
    expect(await rows.count()).toBe(13);
    expect(await rows.nth(1).textContent()).toContain('82.0 % (72.0 % to 90.0 %)');
  });

  it('waits for the end of a run', async ({ editor }) => {
    const page = await editor.open(exampleSnapshot({ epochs: 2 }));
    await page.getByRole('tab', { name: 'Data' }).click();
    const section = page.getByRole('region', { name: 'Would more images help?' });
    await section.getByRole('button', { name: 'Measure' }).click({ force: true });
    expect(await editor.messagesOf('measureCurve')).toEqual([]);
  });
});
