import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/shared/plan.ts';
import { planWarnings } from '../../src/shared/planWarnings.ts';
import { samplePlan } from '../support/plans.ts';

const TRAINS: Plan['blocks'] = { b1: { frozen: true }, b2: { frozen: false, learningRate: 1e-4 } };

const codes = (changes: Partial<Plan>): string[] =>
  planWarnings({ ...samplePlan(), batchNorm: 'adapt', batchSize: 15, blocks: TRAINS, ...changes }).map(
    ({ code }) => code,
  );

describe('warnings of a plan as it stands', () => {
  it('name statistics of batches under 16 images, where any are adapted', () => {
    expect(codes({})).toEqual(['smallBatchStatistics']);
    expect(codes({ batchSize: 1 })).toEqual(['smallBatchStatistics']);
    expect(codes({ batchSize: 16 })).toEqual([]);
    expect(codes({ batchNorm: 'affine' })).toEqual([]);
    expect(codes({ blocks: { b1: { frozen: true } } })).toEqual([]);
    const oneLayer = { b1: { frozen: true, layers: { b1_bn: { frozen: false } } } };
    expect(codes({ blocks: oneLayer })).toEqual(['smallBatchStatistics']);
  });
});
