import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leaveOneOutNeighbours } from '../../src/shared/nearestNeighbours.ts';

const rows = (list: number[][]) => ({ values: Float32Array.from(list.flat()), size: list[0].length });

describe('leave-one-out neighbours', () => {
  it('judges each row by the majority of the others that point the same way', () => {
    const features = rows([
      [1, 0],
      [5, 0.1],
      [1, 0.2],
      [0, 1],
      [0.1, 3],
      [0.2, 1],
    ]);
    expect(leaveOneOutNeighbours(features, [0, 0, 0, 1, 1, 1], 2)).toEqual([true, true, true, true, true, true]);
    expect(leaveOneOutNeighbours(features, [0, 0, 1, 1, 1, 1], 1)).toEqual([true, true, false, true, true, true]);
  });

  it('never lets a row vote for itself', () => {
    const features = rows([
      [1, 0],
      [0, 1],
    ]);
    expect(leaveOneOutNeighbours(features, [0, 1], 1)).toEqual([false, false]);
  });

  it('gives a tie to the class that is nearer', () => {
    const features = rows([
      [1, 0],
      [1, 0.1],
      [1, 0.5],
    ]);
    expect(leaveOneOutNeighbours(features, [0, 0, 1], 2)[0]).toBe(true);
    expect(leaveOneOutNeighbours(features, [1, 0, 1], 2)[0]).toBe(false);
  });

  it('does not depend on the length of a row, nor on the names of the classes', () => {
    const cases = fc.array(
      fc.tuple(fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 3, maxLength: 3 }), fc.nat(2)),
      {
        minLength: 4,
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 5 }), (list, k) => {
        const labels = list.map(([, label]) => label);
        const given = leaveOneOutNeighbours(rows(list.map(([row]) => row)), labels, k);
        const longer = rows(list.map(([row]) => row.map((value) => 4 * value)));
        expect(leaveOneOutNeighbours(longer, labels, k)).toEqual(given);
        expect(
          leaveOneOutNeighbours(
            longer,
            labels.map((label) => 7 - label),
            k,
          ),
        ).toEqual(given);
      }),
    );
  });

  it('refuses rows that are not as many as labels', () => {
    expect(() => leaveOneOutNeighbours({ values: new Float32Array(5), size: 2 }, [0, 1], 1)).toThrow();
  });
});
