import { describe, expect, it } from 'vitest';
import type { AdviceInput } from '../../src/shared/advisor.ts';
import { findChallenger } from '../../src/shared/challenger.ts';
import { dataBand } from '../../src/shared/dataBand.ts';
import { depthCurve } from '../../src/shared/depthCurve.ts';

const blocks = Array.from({ length: 9 }, (_, index) => ({
  name: `b${index}`,
  layers: [`b${index}_conv`],
  parameters: 1000,
}));
const input = (perClass: number[], similarity: 'low' | 'high'): AdviceInput => ({
  ...{ data: dataBand(perClass), similarity, similaritySource: 'measured', blocks },
});
const LOW = [60, 60, 60];

/** Best at one block. */
function curvePeaking(peak: string) {
  const names = ['b2', 'b5', 'b8'];
  return depthCurve(
    names.map((block) => ({ block, correct: Array.from({ length: 60 }, (_, at) => at < (block === peak ? 55 : 30)) })),
  );
}

describe('the challenger', () => {
  it('of few dissimilar images is a head where the features are best', () => {
    expect(findChallenger(input(LOW, 'low'), { borderline: false }, curvePeaking('b5'))).toMatchObject({
      kind: 'earlierHead',
      quadrant: { data: 'low', similarity: 'low' },
      headAfter: 'b5',
      unfrozenBlocks: [],
    });
  });

  it('sits at two thirds of the blocks where the curve knows no better', () => {
    for (const curve of [null, curvePeaking('b8')]) {
      expect(findChallenger(input(LOW, 'low'), { borderline: false }, curve)).toMatchObject({ headAfter: 'b5' });
    }
  });

  it('does not claim to save tiny data a retraining that the table does not have', () => {
    for (const curve of [null, curvePeaking('b5')]) {
      const found = findChallenger(input([15, 15, 15], 'low'), { borderline: false }, curve);
      expect(found).toMatchObject({ kind: 'earlierHead', headAfter: 'b5' });
      expect(found?.reason).toBe(
        'With so few images only a head trains in either plan: on b5, where features are less specific to the source images, it may do better than at the end.',
      );
    }
  });

  it('between two bands is the plan of the neighbour', () => {
    expect(findChallenger(input(LOW, 'high'), { borderline: true }, null)).toMatchObject({
      kind: 'neighbour',
      quadrant: { data: 'low', similarity: 'low' },
      headAfter: null,
      unfrozenBlocks: ['b6', 'b7', 'b8'],
    });
    const middle = findChallenger(input([300, 400, 400], 'high'), { borderline: false }, null);
    expect(middle?.unfrozenBlocks).toHaveLength(9);
    expect(middle?.quadrant).toEqual({ data: 'high', similarity: 'high' });
  });

  it('is none where table and data agree, nor in a network without a choice', () => {
    expect(findChallenger(input(LOW, 'high'), { borderline: false }, null)).toBeNull();
    expect(findChallenger(input([600, 600], 'low'), { borderline: false }, null)).toBeNull();
    expect(findChallenger({ ...input(LOW, 'low'), blocks: blocks.slice(0, 1) }, { borderline: true }, null)).toBeNull();
  });
});
