import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  balancedAccuracy,
  confusionMatrix,
  groupedMcNemar,
  holmAdjusted,
  mcNemar,
  median,
  normalCdf,
  normalQuantile,
  pairedDifferenceInterval,
  perClassMetrics,
  wilsonInterval,
} from '../../src/shared/statistics.ts';
import { anyPairedAnswers, pairedAnswers } from '../support/pairedAnswers.ts';

describe('normalQuantile', () => {
  it.each([
    [0.5, 0],
    [0.975, 1.959963984540054],
    [0.995, 2.5758293035489004],
    [0.025, -1.959963984540054],
    [0.9999, 3.719016485455709],
  ])('of %d is %d', (p, z) => {
    expect(normalQuantile(p)).toBeCloseTo(z, 10);
  });
});

describe('normalCdf', () => {
  // scipy 1.17.1: scipy.stats.norm.cdf(z)
  it.each([
    [-3.5, 0.00023262907903552502],
    [-1, 0.15865525393145707],
    [-0.1, 0.460172162722971],
    [0, 0.5],
    [0.5, 0.6914624612740131],
    [2, 0.9772498680518208],
    [6, 0.9999999990134123],
    [-40, 0],
    [40, 1],
  ])('of %d is %d', (z, p) => {
    expect(normalCdf(z)).toBeCloseTo(p, 14);
  });

  it('undoes normalQuantile', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), (p) => {
        expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 13);
      }),
      { seed: 20 },
    );
  });
});

describe('wilsonInterval', () => {
  // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('of %d in %d agrees with the published values', (successes, n, low, high) => {
    const interval = wilsonInterval(successes, n);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  it('is everything without observations', () => {
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
  });

  it('holds the share, stays in range, mirrors, and narrows with n and with less confidence', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, part) => {
        const successes = Math.round(part * n);
        const { low, high } = wilsonInterval(successes, n);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(successes / n);
        expect(high).toBeGreaterThanOrEqual(successes / n);
        expect(wilsonInterval(n - successes, n).low).toBeCloseTo(1 - high, 12);
        const more = wilsonInterval(successes * 4, n * 4);
        expect(more.high - more.low).toBeLessThan(high - low);
        const loose = wilsonInterval(successes, n, 0.8);
        expect(loose.high - loose.low).toBeLessThan(high - low);
      }),
      { seed: 5 },
    );
  });
});

describe('mcNemar', () => {
  // Fagerland, Lydersen and Laake, BMC Medical Research Methodology 13:91 (2013): exact conditional test.
  it('agrees with the published airway example', () => {
    const { a, b } = pairedAnswers(1, 1, 7, 12);
    expect(mcNemar(a, b)).toEqual({ onlyA: 1, onlyB: 7, pValue: 0.0703125 });
  });

  it('agrees with binomial sums for larger tables', () => {
    const large = pairedAnswers(3, 59, 121, 8);
    expect(mcNemar(large.a, large.b).pValue / 4.434449263755176e-6).toBeCloseTo(1, 9);
    const middle = pairedAnswers(0, 10, 25, 0);
    expect(mcNemar(middle.a, middle.b).pValue).toBeCloseTo(0.01667384780012071, 12);
  });

  it('does not underflow for tens of thousands of cases', () => {
    const { a, b } = pairedAnswers(0, 10000, 10050, 0);
    expect(mcNemar(a, b).pValue).toBeCloseTo(0.729, 2);
  });

  it('is 1 where nothing or as much speaks for either', () => {
    expect(mcNemar([], []).pValue).toBe(1);
    const { a, b } = pairedAnswers(5, 4, 4, 5);
    expect(mcNemar(a, b).pValue).toBe(1);
  });

  it('refuses lists of different length', () => {
    expect(() => mcNemar([true], [])).toThrow(/differ in length/);
  });
});

describe('groupedMcNemar', () => {
  /** The share of all 2^groups ways to swap the classifiers that give a difference at least as large. */
  function byEnumeration(advantages: number[]): number {
    const total = (signs: number): number =>
      advantages.reduce((sum, advantage, bit) => sum + (signs & (1 << bit) ? advantage : -advantage), 0);
    const all = Array.from({ length: 2 ** advantages.length }, (_, signs) => Math.abs(total(signs)));
    const observed = Math.abs(advantages.reduce((sum, advantage) => sum + advantage, 0));
    return all.filter((one) => one >= observed).length / all.length;
  }

  it('counts the ways to swap whole groups', () => {
    // Groups of advantage 3, 2, -1, 1 and 0.
    const groups = ['p', 'p', 'p', 'q', 'q', 'r', 's', 't', 't'];
    const a = [true, true, true, true, true, false, true, true, false];
    const b = [false, false, false, false, false, true, false, false, true];
    const { onlyA, onlyB, pValue } = groupedMcNemar(a, b, groups);
    expect([onlyA, onlyB]).toEqual([7, 2]);
    // Of 16 signs of 3, 2, 1, 1 a sum of at least 5 either way: 3+2+1+1, 3+2+1-1 twice, and the same turned round.
    expect(pValue).toBe(6 / 16);
  });

  it('agrees with trying every way', () => {
    const group = fc.integer({ min: 0, max: 8 });
    fc.assert(
      fc.property(anyPairedAnswers, fc.array(group, { minLength: 60, maxLength: 60 }), ({ a, b }, all) => {
        const groups = all.slice(0, a.length);
        const advantages = Array.from({ length: 9 }, (_, name) =>
          a.reduce((sum, right, index) => sum + (groups[index] === name ? Number(right) - Number(b[index]) : 0), 0),
        );
        expect(groupedMcNemar(a, b, groups).pValue).toBeCloseTo(byEnumeration(advantages), 12);
      }),
      { seed: 23 },
    );
  });

  it('is the exact test where every case is a group', () => {
    fc.assert(
      fc.property(anyPairedAnswers, ({ a, b }) => {
        const alone = mcNemar(a, b);
        const grouped = groupedMcNemar(a, b, [...a.keys()]);
        expect(grouped).toEqual({ ...alone, pValue: expect.closeTo(alone.pValue, 12) as number });
      }),
      { seed: 24 },
    );
  });

  it('refuses groups of other cases', () => {
    expect(() => groupedMcNemar([true], [false], [])).toThrow(/differ in length/);
  });
});

