import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nestedOrder } from '../../src/shared/nestedOrder.ts';
import { Random } from '../../src/shared/random.ts';
import { stratifiedSubset } from '../../src/shared/stratifiedSubset.ts';

const LEAST_GROUPS = 5;
const random = () => Random.seeded(1, 'subset');

/** How many of the images chosen of some classes are of each, and of how many groups. */
function choose(labels: number[], groups: number[], share: number) {
  const chosen = stratifiedSubset(labels, groups, { share, leastGroups: LEAST_GROUPS }, random());
  expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b));
  return [...new Set(labels)].map((label) => {
    const own = chosen.filter((image) => labels[image] === label);
    return { images: own.length, groups: new Set(own.map((image) => groups[image])).size, own };
  });
}

const labelsOf = (counts: number[]): number[] => counts.flatMap((count, label) => new Array<number>(count).fill(label));

describe('a stratified subset', () => {
  it('keeps enough of a small class among large ones', () => {
    const labels = labelsOf([10_000, 9_000, 30]);
    const chosen = choose(labels, [...labels.keys()], 2000 / labels.length);
    expect(chosen.map(({ images }) => images)).toEqual([1051, 946, 5]);
  });

  it('takes what it needs evenly from large groups, and no more', () => {
    const labels = labelsOf([5000, 5000]);
    const groups = labels.map((_, image) => Math.floor(image / 1000));
    for (const { images, groups: of, own } of choose(labels, groups, 0.2)) {
      expect([images, of]).toEqual([1000, 5]);
      for (const group of new Set(own.map((image) => groups[image]))) {
        expect(own.filter((image) => groups[image] === group)).toHaveLength(200);
      }
    }
  });

  it('has of each class its share or as many groups as are needed, or all that there are', () => {
    const classes = fc.array(
      fc.record({ count: fc.integer({ min: 1, max: 60 }), groups: fc.integer({ min: 1, max: 12 }) }),
      { minLength: 2, maxLength: 4 },
    );
    fc.assert(
      fc.property(classes, fc.double({ min: 0.01, max: 1, noNaN: true }), (given, share) => {
        const labels = labelsOf(given.map(({ count }) => count));
        const groups = labels.map((label, image) => 100 * label + (image % given[label].groups));
        choose(labels, groups, share).forEach(({ images, groups: of }, label) => {
          const needed = Math.min(LEAST_GROUPS, given[label].groups, given[label].count);
          expect(of).toBeGreaterThanOrEqual(needed);
          expect(images).toBe(Math.max(needed, Math.round(share * given[label].count)));
        });
      }),
    );
  });

  it('is the first share of the nested order where that holds enough groups', () => {
    const labels = labelsOf([200, 300]);
    const groups = labels.map((_, image) => Math.floor(image / 3));
    const { images, sizes } = nestedOrder([...labels.keys()], labels, groups, [0.4, 1], random());
    const chosen = stratifiedSubset(labels, groups, { share: 0.4, leastGroups: LEAST_GROUPS }, random());
    expect(chosen).toEqual(images.slice(0, sizes[0]).sort((a, b) => a - b));
  });
});
