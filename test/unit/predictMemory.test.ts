import { describe, expect, it } from 'vitest';
import { phaseSteps } from '../../src/shared/networkSteps.ts';
import { fittingMicroBatch, type MemorySetting, predictMemory, slotsOf } from '../../src/shared/predictMemory.ts';
import { planSchema, type Plan } from '../../src/shared/plan.ts';
import { basisOf } from '../support/costBasis.ts';
import { planNetwork } from '../support/planNetwork.ts';
import { samplePlan } from '../support/plans.ts';

const { network, memory } = basisOf(planNetwork());
const names = ['b1', 'b2', 'b3'];

function planWith(unfrozen: number, changes: Partial<Plan> = {}): Plan {
  const blocks = Object.fromEntries(names.slice(names.length - unfrozen).map((name) => [name, { frozen: false }]));
  return planSchema.parse({ ...samplePlan(), blocks, phases: [{ name: 'one', epochs: 1 }], batchSize: 32, ...changes });
}

function settingOf(plan: Plan): MemorySetting {
  return { plan, images: { train: 100, validation: 20 }, ...memory };
}

const bytesOf = (plan: Plan, microBatch: number): number =>
  predictMemory(network, phaseSteps(plan, 0, network), settingOf(plan), microBatch).bytes;

const microBatchOf = (plan: Plan, budgetBytes: number): number =>
  fittingMicroBatch(network, phaseSteps(plan, 0, network), settingOf(plan), budgetBytes);

describe('memory of a phase', () => {
  it('counts the process, weights with gradients, slots and copies, values and images', () => {
    const plan = planWith(0, { batchSize: 1 });
    // The head: 15 weights with a gradient and two slots, and 375 weights in all, of which 300 are in filters of steps.
    const weights = 375 + 300 + 15 * 3;
    // Judged 32 at a time: the values at the cut (8 x 8 x 4), beside the 3 logits.
    const values = 32 * (256 + 3);
    const copies = 4 * 15 * (2 + 2 * (2 + 2));
    const features = 4 * 256 * 120;
    const pixels = 192 * 120;
    expect(bytesOf(plan, 1)).toBeCloseTo(100e6 + 1.25 * 4 * (weights + values) + copies + features + pixels, 3);
  });

  it('never shrinks when more is unfrozen or more images are computed at a time', () => {
    for (const [fewer, more] of [
      [0, 1],
      [1, 2],
      [2, 3],
    ]) {
      expect(bytesOf(planWith(more), 32)).toBeGreaterThan(bytesOf(planWith(fewer), 32) - 4 * 256 * 120);
    }
    // The whole batch is another matter: nothing is cut out of it and no gradients are added up.
    for (let microBatch = 1; microBatch < 31; microBatch++) {
      expect(bytesOf(planWith(3), microBatch + 1)).toBeGreaterThanOrEqual(bytesOf(planWith(3), microBatch));
    }
  });

  it.each([
    ['adam', undefined, 2],
    ['adamw', undefined, 2],
    ['sgd', undefined, 1],
    ['rmsprop', undefined, 1],
    ['rmsprop', 0.9, 2],
  ] as const)('knows what %s with momentum %s keeps of a weight', (name, momentum, slots) => {
    const optimizer = { name, headLearningRate: 0.1, ...(momentum === undefined ? {} : { momentum }) };
    expect(slotsOf(planWith(0, { optimizer }))).toBe(slots);
  });
});

describe('micro-batch', () => {
  const plan = planWith(3);

  it('is the batch where it fits, and within the budget wherever one image is', () => {
    expect(microBatchOf(plan, 1e9)).toBe(32);
    for (let budget = bytesOf(plan, 1); budget < bytesOf(plan, 32); budget += 20_000) {
      const size = microBatchOf(plan, budget);
      if (size > 1) expect(bytesOf(plan, size)).toBeLessThanOrEqual(budget);
    }
  });

  it('grows with the budget and divides the batch as evenly as can be', () => {
    const sizes = new Set<number>();
    let before = 0;
    for (let budget = bytesOf(plan, 1) - 1; budget < bytesOf(plan, 32) + 1e5; budget += 10_000) {
      const size = microBatchOf(plan, budget);
      expect(size).toBeGreaterThanOrEqual(before);
      expect(size).toBe(Math.ceil(32 / Math.ceil(32 / size)));
      before = size;
      sizes.add(size);
    }
    expect(sizes.size).toBeGreaterThan(3);
    expect(before).toBe(32);
  });

  it('is one image where nothing fits', () => {
    expect(microBatchOf(plan, 1)).toBe(1);
  });

  it('is bounded by what the engine can have, whatever the budget', () => {
    const tight = { ...settingOf(plan), engine: { ...memory.engine, limitBytes: 300_000 } };
    const steps = phaseSteps(plan, 0, network);
    const size = fittingMicroBatch(network, steps, tight, 1e12);
    expect(size).toBeLessThan(32);
    expect(predictMemory(network, steps, tight, size).engineBytes).toBeLessThanOrEqual(300_000);
  });

  it('is not made smaller by images and features that fill the memory on their own', () => {
    const many = { ...settingOf(planWith(0)), images: { train: 1e6, validation: 1e5 } };
    const steps = phaseSteps(planWith(0), 0, network);
    expect(predictMemory(network, steps, many, 32).bytes).toBeGreaterThan(1e9);
    expect(fittingMicroBatch(network, steps, many, 1e9)).toBe(32);
  });
});
