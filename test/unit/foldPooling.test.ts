import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeProblem, ThawError } from '../../src/shared/errors.ts';
import { compareFolds, poolAccuracy, poolFolds, type Fold } from '../../src/shared/foldPooling.ts';
import { answers } from '../support/pairedAnswers.ts';

/** Folds of right and wrong answers, the cases numbered one fold after the other. */
function folds(...digits: string[]): Fold<boolean>[] {
  let next = 0;
  return digits.map((fold) => ({ cases: [...fold].map(() => next++), outcomes: answers(fold) }));
}

const A = folds('11101', '11011', '1111', '0111', '1111');
const B = folds('10101', '11001', '1101', '0111', '0110');

/** The answers of two models in 2 to 6 folds that are not empty. */
const twoPlans = fc
  .array(fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 8 }), { minLength: 2, maxLength: 6 })
  .map((pairs) => {
    const digits = (model: 0 | 1): string[] => pairs.map((fold) => fold.map((pair) => Number(pair[model])).join(''));
    return { a: folds(...digits(0)), b: folds(...digits(1)), cases: pairs.flat().length };
  });

describe('poolFolds', () => {
  it('puts what came out in the order of the cases', () => {
    const shuffled = [
      { cases: [3, 0], outcomes: ['d', 'a'] },
      { cases: [2, 1], outcomes: ['c', 'b'] },
    ];
    expect(poolFolds(shuffled, 4)).toEqual(['a', 'b', 'c', 'd']);
  });

  it.each([
    ['a missing case', [[0, 1], [3]], { missing: 1, repeated: 0, unknown: 0 }],
    [
      'a case in two folds',
      [
        [0, 1],
        [1, 2, 3],
      ],
      { missing: 0, repeated: 1, unknown: 0 },
    ],
    [
      'a case three times in one fold',
      [
        [0, 1, 1, 1],
        [2, 3],
      ],
      { missing: 0, repeated: 1, unknown: 0 },
    ],
    [
      'cases there are none of',
      [
        [0, 1, 4],
        [2, 3, -1],
      ],
      { missing: 0, repeated: 0, unknown: 2 },
    ],
    ['everything at once', [[0, 0, 9]], { missing: 3, repeated: 1, unknown: 1 }],
  ])('refuses %s', (_name, cases, counts) => {
    const broken = cases.map((members) => ({ cases: members, outcomes: members.map(() => true) }));
    const problem = { reason: 'foldsIncomplete', images: 4, ...counts };
    expect(() => poolFolds(broken, 4)).toThrow(ThawError);
    expect(() => poolFolds(broken, 4)).toThrow(expect.objectContaining({ problem }));
  });

  it('refuses a fold with more outcomes than cases', () => {
    expect(() => poolFolds([{ cases: [0], outcomes: [true, true] }], 1)).toThrow(/1 cases and 2 outcomes/);
  });

  it('has words for its errors', () => {
    const incomplete = { reason: 'foldsIncomplete', images: 4, missing: 3, repeated: 1, unknown: 0 } as const;
    expect(describeProblem(incomplete)).toContain('Missing: 3, repeated: 1, unknown: 0.');
    expect(describeProblem({ reason: 'foldsDiffer', images: 9, moved: 2 })).toContain('2 of 9 images');
  });
});

