import { expect, it } from 'vitest';
import { metricsOf, runsOf, statusOf } from '../support/runFiles.ts';
import { openSampleWindow } from '../support/sampleWindow.ts';

it('leads from the palette to a trained model without a pointer', async ({ skip }) => {
  const { workbench, page, folder } = await openSampleWindow(skip);
  const { keyboard } = workbench.page;
  const choose = async (placeholder: string, label: string): Promise<void> => {
    await workbench.question(placeholder).waitFor();
    await keyboard.type(label);
    await expect.poll(() => workbench.quickInput().locator('.monaco-list-row.focused').textContent()).toContain(label);
    await keyboard.press('Enter');
  };
  await workbench.openPalette('Thaw: Start Fine-Tune');
  await workbench.paletteRow('Thaw: Start Fine-Tune').waitFor();
  await keyboard.press('Enter');
  await choose('Which pretrained network do you want to start from?', 'Small network for handwritten digits');
  await choose('Where are your images?', 'digits-few');
  await page.ready();

  // Into the page, to the network, down to the last block, which is thawed; then its rate, and back to the list.
  const focused = async (): Promise<string | null> => {
    const element = page.frame.locator(':focus');
    return (await element.getAttribute('data-id')) ?? element.getAttribute('aria-label');
  };
  const tabTo = async (name: string): Promise<void> => {
    for (let press = 0; press < 40; press++) {
      await keyboard.press('Tab');
      const reached = await focused().catch(() => null);
      if (reached === name) return;
    }
    throw new Error(`Tab never reached ${name}`);
  };
  await workbench.runCommand('View: Focus Active Editor Group');
  await tabTo('range:stem');
  await keyboard.press('ArrowRight');
  await expect.poll(() => page.freezeSwitch('block_3').count()).toBe(1);
  for (let press = 0; press < 4; press++) await keyboard.press('ArrowDown');
  await expect.poll(focused).toBe('block:block_3');
  await keyboard.press('Space');
  await expect.poll(() => page.freezeSwitch('block_3').getAttribute('aria-checked')).toBe('false');
  await keyboard.press('Enter');
  await expect.poll(focused).toBe('Learning rate of block_3');
  await keyboard.type('2e-5');
  await keyboard.press('Enter');
  await keyboard.press('Escape');
  await expect.poll(focused).toBe('block:block_3');
  expect(await page.rate('block_3').inputValue()).toBe('2e-5');

  await keyboard.press('Control+Enter');
  await expect.poll(() => runsOf(folder).length).toBe(1);
  const [run] = runsOf(folder);
  await expect.poll(() => metricsOf(run, 'epoch').length).toBeGreaterThan(1);
  await keyboard.press('Control+Shift+Enter');
  await expect.poll(() => statusOf(run)?.state).not.toBe('running');
  await expect.poll(() => page.runState().textContent()).toMatch(/^(Interrupted|Finished|Stopped early)$/);
  expect(workbench.errors).toEqual([]);
});
