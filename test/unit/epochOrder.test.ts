import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochOrder } from '../../src/shared/epochOrder.ts';
import { Random } from '../../src/shared/random.ts';

const random = (seed: number): Random => Random.seeded(seed, 'order');
const images = fc.uniqueArray(fc.nat(200), { minLength: 1, maxLength: 60 });

describe('shuffled', () => {
  it('takes each image once', () => {
    fc.assert(
      fc.property(images, fc.nat(), (all, seed) => {
        const order = epochOrder(all, () => 0, 'shuffle', random(seed));
        expect([...order].sort()).toEqual([...all].sort());
      }),
      { seed: 1 },
    );
  });
});

describe('balanced', () => {
  const labelOf = (image: number): number => (image < 5 ? 0 : image < 60 ? 1 : 2);
  const counts = (values: readonly number[]): Map<number, number> => {
    const found = new Map<number, number>();
    for (const value of values) found.set(value, (found.get(value) ?? 0) + 1);
    return found;
  };

  it('takes as many images as there are, of each class as many as of any other, and all of a class alike often', () => {
    fc.assert(
      fc.property(images, fc.nat(), (all, seed) => {
        const order = epochOrder(all, labelOf, 'balanced', random(seed));
        expect(order).toHaveLength(all.length);
        const perClass = [...counts(order.map(labelOf)).values()];
        expect(Math.max(...perClass) - Math.min(...perClass)).toBeLessThanOrEqual(1);
        for (const label of new Set(all.map(labelOf))) {
          const own = all.filter((image) => labelOf(image) === label);
          const taken = own.map((image) => counts(order).get(image) ?? 0);
          expect(Math.max(...taken) - Math.min(...taken)).toBeLessThanOrEqual(1);
        }
      }),
      { seed: 2 },
    );
  });

  it('gives the same order for the same random numbers', () => {
    const all = Array.from({ length: 40 }, (_, index) => index);
    expect(epochOrder(all, labelOf, 'balanced', random(3))).toEqual(epochOrder(all, labelOf, 'balanced', random(3)));
    expect(epochOrder(all, labelOf, 'balanced', random(3))).not.toEqual(
      epochOrder(all, labelOf, 'balanced', random(4)),
    );
  });
});
