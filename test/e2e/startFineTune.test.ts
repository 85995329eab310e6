import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { planSchema } from '../../src/shared/plan.ts';
import { metricsOf, runsOf, statusOf } from '../support/runFiles.ts';
import { openSampleWindow } from '../support/sampleWindow.ts';

it('leads from the palette over two questions to a plan, and from Start to a trained model', async ({ skip }) => {
  const { workbench, page, folder } = await openSampleWindow(skip);
  await workbench.runCommand('Thaw: Start Fine-Tune');
  await workbench.pick('Which pretrained network do you want to start from?', 'Small network for handwritten digits');
  await workbench.pick('Where are your images?', 'digits-few');

  // The sample's own plan has the name already.
  const name = 'digits-few-2.finetune.json';
  await workbench.editorTab(name).waitFor();
  await page.ready();
  const plan = planSchema.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));
  expect(plan.head.classes).toHaveLength(5);
  expect(plan.advice?.data).toBe('low');

  await page.button('Start').click();
  await expect.poll(() => page.runState().textContent(), { timeout: 90_000 }).toMatch(/^(Finished|Stopped early)$/);
  const [run] = runsOf(folder);
  expect(statusOf(run)?.state).toMatch(/^(finished|earlyStopped)$/);
  expect(existsSync(join(run.modelPath, 'model.json'))).toBe(true);
  const best = Math.max(...metricsOf(run, 'epoch').map(({ validationAccuracy }) => validationAccuracy));
  // Five classes: guessing is right in a fifth.
  expect(best).toBeGreaterThan(0.6);
  await page.frame.getByText(/frozen tensors are bit-identical/).waitFor();
  expect(workbench.errors).toEqual([]);
});

it('asks nothing when it is called off', async ({ skip }) => {
  const { workbench, folder } = await openSampleWindow(skip);
  await workbench.runCommand('Thaw: Start Fine-Tune');
  await workbench.question('Which pretrained network do you want to start from?').waitFor();
  await workbench.page.keyboard.press('Escape');
  await workbench.quickInput().waitFor({ state: 'hidden' });
  expect(existsSync(join(folder, 'digits-few-2.finetune.json'))).toBe(false);
});

it('asks only for the network when it is called on a folder of images', async ({ skip }) => {
  const { workbench, page, folder } = await openSampleWindow(skip);
  await workbench.chooseFromMenu(workbench.explorerRow('clothing-few'), 'Start Fine-Tune');
  await workbench.pick('Which pretrained network do you want to start from?', 'Small network for handwritten digits');
  const name = 'clothing-few-2.finetune.json';
  await workbench.editorTab(name).waitFor();
  await page.ready();
  const plan = planSchema.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));
  expect(plan.data.train).toBe('clothing-few/train');
  expect(plan.head.classes).toContain('sandal');
  expect(workbench.errors).toEqual([]);
});
