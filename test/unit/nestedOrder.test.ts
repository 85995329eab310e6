import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nestedOrder } from '../../src/shared/nestedOrder.ts';
import { Random } from '../../src/shared/random.ts';

const SHARES = [0.25, 0.5, 0.75, 1];

describe('images in nested shares', () => {
  it('are all of them once, with the share of every class in each part', () => {
    const classes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(classes, fc.nat(100), (counts, seed) => {
        const labels = counts.flatMap((count, label) => new Array<number>(count).fill(label));
        const all = [...labels.keys()];
        const { images, sizes } = nestedOrder(all, labels, all, SHARES, Random.seeded(seed, 'order'));
        expect([...images].sort((a, b) => a - b)).toEqual(all);
        expect(sizes.at(-1)).toBe(all.length);
        sizes.forEach((size, place) => {
          const part = images.slice(0, size).map((image) => labels[image]);
          counts.forEach((count, label) => {
            expect(part.filter((each) => each === label)).toHaveLength(Math.max(1, Math.round(SHARES[place] * count)));
          });
        });
      }),
    );
  });

  it('come group by group', () => {
    const labels = new Array<number>(40).fill(0);
    const groups = labels.map((_, image) => image % 10);
    const { images, sizes } = nestedOrder([...labels.keys()], labels, groups, SHARES, Random.seeded(1, 'order'));
    expect(new Set(images.slice(0, sizes[0]).map((image) => groups[image])).size).toBe(3);
    expect(new Set(images.slice(0, sizes[1]).map((image) => groups[image])).size).toBe(5);
  });

  it('differ from seed to seed', () => {
    const labels = new Array<number>(40).fill(0);
    const order = (seed: number) =>
      nestedOrder([...labels.keys()], labels, [...labels.keys()], SHARES, Random.seeded(seed, 'order')).images;
    expect(order(1)).toEqual(order(1));
    expect(order(1)).not.toEqual(order(2));
  });
});
