import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ThawError } from '../../src/shared/errors.ts';
import { stratifiedFolds, stratifiedSplit } from '../../src/shared/splitData.ts';

/** Counts of images of each class, in an order that mixes the classes. */
const classIndexes = fc.array(fc.integer({ min: 2, max: 30 }), { minLength: 1, maxLength: 6 }).chain((counts) => {
  const indexes = counts.flatMap((count, classIndex) => Array.from({ length: count }, () => classIndex));
  return fc.shuffledSubarray(indexes, { minLength: indexes.length });
});
const fraction = fc.double({ min: 0.001, max: 0.999, noNaN: true });
const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 });

function names(indexes: number[]): string[] {
  return Array.from({ length: Math.max(...indexes) + 1 }, (_, index) => `class ${index}`);
}

function count(positions: number[], indexes: number[], classIndex: number): number {
  return positions.filter((position) => indexes[position] === classIndex).length;
}

describe('stratifiedSplit', () => {
  it('puts every image on exactly one side, in ascending order', () => {
    fc.assert(
      fc.property(classIndexes, fraction, seed, (indexes, share, number) => {
        const { train, validation } = stratifiedSplit(indexes, share, number, names(indexes));
        const all = [...train, ...validation].sort((a, b) => a - b);
        expect(all).toEqual(indexes.map((_, position) => position));
        for (const side of [train, validation]) expect(side).toEqual([...side].sort((a, b) => a - b));
      }),
    );
  });

  it('holds out the share of every class, to within rounding, and leaves every class on both sides', () => {
    fc.assert(
      fc.property(classIndexes, fraction, seed, (indexes, share, number) => {
        const { train, validation } = stratifiedSplit(indexes, share, number, names(indexes));
        names(indexes).forEach((_, classIndex) => {
          const heldOut = count(validation, indexes, classIndex);
          const kept = count(train, indexes, classIndex);
          expect(heldOut).toBeGreaterThanOrEqual(1);
          expect(kept).toBeGreaterThanOrEqual(1);
          expect(Math.abs(heldOut - share * (heldOut + kept))).toBeLessThanOrEqual(1);
        });
      }),
    );
  });

  it('depends on the seed and on nothing else', () => {
    const indexes = Array.from({ length: 100 }, (_, image) => image % 2);
    const split = (number: number): number[] => stratifiedSplit(indexes, 0.2, number, ['a', 'b']).validation;
    expect(split(1)).toEqual(split(1));
    expect(split(1)).not.toEqual(split(2));
    expect(split(1)).toHaveLength(20);
  });

  it('stays the same between versions of the program', () => {
    const { validation } = stratifiedSplit([0, 0, 0, 0, 0, 1, 1, 1, 1, 1], 0.4, 42, ['a', 'b']);
    expect(validation).toEqual([1, 3, 6, 9]);
    const indexes = Array.from({ length: 40 }, (_, i) => ((i * i) % 3 === 1 ? 0 : i % 2 === 0 ? 1 : 2));
    const held = (share: number, number: number): number[] =>
      stratifiedSplit(indexes, share, number, ['a', 'b', 'c']).validation;
    expect(held(0.2, 42)).toEqual([5, 13, 15, 16, 19, 24, 32]);
    expect(held(0.37, 7)).toEqual([1, 3, 4, 5, 9, 12, 16, 18, 23, 25, 26, 31, 32, 33, 35, 36]);
  });

  it.each([
    [[0, 0, 1], 1],
    [[0, 0, 0], 0],
  ])('refuses a class with fewer than two images: %j', (indexes, images) => {
    const problem = { reason: 'dataClassTooSmall', className: 'rose', images, needed: 2 };
    const split = (): unknown => stratifiedSplit(indexes, 0.2, 1, ['tulip', 'rose']);
    expect(split).toThrow(ThawError);
    expect(split).toThrow(expect.objectContaining({ problem }));
  });
});

/** Images of a few classes in groups, some of which lie in several classes; every class has at least two groups. */
const groupedImages = fc
  .array(fc.record({ classIndex: fc.integer({ min: 0, max: 3 }), group: fc.integer({ min: 0, max: 12 }) }), {
    minLength: 8,
    maxLength: 80,
  })
  .map((images) => {
    const used = [...new Set(images.map(({ classIndex }) => classIndex))];
    const indexes = images.map(({ classIndex }) => used.indexOf(classIndex));
    return { indexes, groups: images.map(({ group }) => group) };
  })
  .filter(({ indexes, groups }) =>
    names(indexes).every((_, classIndex) => new Set(groups.filter((_g, at) => indexes[at] === classIndex)).size > 1),
  );

