import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareModels, describeOutcome, outcomeOf, type PairNumbers } from '../../src/shared/comparison.ts';
import { anyPairedAnswers, answers, pairedAnswers } from '../support/pairedAnswers.ts';

/** Two models by the cells of their 2x2 table. */
function twoModels(both: number, onlyA: number, onlyB: number, neither: number): Parameters<typeof compareModels>[0] {
  const { a, b } = pairedAnswers(both, onlyA, onlyB, neither);
  return [
    { name: 'A', correct: a },
    { name: 'B', correct: b },
  ];
}

const clear: PairNumbers = {
  a: 'A',
  b: 'B',
  n: 240,
  difference: 0.041,
  low: 0.006,
  high: 0.076,
  adjustedPValue: 0.02,
  comparisons: 1,
};

describe('compareModels', () => {
  it('compares two models', () => {
    const [pair, ...others] = compareModels(twoModels(160, 14, 4, 62));
    expect(others).toEqual([]);
    expect(pair).toMatchObject({ a: 'A', b: 'B', n: 240, onlyA: 14, onlyB: 4, comparisons: 1, outcome: 'aBetter' });
    // statsmodels 0.15.0: mcnemar([[160, 14], [4, 62]], exact=True).pvalue
    expect(pair.pValue).toBeCloseTo(0.0308837890625, 12);
    expect(pair.adjustedPValue).toBe(pair.pValue);
    // The formula of Agresti and Min in numpy 2.4.6.
    expect(pair.difference).toBeCloseTo(10 / 240, 12);
    expect(pair.low).toBeCloseTo(0.0064054873346255994, 10);
    expect(pair.high).toBeCloseTo(0.07623914076454796, 10);
    expect(pair.verdict).toBe('"A" is better than "B" by 4.2 points (95 %: 0.6 to 7.6, p = 0.031, 240 images).');
  });

  it('compares all pairs of several models, with adjusted p-values', () => {
    const models = [
      { name: 'A', correct: answers('1111111111111111111111111111110000000000'.repeat(2)) },
      { name: 'B', correct: answers('1111111111111111110000000000001100000000'.repeat(2)) },
      { name: 'C', correct: answers('1111111111111111111111100000000111000000'.repeat(2)) },
    ];
    const pairs = compareModels(models);
    expect(pairs.map(({ a, b }) => a + b)).toEqual(['AB', 'AC', 'BC']);
    // statsmodels 0.15.0: mcnemar(table, exact=True).pvalue, multipletests(pValues, method='holm')[1]
    const pValues = [0.00017999112606048584, 0.11531829833984375, 0.004180908203125];
    const adjusted = [0.0005399733781814575, 0.11531829833984375, 0.00836181640625];
    for (const [index, pair] of pairs.entries()) {
      expect(pair.pValue).toBeCloseTo(pValues[index], 12);
      expect(pair.adjustedPValue).toBeCloseTo(adjusted[index], 12);
      expect(pair.comparisons).toBe(3);
    }
    expect(pairs.map(({ verdict }) => verdict)).toEqual([
      '"A" is better than "B" by 25.0 points (95 %: 12.7 to 36.1, p < 0.001 adjusted for 3 comparisons, 80 images).',
      'No difference that 80 images can show: "A" is ahead of "C" by 10.0 points (95 %: -1.0 to 20.5, p = 0.12 adjusted for 3 comparisons). A difference of up to 20.5 points could have gone unnoticed.',
      '"C" is better than "B" by 15.0 points (95 %: 5.3 to 24.0, p = 0.0084 adjusted for 3 comparisons, 80 images).',
    ]);
  });

  it('does not claim among several what it would claim alone', () => {
    const [a, b] = twoModels(160, 14, 4, 62);
    expect(compareModels([a, b])[0].outcome).toBe('aBetter');
    const pairs = compareModels([a, b, { ...a, name: 'C' }]);
    expect(pairs.map(({ outcome }) => outcome)).toEqual(['uncertain', 'noDifference', 'uncertain']);
    expect(pairs[2].verdict).toBe(
      'Not certain: "C" is ahead of "B" by 4.2 points, but only the interval speaks for a difference, not the test (95 %: 0.6 to 7.6, p = 0.093 adjusted for 3 comparisons, 240 images).',
    );
  });

  it('says how much few images can hide', () => {
    const [pair] = compareModels(twoModels(40, 5, 4, 11));
    expect(pair.verdict).toBe(
      'No difference that 60 images can show: "A" is ahead of "B" by 1.7 points (95 %: -8.4 to 11.6, p = 1). A difference of up to 11.6 points could have gone unnoticed.',
    );
  });

  it('has nothing to compare with one model or none, and nothing to show without images', () => {
    expect(compareModels([])).toEqual([]);
    expect(compareModels([{ name: 'A', correct: [true] }])).toEqual([]);
    const [pair] = compareModels(twoModels(0, 0, 0, 0));
    expect(pair).toMatchObject({ difference: 0, low: -1, high: 1, pValue: 1, outcome: 'noDifference' });
    expect(pair.verdict).toContain('up to 100.0 points could have gone unnoticed');
  });

  it('counts groups of alike images and not the images', () => {
    const models = twoModels(160, 14, 4, 62);
    const alone = compareModels(models)[0];
    expect(alone.outcome).toBe('aBetter');
    // All images that only A has right show one thing, all that only B has right another.
    const groups = models[0].correct.map((a, index) => (a === models[1].correct[index] ? index : String(a)));
    const [pair] = compareModels(models, { groups, seed: 3 });
    expect(pair).toMatchObject({ difference: alone.difference, onlyA: 14, onlyB: 4, outcome: 'noDifference' });
    // Of the four signs of 14 and 4 a sum of at least 10 either way: all.
    expect(pair.pValue).toBe(1);
    expect(pair.low).toBeLessThan(0);
    expect(compareModels(models, { groups, seed: 3 })).toEqual([pair]);
  });

  it('is never surer with groups than without', () => {
    fc.assert(
      fc.property(anyPairedAnswers, ({ a, b }) => {
        const models = [
          { name: 'A', correct: a },
          { name: 'B', correct: b },
        ];
        const [alone] = compareModels(models);
        const [grouped] = compareModels(models, { groups: a.map((_, index) => index >> 1) });
        expect(grouped.low).toBeLessThanOrEqual(alone.low);
        expect(grouped.high).toBeGreaterThanOrEqual(alone.high);
      }),
      { seed: 73, numRuns: 30 },
    );
  });

  it('refuses models with different numbers of images', () => {
    const models = [
      { name: 'A', correct: [true] },
      { name: 'B', correct: [] },
    ];
    expect(() => compareModels(models)).toThrow(/differ in length/);
  });

  it('finds a model as good as itself', () => {
    fc.assert(
      fc.property(anyPairedAnswers, ({ a }) => {
        const [pair] = compareModels([
          { name: 'A', correct: a },
          { name: 'again', correct: a },
        ]);
        expect(pair).toMatchObject({ difference: 0, pValue: 1, outcome: 'noDifference', onlyA: 0, onlyB: 0 });
        expect(pair.verdict).toContain('"A" and "again" have equally many right');
      }),
      { seed: 70 },
    );
  });

  it('turns round with the order, says the same, and holds the difference', () => {
    const turned = { aBetter: 'bBetter', bBetter: 'aBetter', uncertain: 'uncertain', noDifference: 'noDifference' };
    fc.assert(
      fc.property(anyPairedAnswers, ({ a, b }) => {
        const models = [
          { name: 'A', correct: a },
          { name: 'B', correct: b },
        ];
        const [forth] = compareModels(models);
        const [back] = compareModels([models[1], models[0]]);
        expect(back.difference).toBeCloseTo(-forth.difference, 12);
        expect(back.pValue).toBe(forth.pValue);
        expect(back.outcome).toBe(turned[forth.outcome]);
        if (forth.difference !== 0) expect(back.verdict).toBe(forth.verdict);
        expect(forth.low).toBeLessThanOrEqual(forth.difference);
        expect(forth.high).toBeGreaterThanOrEqual(forth.difference);
      }),
      { seed: 71 },
    );
  });

  it('claims a difference only below 0.05 after the adjustment', () => {
    const correct = fc.array(fc.boolean(), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(
        fc.array(correct, { minLength: 2, maxLength: 4 }),
        fc.integer({ min: 1, max: 12 }),
        (models, times) => {
          const repeated = models.map((one, index) => ({
            name: `run ${index}`,
            correct: Array.from({ length: times }, () => one).flat(),
          }));
          for (const { adjustedPValue, pValue, outcome, verdict, low, high } of compareModels(repeated)) {
            const claims = outcome === 'aBetter' || outcome === 'bBetter';
            expect(adjustedPValue).toBeGreaterThanOrEqual(pValue);
            expect(claims).toBe(adjustedPValue < 0.05 && (low > 0 || high < 0));
            expect(verdict.includes('is better than')).toBe(claims);
            expect(verdict.includes('No difference')).toBe(outcome === 'noDifference');
            expect(verdict.includes('adjusted for')).toBe(models.length > 2);
          }
        },
      ),
      { seed: 72 },
    );
  });
});