describe('poolAccuracy', () => {
  it('agrees with numpy and statsmodels', () => {
    const pooled = poolAccuracy(A, 22);
    expect(pooled).toMatchObject({ n: 22, foldAccuracies: [0.8, 0.8, 1, 0.75, 1] });
    expect(pooled.accuracy).toBeCloseTo(19 / 22, 12);
    // statsmodels 0.15.0: proportion_confint(19, 22, method='wilson')
    expect(pooled.low).toBeCloseTo(0.6666501283342827, 10);
    expect(pooled.high).toBeCloseTo(0.9525099628594476, 10);
    // numpy 2.4.6: np.mean(accuracies), np.std(accuracies, ddof=1)
    expect(pooled.mean).toBeCloseTo(0.87, 12);
    expect(pooled.standardDeviation).toBeCloseTo(0.12041594578792293, 12);
  });

  it('knows no spread of one fold, skips empty ones, and nothing without cases', () => {
    expect(poolAccuracy(folds('10'), 2).standardDeviation).toBeNull();
    expect(poolAccuracy(folds('10', '', '11'), 4).foldAccuracies).toEqual([0.5, 1]);
    expect(poolAccuracy([], 0)).toEqual({
      n: 0,
      accuracy: 0,
      low: 0,
      high: 1,
      foldAccuracies: [],
      mean: null,
      standardDeviation: null,
    });
  });

  it('does not depend on how the cases fall into folds, but for the spread', () => {
    fc.assert(
      fc.property(twoPlans, ({ a, cases }) => {
        const one = { cases: a.flatMap((fold) => fold.cases), outcomes: a.flatMap((fold) => fold.outcomes) };
        const { accuracy, low, high } = poolAccuracy(a, cases);
        expect(poolAccuracy([one], cases)).toMatchObject({ accuracy, low, high });
        expect(low).toBeLessThanOrEqual(accuracy);
        expect(high).toBeGreaterThanOrEqual(accuracy);
      }),
      { seed: 60 },
    );
  });
});

describe('compareFolds', () => {
  it('agrees with the formula of Nadeau and Bengio', () => {
    // numpy 2.4.6 and scipy 1.17.1: d = [0.2, 0.2, 0.25, 0, 0.5], se = sqrt((1/5 + 4.4/17.6) * d.var(ddof=1)),
    // d.mean() -+ scipy.stats.t.ppf(0.975, 4) * se, 2 * scipy.stats.t.sf(d.mean() / se, 4)
    const { difference, foldDifferences, low, high, pValue } = compareFolds(A, B, 22);
    expect(foldDifferences).toEqual([0.2, 0.2, 0.25, 0, 0.5]);
    expect(difference).toBeCloseTo(0.23, 12);
    expect(low).toBeCloseTo(-0.1031734126237352, 10);
    expect(high).toBeCloseTo(0.5631734126237353, 10);
    expect(pValue).toBeCloseTo(0.12776093123329263, 10);
  });

  it('finds the cases of a fold in any order', () => {
    const reversed = B.map(({ cases, outcomes }) => ({
      cases: [...cases].reverse(),
      outcomes: [...outcomes].reverse(),
    }));
    expect(compareFolds(A, reversed, 22)).toEqual(compareFolds(A, B, 22));
  });

  it('changes sign with the order, holds the difference, and agrees with its p-value', () => {
    fc.assert(
      fc.property(twoPlans, ({ a, b, cases }) => {
        const forth = compareFolds(a, b, cases);
        const back = compareFolds(b, a, cases);
        expect(back.difference).toBeCloseTo(-forth.difference, 12);
        expect(back.low).toBeCloseTo(-forth.high, 12);
        expect(back.pValue).toBeCloseTo(forth.pValue, 12);
        expect(forth.low).toBeLessThanOrEqual(forth.difference);
        expect(forth.high).toBeGreaterThanOrEqual(forth.difference);
        expect(forth.pValue < 0.05).toBe(forth.low > 0 || forth.high < 0);
      }),
      { seed: 61, numRuns: 300 },
    );
  });

  it('knows nothing where nothing is known of the spread', () => {
    const nothing = { low: -1, high: 1, pValue: 1 };
    expect(compareFolds(A, A, 22)).toMatchObject({ difference: 0, ...nothing });
    expect(compareFolds(folds('11'), folds('00'), 2)).toMatchObject({ difference: 1, ...nothing });
    expect(compareFolds([], [], 0)).toMatchObject({ difference: 0, ...nothing });
    // Each fold differs by a tenth, which has no exact number.
    const tenths = folds('1111111111', '1111111111', '1111111111');
    expect(compareFolds(tenths, folds('0111111111', '1101111111', '1110111111'), 30)).toMatchObject(nothing);
  });

  it('refuses plans that were not validated on the same folds', () => {
    const other = folds('101011', '1001', '1101', '0111', '0110');
    const problem = { reason: 'foldsDiffer', images: 22, moved: 1 };
    expect(() => compareFolds(A, other, 22)).toThrow(expect.objectContaining({ problem }));
    expect(() => compareFolds(A, B, 23)).toThrow(/each of 23 images/);
  });
});
