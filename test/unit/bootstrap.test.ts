import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrapInterval, pairedBootstrap, type BootstrapOptions } from '../../src/shared/bootstrap.ts';
import { Random } from '../../src/shared/random.ts';
import { mean, type Interval } from '../../src/shared/statistics.ts';
import { anyPairedAnswers, pairedAnswers } from '../support/pairedAnswers.ts';

const width = ({ low, high }: Interval): number => high - low;

/** Plug-in variance, whose estimate is biased and skewed. */
function variance(values: readonly number[]): number {
  const centre = mean(values);
  return mean(values.map((value) => (value - centre) ** 2));
}

// The spatial test data of Efron and Tibshirani, An Introduction to the Bootstrap (1993), table 14.1.
const SPATIAL = [
  ...[48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6],
  ...[0, 33, 28, 34, 4, 32, 24, 47, 41, 24, 26, 30, 41],
];

const CLUSTERS = [
  [1.2, 0.8, 3.1],
  [0.4],
  [9.5, 7.2, 8.8, 9.9],
  [2.2, 2.4],
  [0.1, 0.3, 0.2],
  [4.5],
  [1.0, 1.1],
  [0.6, 0.5, 0.9, 0.7, 0.8],
  [3.3, 2.9],
  [0.2],
];
const CLUSTER_VALUES = CLUSTERS.flat();
const CLUSTER_OF = CLUSTERS.flatMap((values, cluster) => values.map(() => cluster));

describe('bootstrapInterval', () => {
  // scipy 1.17.1: scipy.stats.bootstrap((spatial,), np.var, n_resamples=1_000_000, confidence_level=0.9, method=...)
  // Efron and Tibshirani give 115.8 to 259.6 and 100.8 to 233.9, from 2000 resamples.
  it.each([
    ['bca', 115.504, 261.025],
    ['percentile', 97.71, 235.765],
  ] as const)('agrees with scipy on a skewed statistic: %s', (method, low, high) => {
    const interval = bootstrapInterval(SPATIAL, variance, { seed: 1, resamples: 20_000, confidence: 0.9, method });
    expect(interval.method).toBe(method);
    expect(interval.estimate).toBeCloseTo(171.534, 3);
    expect(Math.abs(interval.low - low)).toBeLessThan(1.5);
    expect(Math.abs(interval.high - high)).toBeLessThan(1.5);
  });

  // scipy 1.17.1: scipy.stats.bootstrap((np.arange(10),), lambda i, axis: sums[i].sum(axis) / sizes[i].sum(axis),
  // n_resamples=1_000_000, method=...), which draws whole groups and leaves out whole groups.
  it.each([
    ['bca', 1.0875, 6.0261],
    ['percentile', 0.9065, 5.0737],
  ] as const)('agrees with scipy on groups: %s', (method, low, high) => {
    const options = { seed: 2, resamples: 20_000, method, groups: CLUSTER_OF };
    const interval = bootstrapInterval(CLUSTER_VALUES, mean, options);
    expect(Math.abs(interval.low - low)).toBeLessThan(0.03);
    expect(Math.abs(interval.high - high)).toBeLessThan(0.08);
  });

  it('depends on the seed and on nothing else', () => {
    const interval = (seed: number): unknown => bootstrapInterval(SPATIAL, variance, { seed, resamples: 200 });
    expect(interval(1)).toEqual(interval(1));
    expect(interval(1)).not.toEqual(interval(2));
  });

  it('falls back to the percentile interval where BCa is not defined', () => {
    const constant = bootstrapInterval([3, 3, 3], mean, { seed: 1 });
    expect(constant).toEqual({ estimate: 3, low: 3, high: 3, method: 'percentile' });
    const numbers = Array.from({ length: 300 }, (_, index) => index);
    // Every resample lacks some, so that all replicates lie below the estimate.
    const sumOfDistinct = (values: readonly number[]): number =>
      [...new Set(values)].reduce((sum, one) => sum + one, 0);
    expect(bootstrapInterval(numbers, sumOfDistinct, { seed: 1, resamples: 50 }).method).toBe('percentile');
    const outlier = numbers.map((index) => Number(index === 0));
    expect(bootstrapInterval(outlier, mean, { seed: 1, resamples: 50 }).method).toBe('bca');
    const extreme = { seed: 1, resamples: 50, confidence: 1 - 1e-10 };
    expect(bootstrapInterval(outlier, mean, extreme).method).toBe('percentile');
  });

  it('leaves out replicates that are not finite', () => {
    const options = { seed: 1, resamples: 500 };
    const ratio = (values: readonly number[]): number => values.length / values.filter((value) => value > 0).length;
    const interval = bootstrapInterval([0, 0, 1], ratio, options);
    expect(interval).toEqual({ estimate: 3, low: 1, high: 3, method: 'percentile' });
  });

  it('refuses what has no interval', () => {
    const nothing: number[] = [];
    expect(() => bootstrapInterval(nothing, mean, { seed: 1 })).toThrow(/no cases to resample/);
    expect(() => bootstrapInterval([1], () => NaN, { seed: 1 })).toThrow(/not a finite number/);
    expect(() => bootstrapInterval([1, 2], mean, { seed: 1, groups: [1] })).toThrow(/differ in length/);
  });

  it('moves and stretches with the values, and narrows with less confidence', () => {
    const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 5, maxLength: 30 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 9 }), fc.integer({ min: -9, max: 9 }), (data, factor, shift) => {
        const options = { seed: 3, resamples: 200 };
        const interval = bootstrapInterval(data, mean, options);
        const moved = bootstrapInterval(
          data.map((value) => factor * value + shift),
          mean,
          options,
        );
        expect(width(bootstrapInterval(data, mean, { ...options, confidence: 0.8 }))).toBeLessThanOrEqual(
          width(interval),
        );
        // A replicate equal to the estimate may land on its other side by rounding, which shifts BCa by a little.
        const tolerance = 0.05 * factor * width(interval) + 1e-9;
        expect(Math.abs(moved.low - (factor * interval.low + shift))).toBeLessThanOrEqual(tolerance);
        expect(Math.abs(moved.high - (factor * interval.high + shift))).toBeLessThanOrEqual(tolerance);
      }),
      { seed: 30 },
    );
  });
});

