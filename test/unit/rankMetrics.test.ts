import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binaryAuc, oneVsRestAuc } from '../../src/shared/rankMetrics.ts';

// Whole numbers, so that ties are frequent.
const cases = fc.array(fc.tuple(fc.integer({ min: -5, max: 5 }), fc.boolean()), { minLength: 2, maxLength: 30 });

describe('binaryAuc', () => {
  it('agrees with scikit-learn, ties included', () => {
    const positive = [0, 1, 0, 1, 1, 0, 1, 0, 1, 0].map(Boolean);
    const scores = [0.1, 0.4, 0.4, 0.8, 0.4, 0.35, 0.9, 0.4, 0.2, 0.05];
    // scikit-learn 1.9.1: sklearn.metrics.roc_auc_score(positive, scores)
    expect(binaryAuc(scores, positive)).toBeCloseTo(0.8, 12);
  });

  it('is the share of pairs in the right order, a tie counting half', () => {
    fc.assert(
      fc.property(cases, (scored) => {
        const of = (wanted: boolean): number[] => scored.flatMap(([score, is]) => (is === wanted ? [score] : []));
        const pairs = of(true).flatMap((one) => of(false).map((other) => (one > other ? 1 : one === other ? 0.5 : 0)));
        const auc = binaryAuc(
          scored.map(([score]) => score),
          scored.map(([, positive]) => positive),
        );
        if (pairs.length === 0) expect(auc).toBeNull();
        else expect(auc).toBeCloseTo(pairs.reduce((sum: number, pair) => sum + pair, 0) / pairs.length, 12);
      }),
      { seed: 40 },
    );
  });

  it('mirrors when scores or sides are swapped, and heeds the order of the scores only', () => {
    fc.assert(
      fc.property(cases, (scored) => {
        const scores = scored.map(([score]) => score);
        const positive = scored.map(([, is]) => is);
        const auc = binaryAuc(scores, positive);
        fc.pre(auc !== null);
        const mirrored = 1 - (auc ?? 0);
        const negated = scores.map((score) => -score);
        const swapped = positive.map((is) => !is);
        expect(binaryAuc(negated, positive)).toBeCloseTo(mirrored, 12);
        expect(binaryAuc(scores, swapped)).toBeCloseTo(mirrored, 12);
        expect(binaryAuc(scores.map(Math.exp), positive)).toBe(auc);
      }),
      { seed: 41 },
    );
  });

  it('does not exist without cases on both sides', () => {
    expect(binaryAuc([], [])).toBeNull();
    expect(binaryAuc([1, 2], [true, true])).toBeNull();
    expect(binaryAuc([1, 2], [false, false])).toBeNull();
    expect(() => binaryAuc([1], [])).toThrow(/differ in length/);
  });
});

describe('oneVsRestAuc', () => {
  const probabilities = [
    [0.7, 0.2, 0.1],
    [0.4, 0.4, 0.2],
    [0.1, 0.8, 0.1],
    [0.25, 0.5, 0.25],
    [0.2, 0.2, 0.6],
    [0.3, 0.3, 0.4],
    [0.5, 0.3, 0.2],
    [0.1, 0.1, 0.8],
    [0.35, 0.25, 0.4],
    [0.6, 0.3, 0.1],
    [0.15, 0.65, 0.2],
    [0.05, 0.05, 0.9],
  ];
  const actual = [0, 1, 1, 0, 2, 1, 0, 2, 0, 1, 1, 2];

  it('agrees with scikit-learn', () => {
    // scikit-learn 1.9.1: roc_auc_score(actual, probabilities, multi_class='ovr', average=None) and average='macro'
    const { perClass, macro } = oneVsRestAuc(probabilities, actual, 3);
    [0.8125, 0.8857142857142857, 1].forEach((auc, index) => expect(perClass[index]).toBeCloseTo(auc, 12));
    expect(macro).toBeCloseTo(0.8994047619047619, 12);
  });

  it('leaves out classes without cases', () => {
    const wider = probabilities.map((row) => [0, ...row]);
    const shifted = actual.map((index) => index + 1);
    const { perClass, macro } = oneVsRestAuc(wider, shifted, 4);
    expect(perClass[0]).toBeNull();
    expect(macro).toBeCloseTo(0.8994047619047619, 12);
  });

  it('does not exist without cases, or with all cases of one class', () => {
    expect(oneVsRestAuc([], [], 2)).toEqual({ perClass: [null, null], macro: null });
    expect(oneVsRestAuc([[0.5, 0.5]], [1], 2)).toEqual({ perClass: [null, null], macro: null });
  });
});
