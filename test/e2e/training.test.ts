import { expect, it } from 'vitest';
import type { EpochLine } from '../support/runFiles.ts';
import { metricsOf, runsOf, statusOf } from '../support/runFiles.ts';
import { openSamplePlan, type SampleWindow } from '../support/sampleWindow.ts';

/** Longer than any test looks at it. */
const LONG = { phases: [{ name: 'all', epochs: 2000 }], earlyStopping: null };
const UNFROZEN = { frozen: false, learningRate: 1e-4 };
/** Everything trains: an epoch takes long enough to be seen. */
const HEAVY = { ...LONG, blocks: { stem: UNFROZEN, block_1: UNFROZEN, block_2: UNFROZEN, block_3: UNFROZEN } };

const drawnAs = ({ epoch, loss, validationLoss }: EpochLine): object => ({
  epoch,
  loss: loss.toFixed(3),
  validationLoss: validationLoss.toFixed(3),
});

/** Presses Start and waits for the first epochs. */
async function train({ page, folder }: SampleWindow): Promise<void> {
  await page.button('Start').click();
  await expect.poll(() => page.runState().textContent()).toBe('Running');
  await expect.poll(() => runsOf(folder).length).toBe(1);
  await expect.poll(async () => (await page.epochs()).length).toBeGreaterThan(1);
}

it('draws a run while it trains, stops it, and finds it again after the window was reloaded', async ({ skip }) => {
  const opened = await openSamplePlan(skip, { changes: LONG });
  const { workbench, page, folder } = opened;
  await train(opened);
  const [run] = runsOf(folder);

  const points = (await page.epochs()).length;
  const picture = await page.chart('Loss').screenshot();
  await expect.poll(async () => (await page.epochs()).length).toBeGreaterThan(points);
  expect((await page.chart('Loss').screenshot()).equals(picture)).toBe(false);
  expect(await page.runState().textContent()).toBe('Running');
  await workbench.statusBarItem(/epoch/i).waitFor();

  await page.button('Stop').click();
  await expect.poll(() => page.runState().textContent()).toBe('Interrupted');
  const epochs = metricsOf(run, 'epoch');
  expect(epochs.length).toBeGreaterThan(points);
  await expect.poll(() => page.epochs()).toEqual(epochs.map(drawnAs));
  expect(statusOf(run)?.state).toBe('interrupted');

  await workbench.showRuns();
  await workbench.runRow(SAMPLE_RUN).waitFor();
  await workbench.reload();
  await workbench.showRuns();
  await workbench.runRow(SAMPLE_RUN).click();
  await page.ready();
  await expect.poll(() => page.epochs()).toEqual(epochs.map(drawnAs));
  expect(workbench.errors).toEqual([]);
});

it('reports a trainer that was killed in the middle of an epoch, and continues from its checkpoint', async ({
  skip,
}) => {
  const opened = await openSamplePlan(skip, { changes: HEAVY });
  const { page, folder, workbench } = opened;
  await train(opened);
  const [run] = runsOf(folder);
  const epochsOf = (): number => metricsOf(run, 'epoch').length;
  const stepsOf = (): number => metricsOf(run, 'step').filter((step) => step.epoch === epochsOf() + 1).length;
  await expect.poll(stepsOf, { interval: 10 }).toBeGreaterThan(0);
  process.kill(statusOf(run)?.processId ?? 0, 'SIGKILL');

  await expect.poll(() => page.runState().textContent()).toBe('Interrupted');
  const before = epochsOf();
  const problem = page.frame.locator('.run-problem');
  await problem.waitFor();
  expect((await problem.textContent())?.trim()).not.toBe('');

  await page.button('Continue from Checkpoint').click();
  await expect.poll(() => page.runState().textContent()).toBe('Running');
  await expect.poll(epochsOf).toBeGreaterThan(before);
  // It is the same run, and no epoch of it is there twice.
  expect(runsOf(folder)).toHaveLength(1);
  const numbers = metricsOf(run, 'epoch').map(({ epoch }) => epoch);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  await page.button('Stop').click();
  await expect.poll(() => page.runState().textContent()).toBe('Interrupted');
  expect(workbench.errors).toEqual([]);
});

/** Runs are named after their plan. */
const SAMPLE_RUN = /digits-few/;

it('stops with a checkpoint when its window goes, and can be continued afterwards', async ({ skip }) => {
  const opened = await openSamplePlan(skip, { changes: LONG });
  const { page, folder, workbench } = opened;
  await train(opened);
  const [run] = runsOf(folder);
  await workbench.reload();
  await expect.poll(() => statusOf(run)?.state).toBe('interrupted');
  expect(run.hasCheckpoint).toBe(true);
  const before = metricsOf(run, 'epoch').length;

  await workbench.showRuns();
  await workbench.runRow(/digits-few.*interrupted/).hover();
  await workbench
    .runRow(/digits-few/)
    .getByRole('button', { name: 'Continue from Checkpoint' })
    .click();
  await page.ready();
  await expect.poll(() => metricsOf(run, 'epoch').length).toBeGreaterThan(before);
  expect(runsOf(folder)).toHaveLength(1);
  await page.button('Stop').click();
  await expect.poll(() => statusOf(run)?.state).toBe('interrupted');
  expect(workbench.errors).toEqual([]);
});

it('takes over at the next epoch what is changed while it trains', async ({ skip }) => {
  const opened = await openSamplePlan(skip, { changes: LONG });
  const { page, folder, workbench } = opened;
  await train(opened);
  const [run] = runsOf(folder);
  await page.button('Open input to block_3').click();
  await page.freezeSwitch('block_3').click();
  await page.button('Apply at the Next Epoch').click();
  await page.frame.getByText(/^ ?After epoch \d+: block_3 unfrozen/).waitFor();
  const [change] = metricsOf(run, 'change');
  await expect.poll(() => metricsOf(run, 'epoch').at(-1)?.epoch ?? 0).toBeGreaterThan(change.epoch);
  const moved = metricsOf(run, 'epoch').map(({ epoch, movement }) => [epoch, movement.block_3 > 0]);
  for (const [epoch, hasMoved] of moved) expect([epoch, hasMoved]).toEqual([epoch, Number(epoch) > change.epoch]);
  await page.button('Stop').click();
  await expect.poll(() => statusOf(run)?.state).toBe('interrupted');
  expect(workbench.errors).toEqual([]);
});
