import { describe, expect, it } from 'vitest';
import { comparePlans, type FoldAnswers } from '../../src/shared/foldComparison.ts';
import { answers } from '../support/pairedAnswers.ts';

/** A cross-validation of ten images a fold, from the answers of each fold. */
function plan(name: string, ...folds: string[]): FoldAnswers {
  const cases = (index: number): number[] => Array.from({ length: 10 }, (_, position) => 10 * index + position);
  return { name, folds: folds.map((digits, index) => ({ cases: cases(index), outcomes: answers(digits) })) };
}

const a = plan('A', '1111111110', '1111111100', '1111111111', '1111111110');
const b = plan('B', '1111100000', '1111100000', '1111100000', '1111110000');
const c = plan('C', '1111111100', '1111111110', '1111111111', '1111111100');

describe('comparePlans', () => {
  it('compares two cross-validations fold by fold', () => {
    const [pair, ...others] = comparePlans([a, b], 40);
    expect(others).toEqual([]);
    expect(pair.foldDifferences.map((one) => Math.round(10 * one))).toEqual([4, 3, 5, 3]);
    expect(pair).toMatchObject({ a: 'A', b: 'B', n: 40, onlyA: 15, onlyB: 0, comparisons: 1, outcome: 'aBetter' });
    expect(pair.difference).toBeCloseTo(0.375, 12);
    // Mean 0.375, variance 0.11 / 12, times 1/4 + 10/30; t = 5.1283 and t(0.975, 3) = 3.182446 (scipy.stats.t).
    expect(pair.low).toBeCloseTo(0.375 - 3.182446 * 0.0731247, 5);
    expect(pair.high).toBeCloseTo(0.375 + 3.182446 * 0.0731247, 5);
    expect(pair.adjustedPValue).toBe(pair.pValue);
    expect(pair.verdict).toMatch(
      /^"A" is better than "B" by 37\.5 points \(95 %: 14\.2 to 60\.8, p = 0\.014 over 4 folds, 40 images\)\.$/,
    );
  });

  it('adjusts for all pairs and says so', () => {
    const pairs = comparePlans([a, b, c], 40);
    expect(pairs.map((pair) => pair.a + pair.b)).toEqual(['AB', 'AC', 'BC']);
    const [ab, ac, bc] = pairs;
    const ascending = [ab.pValue, bc.pValue].sort((x, y) => x - y);
    expect(Math.min(ab.adjustedPValue, bc.adjustedPValue)).toBeCloseTo(3 * ascending[0], 12);
    expect(Math.max(ab.adjustedPValue, bc.adjustedPValue)).toBeCloseTo(
      Math.max(3 * ascending[0], 2 * ascending[1]),
      12,
    );
    expect(ac.outcome).toBe('noDifference');
    expect(ac.verdict).toMatch(/over 4 folds, adjusted for 3 comparisons\)/);
  });

  it('refuses other folds', () => {
    const [first, second, ...rest] = b.folds;
    const swapped = { ...b, folds: [{ ...first, cases: second.cases }, { ...second, cases: first.cases }, ...rest] };
    expect(() => comparePlans([a, swapped], 40)).toThrow(/not validated on the same folds: 20 of 40 images/);
  });
});