describe('pairedDifferenceInterval', () => {
  it('agrees with the formula of Agresti and Min', () => {
    const { a, b } = pairedAnswers(1, 1, 7, 12);
    const { difference, low, high } = pairedDifferenceInterval(a, b);
    expect(difference).toBeCloseTo(-6 / 21, 12);
    expect(low).toBeCloseTo(-0.49322583309367124, 10);
    expect(high).toBeCloseTo(-0.028513297341111354, 10);
  });

  it('changes sign with the order, and stays in range', () => {
    const cell = fc.nat(60);
    fc.assert(
      fc.property(cell, cell, cell, cell, (both, onlyA, onlyB, neither) => {
        fc.pre(both + onlyA + onlyB + neither > 0);
        const { a, b } = pairedAnswers(both, onlyA, onlyB, neither);
        const forth = pairedDifferenceInterval(a, b);
        const back = pairedDifferenceInterval(b, a);
        expect(back.low).toBeCloseTo(-forth.high, 12);
        expect(back.difference).toBeCloseTo(-forth.difference, 12);
        expect(forth.low).toBeGreaterThanOrEqual(-1);
        expect(forth.high).toBeLessThanOrEqual(1);
        expect(forth.low).toBeLessThan(forth.high);
      }),
      { seed: 6 },
    );
  });

  it('knows nothing without cases', () => {
    expect(pairedDifferenceInterval([], [])).toEqual({ difference: 0, low: -1, high: 1 });
  });
});

describe('holmAdjusted', () => {
  // statsmodels 0.15.0: statsmodels.stats.multitest.multipletests(pValues, method='holm')[1]
  it.each([
    [
      [0.01, 0.04, 0.03, 0.005],
      [0.03, 0.06, 0.06, 0.02],
    ],
    [
      [0.02, 0.02, 0.9],
      [0.06, 0.06, 0.9],
    ],
    [
      [0.6, 0.5, 0.7],
      [1, 1, 1],
    ],
    [[0.03], [0.03]],
    [[], []],
  ])('of %j is %j', (pValues, adjusted) => {
    holmAdjusted(pValues).forEach((value, index) => expect(value).toBeCloseTo(adjusted[index], 12));
    expect(holmAdjusted(pValues)).toHaveLength(adjusted.length);
  });

  it('never lowers a p-value, keeps their order, and is no harsher than Bonferroni', () => {
    const pValue = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(pValue, { minLength: 1, maxLength: 12 }), (pValues) => {
        const adjusted = holmAdjusted(pValues);
        for (const [index, p] of pValues.entries()) {
          expect(adjusted[index]).toBeGreaterThanOrEqual(p);
          expect(adjusted[index]).toBeLessThanOrEqual(Math.min(1, p * pValues.length));
          for (const [other, q] of pValues.entries()) {
            if (p <= q) expect(adjusted[index]).toBeLessThanOrEqual(adjusted[other]);
          }
        }
      }),
      { seed: 21 },
    );
  });
});

describe('median', () => {
  it('is the middle one by size, and of an even count the upper one', () => {
    expect([median([3]), median([10, 9, 100]), median([1, 2, 3, 4])]).toEqual([3, 10, 3]);
    const values = [2, 1];
    median(values);
    expect(values).toEqual([2, 1]);
  });
});

describe('metrics of a confusion matrix', () => {
  const confusion = confusionMatrix([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 0, 0], 4);

  it('counts actual classes in rows', () => {
    expect(confusion).toEqual([
      [2, 1, 0, 0],
      [1, 1, 0, 0],
      [1, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
  });

  it('gives precision and recall, and null where they do not exist', () => {
    expect(perClassMetrics(confusion)).toEqual([
      { n: 3, precision: 0.5, recall: 2 / 3 },
      { n: 2, precision: 0.5, recall: 0.5 },
      { n: 1, precision: null, recall: 0 },
      { n: 0, precision: null, recall: null },
    ]);
  });

  it('averages recall over the classes that have cases', () => {
    expect(balancedAccuracy(confusion)).toBeCloseTo((2 / 3 + 0.5 + 0) / 3, 12);
    expect(balancedAccuracy([[0]])).toBeNull();
  });
});
