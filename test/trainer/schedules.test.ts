import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { PlanInput } from '../../src/shared/plan.ts';
import { type ScheduleSetting } from '../../src/shared/schedule.ts';
import { createOptimizer } from '../../src/trainer/optimizers/createOptimizer.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { trainHere, useEngine, writePlan, writeProject } from '../support/trainingFixture.ts';

/** Rate of the head in every step of a run, from its metrics file. */
async function ratesOf(run: string): Promise<number[]> {
  const lines = (await readFile(join(run, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  const events = lines.map((line) => JSON.parse(line) as { event: string; learningRate: number });
  return events.filter(({ event }) => event === 'step').map(({ learningRate }) => learningRate);
}

/** 16 images in batches of 8: two steps an epoch. */
const withSchedule = (epochs: number, schedule: ScheduleSetting): Partial<PlanInput> => ({
  phases: [{ name: 'head', epochs, schedule }],
});

describe('the schedule of a phase', () => {
  it('changes the rate of every step along all epochs of the phase', async () => {
    const folder = await temporaryFolder();
    const plan = await writeProject(folder, withSchedule(2, 'cosine'));
    const { run } = await trainHere(plan);
    // (1 + cos(pi t / 4)) / 2 of 0.01.
    const expected = [0.01, 0.008535533905932738, 0.005, 0.001464466094067263];
    const rates = await ratesOf(run.path);
    expect(rates).toHaveLength(4);
    rates.forEach((rate, step) => expect(rate).toBeCloseTo(expected[step], 12));
  });

  it('reduces the rates once the validation loss has stopped falling', async () => {
    const folder = await temporaryFolder();
    // So high a rate that the loss gets worse again.
    const plan = await writeProject(folder, {
      ...withSchedule(6, { name: 'reduceOnPlateau', factor: 0.1, patience: 1 }),
      optimizer: { name: 'sgd', headLearningRate: 5 },
    });
    const { run, events } = await trainHere(plan);
    const losses = events.flatMap((event) => (event.event === 'epoch' ? [event.validationLoss] : []));
    const firstWorse = losses.findIndex(
      (loss, index) => index > 0 && loss >= Math.min(...losses.slice(0, index)) - 1e-4,
    );
    expect(firstWorse).toBeGreaterThan(0);
    const rates = await ratesOf(run.path);
    expect(rates[2 * firstWorse]).toBe(5);
    expect(rates[2 * firstWorse + 2]).toBeCloseTo(0.5, 12);
  });

  it('goes on where it was when a run is resumed', async () => {
    const folder = await temporaryFolder();
    const settings: Partial<PlanInput> = {
      ...withSchedule(8, { name: 'reduceOnPlateau', factor: 0.1, patience: 1, warmUp: 0.2 }),
      optimizer: { name: 'sgd', headLearningRate: 5 },
    };
    const plan = await writeProject(folder, settings);
    const whole = await trainHere(plan, { run: join(folder, 'whole') });
    const stopped = await trainHere(plan, {
      run: join(folder, 'parts'),
      onEvent: (event, abort) => {
        if (event.event === 'checkpoint' && event.epoch === 4) abort();
      },
    });
    expect(stopped.result.stopped).toBe('interrupted');
    await trainHere(plan, { run: join(folder, 'parts'), resume: true });
    const rates = await ratesOf(whole.run.path);
    expect(await ratesOf(join(folder, 'parts'))).toEqual(rates);
    expect(new Set(rates).size).toBeGreaterThan(3);
  });

  it('multiplies the rate of every group alike', async () => {
    const engine = await useEngine();
    const gradient = tf.tensor1d([0.5, -2]);
    const after = (learningRate: number, factor: number): number[] => {
      const variable = tf.variable(tf.tensor1d([1, 1]));
      const optimizer = createOptimizer({ name: 'adam' }, [{ name: 'w', variable, isKernel: true }], learningRate);
      optimizer.apply(engine, new Map([[variable.name, gradient]]), factor);
      const values = [...variable.dataSync()];
      optimizer.dispose();
      variable.dispose();
      return values;
    };
    expect(after(0.1, 0.25)).toEqual(after(0.025, 1));
    expect(after(0.1, 1)).not.toEqual(after(0.025, 1));
    gradient.dispose();
  });
});

describe('the start of a phase', () => {
  /** A first phase that is too fast, so that its last weights are not its best; the second barely moves. */
  const twoPhases = (restoreBest?: boolean): Partial<PlanInput> => ({
    optimizer: { name: 'sgd', headLearningRate: 5 },
    phases: [
      { name: 'fast', epochs: 4 },
      { name: 'slow', epochs: 1, headLearningRate: 1e-9, ...(restoreBest === undefined ? {} : { restoreBest }) },
    ],
  });
  const lossesOf = async (plan: string, run: string): Promise<number[]> => {
    const { events } = await trainHere(plan, { run });
    return events.flatMap((event) => (event.event === 'epoch' ? [event.validationLoss] : []));
  };

  it('has the best weights so far, or the last ones where the plan says so', async () => {
    const folder = await temporaryFolder();
    const best = await lossesOf(await writeProject(folder, twoPhases()), join(folder, 'best'));
    const last = await lossesOf(await writePlan(folder, twoPhases(false)), join(folder, 'last'));
    expect(best.slice(0, 4)).toEqual(last.slice(0, 4));
    expect(best[3]).toBeGreaterThan(Math.min(...best.slice(0, 3)));
    expect(best[4]).toBeCloseTo(Math.min(...best.slice(0, 4)), 5);
    expect(last[4]).toBeCloseTo(last[3], 5);
  });
});
