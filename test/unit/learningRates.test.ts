import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { decayingRates, geometricRates, readableRate, ULMFIT_DECAY } from '../../src/shared/learningRates.ts';

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

describe('decayingRates', () => {
  it("agrees with timm's param_groups_layer_decay", () => {
    // timm 1.0.31: param_groups_layer_decay(model, layer_decay=0.75), lr_scale of each layer of a model of five blocks and
    // a head, which has scale 1.
    const scales = [0.2373046875, 0.31640625, 0.421875, 0.5625, 0.75, 1];
    expectClose(decayingRates(1, 0.75, 6), scales);
  });

  it('divides by 2.6 from group to group downwards, as ULMFiT', () => {
    // By hand: 0.01, 0.01 / 2.6, 0.01 / 6.76, 0.01 / 17.576.
    const rates = decayingRates(0.01, 1 / ULMFIT_DECAY, 4);
    expectClose(rates, [5.689576695493856e-4, 1.4792899408284023e-3, 3.846153846153846e-3, 0.01]);
    expect(decayingRates(0.01, 0.5, 0)).toEqual([]);
  });
});

describe('readableRate', () => {
  it('keeps three significant digits', () => {
    expect([1e-4 / 2.6, 0.001, 12345].map(readableRate)).toEqual([3.85e-5, 0.001, 12300]);
  });
});
