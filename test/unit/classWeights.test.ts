import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classWeights } from '../../src/shared/classWeights.ts';

const NAMES = ['tulip', 'rose', 'daisy'];

describe('classWeights', () => {
  it('leaves balanced classes alone, up to half as many again', () => {
    expect(classWeights([30, 20, 25], 'auto', NAMES)).toEqual([1, 1, 1]);
    expect(classWeights([31, 20, 25], 'auto', NAMES)).not.toEqual([1, 1, 1]);
  });

  it('gives every class the same total weight and images a mean weight of one', () => {
    expect(classWeights([10, 20, 30], 'auto', NAMES)).toEqual([2, 1, 60 / 90]);
    const counts = fc.array(fc.integer({ min: 10, max: 1000 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(counts, (images) => {
        const weights = classWeights(images, 'auto', images.map(String));
        const totals = images.map((count, index) => count * weights[index]);
        const sum = images.reduce((all, count) => all + count, 0);
        expect(totals.reduce((all, total) => all + total, 0)).toBeCloseTo(sum, 6);
        if (Math.max(...images) / Math.min(...images) > 1.5) {
          for (const total of totals) expect(total).toBeCloseTo(sum / images.length, 6);
        }
      }),
    );
  });

  it('refuses more than a hundred to one, unless told how to weigh', () => {
    expect(classWeights([100, 1, 50], 'auto', NAMES)).toHaveLength(3);
    const problem = { reason: 'dataImbalanced', ratio: 101, smallest: 'rose', largest: 'tulip' };
    expect(() => classWeights([101, 1, 50], 'auto', NAMES)).toThrow(expect.objectContaining({ problem }));
    expect(classWeights([101, 1, 50], 'none', NAMES)).toEqual([1, 1, 1]);
    expect(classWeights([101, 1, 50], [1, 20, 2], NAMES)).toEqual([1, 20, 2]);
  });

  it('refuses a class without images', () => {
    const problem = { reason: 'dataClassTooSmall', className: 'daisy', images: 0, needed: 2 };
    expect(() => classWeights([3, 2, 0], 'auto', NAMES)).toThrow(expect.objectContaining({ problem }));
  });
});