describe('stratifiedSplit with groups', () => {
  it('is what it is without, where every group has one image', () => {
    fc.assert(
      fc.property(classIndexes, fraction, seed, (indexes, share, number) => {
        const alone = indexes.map((_, image) => 2 * image + 5);
        const split = stratifiedSplit(indexes, share, number, names(indexes));
        expect(stratifiedSplit(indexes, share, number, names(indexes), alone)).toEqual(split);
      }),
    );
  });

  it('keeps groups whole, every image once, and something of each class to train on', () => {
    fc.assert(
      fc.property(groupedImages, fraction, seed, ({ indexes, groups }, share, number) => {
        const { train, validation } = stratifiedSplit(indexes, share, number, names(indexes), groups);
        expect([...train, ...validation].sort((a, b) => a - b)).toEqual(indexes.map((_, image) => image));
        const held = new Set(validation.map((image) => groups[image]));
        expect(train.filter((image) => held.has(groups[image]))).toEqual([]);
        names(indexes).forEach((_, classIndex) => expect(count(train, indexes, classIndex)).toBeGreaterThan(0));
      }),
    );
  });

  it('comes as near to the share as groups of one class allow, and leaves something on either side', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 2, maxLength: 10 });
    fc.assert(
      fc.property(sizes, fraction, seed, (groupSizes, share, number) => {
        const groups = groupSizes.flatMap((size, group) => Array.from({ length: size }, () => group));
        const indexes = groups.map(() => 0);
        const { train, validation } = stratifiedSplit(indexes, share, number, ['a'], groups);
        expect(train.length * validation.length).toBeGreaterThan(0);
        const target = Math.min(Math.max(Math.round(groups.length * share), 1), groups.length - 1);
        // At worst a group is held out, or kept, of which one image alone was wanted.
        expect(Math.abs(validation.length - target)).toBeLessThan(Math.max(2, ...groupSizes));
        const kept = groupSizes.filter((_, group) => !validation.some((image) => groups[image] === group));
        const isBetter = (length: number): boolean => Math.abs(length - target) < Math.abs(validation.length - target);
        const improving = kept.filter((size) => size < train.length && isBetter(validation.length + size));
        expect(improving).toEqual([]);
      }),
    );
  });

  it('exchanges groups where that comes nearer, whatever came first', () => {
    const groups = [13, 4, 3].flatMap((size, group) => Array.from({ length: size }, () => group));
    const indexes = groups.map(() => 0);
    for (let number = 0; number < 12; number++) {
      const { validation } = stratifiedSplit(indexes, 0.2, number, ['a'], groups);
      expect(validation.map((image) => groups[image])).toEqual([1, 1, 1, 1]);
    }
  });

  it('takes other groups under another seed', () => {
    const groups = Array.from({ length: 20 }, (_, image) => Math.floor(image / 4));
    const indexes = groups.map(() => 0);
    const held = Array.from({ length: 20 }, (_, number) => {
      const { validation } = stratifiedSplit(indexes, 0.15, number, ['a'], groups);
      expect(validation).toHaveLength(4);
      return groups[validation[0]];
    });
    expect(new Set(held).size).toBe(5);
  });

  it('refuses a class that is one group', () => {
    const split = (): unknown => stratifiedSplit([0, 0, 1, 1], 0.2, 1, ['tulip', 'rose'], [0, 1, 2, 2]);
    const problem = { reason: 'dataOneGroup', className: 'rose', images: 2 };
    expect(split).toThrow(expect.objectContaining({ problem }));
  });
});

describe('stratifiedFolds', () => {
  const folds = fc.integer({ min: 2, max: 6 });

  it('spreads every class and the whole evenly where there are no groups', () => {
    fc.assert(
      fc.property(classIndexes, folds, seed, (indexes, number, start) => {
        const least = Math.min(
          ...names(indexes).map((_, classIndex) => count([...indexes.keys()], indexes, classIndex)),
        );
        fc.pre(least >= number);
        const foldOf = stratifiedFolds(indexes, null, number, start, names(indexes));
        const sizes = (images: number[]): number[] =>
          Array.from({ length: number }, (_, fold) => images.filter((image) => foldOf[image] === fold).length);
        for (const [classIndex] of names(indexes).entries()) {
          const perFold = sizes([...indexes.keys()].filter((image) => indexes[image] === classIndex));
          expect(Math.max(...perFold) - Math.min(...perFold)).toBeLessThanOrEqual(1);
        }
        const whole = sizes([...indexes.keys()]);
        expect(whole.reduce((sum, size) => sum + size, 0)).toBe(indexes.length);
        expect(Math.max(...whole) - Math.min(...whole)).toBeLessThanOrEqual(names(indexes).length);
      }),
    );
  });

  it('keeps groups whole', () => {
    fc.assert(
      fc.property(groupedImages, seed, ({ indexes, groups }, start) => {
        const foldOf = stratifiedFolds(indexes, groups, 2, start, names(indexes));
        const divided = groups.filter((group, image) => foldOf[groups.indexOf(group)] !== foldOf[image]);
        expect(divided).toEqual([]);
        expect(new Set(foldOf).size).toBe(2);
      }),
    );
  });

  it('balances groups of one class by size', () => {
    const groups = [6, 5, 4, 3, 2, 1].flatMap((size, group) => Array.from({ length: size }, () => group));
    const foldOf = stratifiedFolds(
      groups.map(() => 0),
      groups,
      3,
      1,
      ['a'],
    );
    expect([0, 1, 2].map((fold) => foldOf.filter((own) => own === fold).length)).toEqual([7, 7, 7]);
  });

  it('depends on the seed and stays the same between versions of the program', () => {
    const indexes = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
    const of = (number: number): number[] => stratifiedFolds(indexes, null, 3, number, ['a', 'b']);
    expect(of(42)).toEqual([0, 2, 1, 1, 2, 0, 1, 2, 1, 0]);
    expect(of(43)).not.toEqual(of(42));
  });

  it.each([
    [null, { images: 2, needed: 3, folds: 3 }],
    [[0, 1, 2, 3, 4, 4, 5], { images: 3, needed: 3, folds: 3, groups: 2 }],
  ])('refuses a class with fewer images or groups than folds: %j', (groups, details) => {
    const indexes = groups ? [0, 0, 0, 0, 1, 1, 1] : [0, 0, 0, 0, 1, 1];
    const problem = { reason: 'dataClassTooSmall', className: 'rose', ...details };
    expect(() => stratifiedFolds(indexes, groups, 3, 1, ['tulip', 'rose'])).toThrow(
      expect.objectContaining({ problem }),
    );
  });
});
