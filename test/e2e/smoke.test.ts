import { expect, it } from 'vitest';
import { openSampleWindow } from '../support/sampleWindow.ts';

it('has the command Start Fine-Tune', async ({ skip }) => {
  const { workbench } = await openSampleWindow(skip);
  await workbench.openPalette('Thaw: Start Fine-Tune');
  await workbench.paletteRow('Thaw: Start Fine-Tune').waitFor();
  expect(workbench.errors).toEqual([]);
});