describe('describeOutcome', () => {
  it('names the better model first', () => {
    expect(describeOutcome(clear)).toBe(
      '"A" is better than "B" by 4.1 points (95 %: 0.6 to 7.6, p = 0.02, 240 images).',
    );
    const turned = { ...clear, difference: -0.041, low: -0.076, high: -0.006 };
    expect(describeOutcome(turned)).toBe(
      '"B" is better than "A" by 4.1 points (95 %: 0.6 to 7.6, p = 0.02, 240 images).',
    );
    expect(outcomeOf(turned)).toBe('bBetter');
  });

  it.each([
    [{ adjustedPValue: 0.05 }, 'only the interval speaks for a difference, not the test'],
    [{ low: -0.001 }, 'only the test speaks for a difference, not the interval'],
    [{ low: 0 }, 'only the test speaks for a difference, not the interval'],
  ])('is careful where test and interval disagree: %j', (changes, words) => {
    const numbers = { ...clear, ...changes };
    expect(outcomeOf(numbers)).toBe('uncertain');
    expect(describeOutcome(numbers)).toContain(words);
    expect(describeOutcome(numbers)).not.toContain('better');
  });

  it('takes the end of the interval that is farther from 0, on either side', () => {
    const numbers = { ...clear, adjustedPValue: 0.4, low: -0.09, high: 0.076 };
    expect(describeOutcome(numbers)).toContain('up to 9.0 points could');
    expect(describeOutcome({ ...numbers, difference: -0.007 })).toContain('up to 9.0 points could');
    expect(describeOutcome({ ...numbers, n: 1 })).toContain('No difference that 1 image can show');
  });
});
