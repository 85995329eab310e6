import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { hashTensors } from '../../src/node/freezeProof.ts';
import type { PlanInput } from '../../src/shared/plan.ts';
import type { TrainEvent } from '../../src/shared/results.ts';
import { weightOf } from '../../src/trainer/execution/layerWeights.ts';
import { compileSteps, type NormalizationStep } from '../../src/trainer/execution/steps.ts';
import { PooledStatistics } from '../../src/trainer/training/pooledStatistics.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { SMALL_BLOCKS, smallBackbone, trainHere, useEngine, writeProject } from '../support/trainingFixture.ts';

beforeAll(() => useEngine());

const everything: Partial<PlanInput> = {
  blocks: Object.fromEntries(SMALL_BLOCKS.map((name) => [name, { frozen: false }])),
  head: { classes: ['left', 'right'], dropout: 0.3 },
  phases: [{ name: 'all', epochs: 3 }],
  batchSize: 4,
};

const warningsOf = (events: readonly TrainEvent[]): string[] =>
  events.flatMap((event) => (event.event === 'warning' ? [event.code] : []));

describe('a memory budget', () => {
  it('that does for the batch leaves it whole and says nothing', async () => {
    const { events } = await trainHere(await writeProject(await temporaryFolder(), everything, 6));
    expect(events.find(({ event }) => event === 'phase')).toMatchObject({ microBatch: 4 });
    expect(warningsOf(events)).toEqual([]);
  });

  it('that does not divides it from the first step on, with a word once a phase', async () => {
    const plan = await writeProject(await temporaryFolder(), { ...everything, batchNorm: 'adapt' }, 6);
    const { events } = await trainHere(plan, { memoryBudgetBytes: 1 });
    expect(events.find(({ event }) => event === 'phase')).toMatchObject({ microBatch: 1 });
    expect(warningsOf(events)).toEqual(['smallerMicroBatch', 'fewForStatistics']);
  });

  it('gives the same run again, also from mid-epoch and with another budget', async () => {
    const folder = await temporaryFolder();
    const plan = await writeProject(folder, { ...everything, batchNorm: 'adapt' }, 6);
    const [whole, parts] = [join(folder, 'whole'), join(folder, 'parts')];
    await trainHere(plan, { run: whole, memoryBudgetBytes: 1 });
    const stopped = await trainHere(plan, {
      run: parts,
      memoryBudgetBytes: 1,
      onEvent: (event, abort) => {
        if (event.event === 'epoch' && event.epoch === 2) abort();
      },
    });
    expect(stopped.result.stopped).toBe('interrupted');
    // The checkpoint says how batches were divided.
    const resumed = await trainHere(plan, { run: parts, resume: true });
    expect(resumed.events.find(({ event }) => event === 'phase')).toMatchObject({ microBatch: 1 });
    const hashes = (run: string): Promise<Map<string, string>> => hashTensors(join(run, 'model', 'model.json'));
    expect(await hashes(parts)).toEqual(await hashes(whole));
  });
});

describe('statistics of a batch in parts', () => {
  it('are those of the batch as a whole, moved once', () => {
    const model = smallBackbone();
    const step = compileSteps(model, { adaptive: () => true }).steps.find(
      (each): each is NormalizationStep => each.kind === 'normalization' && each.layers.includes('stem_bn'),
    );
    if (!step) throw new Error('There is no such step.');
    const channels = 6;
    const values = tf.randomNormal<tf.Rank.R2>([10, channels], 3, 2, 'float32', 1);
    const before = ['moving_mean', 'moving_variance'].map((role) => [
      ...(weightOf(step.normalization, role)?.dataSync() ?? []),
    ]);
    const statistics = new PooledStatistics();
    let start = 0;
    for (const images of [4, 3, 3]) {
      const { mean, variance } = tf.moments(tf.slice(values, [start, 0], [images, channels]), 0);
      statistics.add(step, images, mean as tf.Tensor1D, variance as tf.Tensor1D);
      start += images;
    }
    statistics.apply();
    const whole = tf.moments(values, 0);
    const moved = (role: string, old: number[], target: tf.Tensor): void => {
      const now = [...(weightOf(step.normalization, role)?.dataSync() ?? [])];
      const expected = [...target.dataSync()].map((value, place) => 0.99 * old[place] + 0.01 * value);
      now.forEach((value, place) => expect(value).toBeCloseTo(expected[place], 5));
    };
    moved('moving_mean', before[0], whole.mean);
    moved('moving_variance', before[1], whole.variance);
    const held = tf.memory().numTensors;
    statistics.dispose();
    expect(tf.memory().numTensors).toBe(held - 6);
    tf.dispose([values, whole.mean, whole.variance]);
    model.dispose();
  });
});
