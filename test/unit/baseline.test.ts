import { describe, expect, it } from 'vitest';
import { baselinePlan, BASELINES } from '../../src/shared/baseline.ts';
import { planSchema } from '../../src/shared/plan.ts';
import { samplePlan } from '../support/plans.ts';

const BLOCKS = ['stem', 'middle', 'top'];
const plan = samplePlan();
const epochs = plan.phases.reduce((sum, phase) => sum + phase.epochs, 0);

describe.each(BASELINES)('the baseline %s', (baseline) => {
  const made = baselinePlan(plan, BLOCKS, baseline);

  it('is a valid plan with the same budget from random weights', () => {
    expect(planSchema.parse(made)).toEqual(made);
    expect(made.weights).toBe('random');
    expect(made.phases.reduce((sum, phase) => sum + phase.epochs, 0)).toBe(epochs);
    expect([made.data, made.head, made.optimizer, made.batchSize, made.augment, made.seed]).toEqual([
      ...[plan.data, plan.head, plan.optimizer, plan.batchSize, plan.augment, plan.seed],
    ]);
  });
});

it('from scratch trains every block at the rate of the head', () => {
  const { blocks, phases, batchNorm } = baselinePlan(plan, BLOCKS, 'scratch');
  const rate = plan.optimizer.headLearningRate;
  expect(blocks).toEqual(Object.fromEntries(BLOCKS.map((name) => [name, { frozen: false, learningRate: rate }])));
  expect([phases.map(({ unfreeze }) => unfreeze), batchNorm]).toEqual([[undefined], 'adapt']);
});

it('with random features trains nothing but the head', () => {
  const { blocks, phases, batchNorm } = baselinePlan(plan, BLOCKS, 'random-features');
  expect(Object.values(blocks).every(({ frozen }) => frozen)).toBe(true);
  expect([phases.map(({ unfreeze }) => unfreeze), batchNorm]).toEqual([[[]], 'locked']);
});
