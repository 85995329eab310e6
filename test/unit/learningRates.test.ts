import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { geometricRates, readableRate } from '../../src/shared/learningRates.ts';

const expectClose = (actual: number[], expected: number[]): void => {
  expect(actual).toHaveLength(expected.length);
  for (const [index, rate] of expected.entries()) expect(actual[index] / rate).toBeCloseTo(1, 12);
};

describe('geometricRates', () => {
  it('agrees with slice(1e-5, 1e-3) of fastai over three groups', () => {
    expectClose(geometricRates(1e-5, 1e-3, 3), [1e-5, 1e-4, 1e-3]);
  });

  it("agrees with timm's layer decay of 0.75 over five groups", () => {
    expectClose(
      geometricRates(0.75 ** 4, 1, 5),
      [0, 1, 2, 3, 4].map((group) => 0.75 ** (4 - group)),
    );
  });

  it('gives one group the high rate, and no group nothing', () => {
    expect(geometricRates(1e-5, 1e-3, 1)).toEqual([1e-3]);
    expect(geometricRates(1e-5, 1e-3, 0)).toEqual([]);
  });

  it('keeps the ends, the order and one ratio', () => {
    const rate = fc.double({ min: 1e-8, max: 1, noNaN: true });
    fc.assert(
      fc.property(rate, rate, fc.integer({ min: 3, max: 50 }), (a, b, count) => {
        fc.pre(b > a * 1.001);
        const rates = geometricRates(a, b, count);
        expect(rates[0]).toBe(a);
        expect(rates[count - 1] / b).toBeCloseTo(1, 12);
        const ratios = rates.slice(1).map((value, index) => value / rates[index]);
        expect(Math.min(...ratios)).toBeGreaterThan(1);
        expect(Math.max(...ratios) / Math.min(...ratios)).toBeCloseTo(1, 9);
      }),
      { seed: 14 },
    );
  });
});

describe('readableRate', () => {
  it('keeps three significant digits', () => {
    expect([1e-4 / 2.6, 0.001, 12345].map(readableRate)).toEqual([3.85e-5, 0.001, 12300]);
  });
});