describe('resampling by group', () => {
  it('is resampling by case where every case is its own group', () => {
    const options = { seed: 4, resamples: 300 };
    const groups = SPATIAL.map((_, index) => `thing ${index}`);
    expect(bootstrapInterval(SPATIAL, mean, { ...options, groups })).toEqual(bootstrapInterval(SPATIAL, mean, options));
  });

  it('takes no more evidence from copies than from the cases themselves', () => {
    const options = { seed: 5, resamples: 300 };
    fc.assert(
      fc.property(anyPairedAnswers, fc.integer({ min: 1, max: 5 }), ({ a, b }, copies) => {
        const copied = (answers: boolean[]): boolean[] =>
          answers.flatMap((one) => new Array<boolean>(copies).fill(one));
        const groups = a.flatMap((_, index) => new Array<number>(copies).fill(index));
        const grouped = pairedBootstrap(copied(a), copied(b), { ...options, groups });
        const original = pairedBootstrap(a, b, options);
        expect(grouped.low).toBeCloseTo(original.low, 10);
        expect(grouped.high).toBeCloseTo(original.high, 10);
      }),
      { seed: 31, numRuns: 50 },
    );
  });

  it('is wider than resampling by case where groups hold copies, by the root of their number', () => {
    const random = Random.seeded(1, 'copies');
    const ratios = Array.from({ length: 40 }, (_, seed) => {
      const things = Array.from({ length: 40 }, () => random.normal());
      const copies = things.flatMap((value) => [value, value, value, value]);
      const groups = things.flatMap((_, index) => [index, index, index, index]);
      const options: BootstrapOptions = { seed, resamples: 300 };
      return (
        width(bootstrapInterval(copies, mean, { ...options, groups })) / width(bootstrapInterval(copies, mean, options))
      );
    });
    expect(mean(ratios)).toBeGreaterThan(1.9);
    expect(mean(ratios)).toBeLessThan(2.1);
  });
});

describe('pairedBootstrap', () => {
  // scipy 1.17.1: scipy.stats.bootstrap((a, b), lambda a, b, axis: a.mean(axis) - b.mean(axis), paired=True,
  // n_resamples=1_000_000, method='BCa'); a step is 1 / 97. Drawn apart it would be 0.0412 to 0.2887.
  it('agrees with scipy', () => {
    const { a, b } = pairedAnswers(60, 20, 4, 13);
    const { difference, low, high, method } = pairedBootstrap(a, b, { seed: 1, resamples: 10_000 });
    expect(difference).toBeCloseTo(16 / 97, 12);
    expect(Math.abs(low - 0.07216494845360821)).toBeLessThan(1.1 / 97);
    expect(Math.abs(high - 0.25773195876288657)).toBeLessThan(1.1 / 97);
    expect(method).toBe('bca');
  });

  it('changes sign with the order, and holds the difference', () => {
    fc.assert(
      fc.property(anyPairedAnswers, fc.nat(1000), ({ a, b }, seed) => {
        const options = { seed, resamples: 300 };
        const forth = pairedBootstrap(a, b, options);
        const back = pairedBootstrap(b, a, options);
        expect(back.difference).toBeCloseTo(-forth.difference, 12);
        expect(back.low).toBeCloseTo(-forth.high, 10);
        expect(back.high).toBeCloseTo(-forth.low, 10);
        expect(forth.low).toBeLessThanOrEqual(forth.difference);
        expect(forth.high).toBeGreaterThanOrEqual(forth.difference);
        expect(forth.low).toBeGreaterThanOrEqual(-1);
        expect(forth.high).toBeLessThanOrEqual(1);
      }),
      { seed: 32 },
    );
  });

  it('finds no difference between a model and itself', () => {
    const { a } = pairedAnswers(5, 4, 3, 2);
    expect(pairedBootstrap(a, a, { seed: 1 })).toEqual({ difference: 0, low: 0, high: 0, method: 'percentile' });
  });

  it('knows nothing without cases, and refuses lists of different length', () => {
    expect(pairedBootstrap([], [], { seed: 1 })).toEqual({ difference: 0, low: -1, high: 1, method: 'percentile' });
    expect(() => pairedBootstrap([true], [], { seed: 1 })).toThrow(/differ in length/);
  });

  it('covers the true difference about as often as it says', () => {
    const random = Random.seeded(1, 'coverage');
    const trials = 300;
    let covered = 0;
    for (let trial = 0; trial < trials; trial++) {
      const draws = Array.from({ length: 60 }, () => random.uniform());
      // Only a is right with probability 0.2, only b with 0.1.
      const a = draws.map((draw) => draw < 0.2);
      const b = draws.map((draw) => draw >= 0.9);
      const { low, high } = pairedBootstrap(a, b, { seed: trial, resamples: 200 });
      if (low <= 0.1 && high >= 0.1) covered++;
    }
    // 95 % of 300 trials, give or take three standard errors (3.8 %).
    expect(covered / trials).toBeGreaterThan(0.912);
    expect(covered / trials).toBeLessThan(0.988);
  });
});
