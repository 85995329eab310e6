import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ThawError } from '../../src/shared/errors.ts';
import { stratifiedSplit } from '../../src/shared/splitData.ts';

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
