import { describe, expect, it } from 'vitest';
import { planSchema, type Plan } from '../../src/shared/plan.ts';
import { type CostBasis, type PlanCost, predictCost } from '../../src/shared/predictCost.ts';
import { basisOf } from '../support/costBasis.ts';
import { planNetwork } from '../support/planNetwork.ts';
import { samplePlan } from '../support/plans.ts';

/** Three blocks of convolution, normalization and activation, and the head: ten steps. */
const basis = basisOf(planNetwork());
const images = { train: 100, validation: 20 };
const names = ['b1', 'b2', 'b3'];

function planWith(unfrozen: readonly string[], changes: Partial<Plan> = {}): Plan {
  const blocks = Object.fromEntries(unfrozen.map((name) => [name, { frozen: false }]));
  return planSchema.parse({
    ...{ ...samplePlan(), blocks, phases: [{ name: 'one', epochs: 2 }], batchSize: 16, batchNorm: 'affine' },
    ...changes,
  });
}

function costOf(plan: Plan, of: CostBasis = basis, counts = images): PlanCost {
  const cost = predictCost(plan, of, counts);
  if (!cost) throw new Error('There is no cost.');
  return cost;
}

describe('predicted cost', () => {
  it('of a head alone is the head for an epoch, and all else once', () => {
    const cost = costOf(planWith([]));
    // The head has no gradient to hand on: 1 ms forward and 1 ms back; judging is forward only.
    expect(cost.secondsPerEpoch).toBeCloseTo(100 * 0.002 + 20 * 0.001, 9);
    // Nine frozen steps for each of 120 images, and 10 ms to open each.
    expect(cost.cacheSeconds).toBeCloseTo(120 * (0.009 + 0.01), 9);
    expect(cost.totalSeconds).toBeCloseTo(cost.cacheSeconds + 2 * cost.secondsPerEpoch, 9);
    expect(cost.phases).toMatchObject([{ name: 'one', epochs: 2, microBatch: 16 }]);
  });

  it('of a block in the middle takes what passes gradients above it', () => {
    const { secondsPerEpoch } = costOf(planWith(['b2']));
    // Of b2 the first step trains without handing on (2 ms), one trains (3), one passes (2); b3 passes (3 x 2), head trains (3).
    expect(secondsPerEpoch).toBeCloseTo(100 * (0.002 + 0.003 + 0.002 + 0.006 + 0.003) + 20 * 0.007, 9);
  });

  it('of variants drawn anew has the frozen part in every epoch, and of cached ones in none', () => {
    const augment = { flip: true, crop: 0.1, rotate: 5, variants: 3 } as const;
    const cached = costOf(planWith(['b3'], { augment }));
    const anew = costOf(planWith(['b3'], { augment: { ...augment, variants: 'recompute' } }));
    expect(anew.secondsPerEpoch - cached.secondsPerEpoch).toBeCloseTo(100 * 0.006, 9);
    // Three variants of each training image, one of each other.
    expect(cached.cacheSeconds).toBeCloseTo(320 * 0.006 + 1.2, 9);
    expect(anew.cacheSeconds).toBeCloseTo(20 * 0.006 + 1.2, 9);
  });

  it('has nothing to cache where all layers train', () => {
    expect(costOf(planWith(names)).cacheSeconds).toBeCloseTo(1.2, 9);
  });

  it('counts what comes with each batch, each part of it and each optimizer step', () => {
    const times = { ...basis.times, batch: [0.5, 0] as [number, number], sum: [1, 0] as [number, number] };
    const optimizers = { ...times.optimizers, adam: [0.25, 0] as [number, number] };
    const plan = planWith([], { optimizer: { name: 'adam', headLearningRate: 0.1 } });
    const plain = costOf(plan).secondsPerEpoch;
    const roomy = costOf(plan, { ...basis, times: { ...times, optimizers } });
    // 7 batches, and an optimizer step over the two tensors of the head in each.
    expect(roomy.secondsPerEpoch - plain).toBeCloseTo(7 * 0.5 + 7 * 2 * 0.25, 9);
    const memory = { ...basis.memory, engine: { ...basis.memory.engine, limitBytes: 1 } };
    const tight = costOf(plan, { ...basis, times, memory });
    expect(tight.microBatch).toBe(1);
    // One image at a time: 100 parts, of which 93 are added to others.
    expect(tight.secondsPerEpoch - plain).toBeCloseTo(100 * 0.5 + 93 * 2, 9);
  });

  it('is told of the phase with the most to train, and of each', () => {
    const phases = [
      { name: 'head', epochs: 3, unfreeze: [] },
      { name: 'more', epochs: 4 },
      { name: 'head again', epochs: 1, unfreeze: [] },
    ];
    const cost = costOf(planWith(['b3'], { phases }));
    expect(cost.phases.map(({ name, epochs }) => [name, epochs])).toEqual([
      ['head', 3],
      ['more', 4],
      ['head again', 1],
    ]);
    expect(cost.secondsPerEpoch).toBe(cost.phases[1].secondsPerEpoch);
    const sum = cost.phases.reduce(
      (all, phase) => all + phase.cacheSeconds + phase.epochs * phase.secondsPerEpoch,
      1.2,
    );
    expect(cost.totalSeconds).toBeCloseTo(sum, 9);
  });

  it('is unknown for adaptive batch normalization that was not measured, and without images', () => {
    const plan = planWith(['b3'], { batchNorm: 'adapt' });
    expect(predictCost(plan, basis, images)).toBeNull();
    expect(predictCost(planWith([], { batchNorm: 'adapt' }), basis, images)).not.toBeNull();
    expect(predictCost(planWith([]), basis, { train: 0, validation: 0 })).toBeNull();
  });

  it('is never less for more blocks, counted from the head, nor for more images', () => {
    const unfrozen = [[], ['b3'], ['b2', 'b3'], names];
    const epochs = unfrozen.map((blocks) => costOf(planWith(blocks)).secondsPerEpoch);
    expect([...epochs].sort((a, b) => a - b)).toEqual(epochs);
    for (const blocks of unfrozen) {
      let before = costOf(planWith(blocks), basis, { train: 1, validation: 0 });
      for (let train = 2; train < 40; train += 3) {
        const cost = costOf(planWith(blocks), basis, { train, validation: Math.floor(train / 4) });
        expect(cost.secondsPerEpoch).toBeGreaterThan(before.secondsPerEpoch);
        expect(cost.memoryBytes).toBeGreaterThanOrEqual(before.memoryBytes);
        before = cost;
      }
    }
  });
});
