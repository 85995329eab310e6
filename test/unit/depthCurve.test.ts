import { describe, expect, it } from 'vitest';
import { depthCurve, hasDrop, isBestAtTop, tellsApart } from '../../src/shared/depthCurve.ts';
import { mcNemar, wilsonInterval } from '../../src/shared/statistics.ts';

/** Right for the first so many of 60 images. */
const right = (block: string, count: number) => ({
  block,
  correct: Array.from({ length: 60 }, (_, place) => place < count),
});

describe('the depth curve', () => {
  it('has the accuracy of each depth with its Wilson interval', () => {
    const { points, images } = depthCurve([right('a', 30), right('b', 45)]);
    expect(images).toBe(60);
    expect(points).toEqual([
      { block: 'a', accuracy: 0.5, ...wilsonInterval(30, 60) },
      { block: 'b', accuracy: 0.75, ...wilsonInterval(45, 60) },
    ]);
  });

  it('peaks at the best depth, of equals at the last', () => {
    expect(depthCurve([right('a', 30), right('b', 45), right('c', 40)]).peak).toBe(1);
    expect(depthCurve([right('a', 45), right('b', 45), right('c', 45)])).toMatchObject({
      peak: 2,
      drop: 0,
      dropPValue: 1,
    });
  });

  it('claims a drop by a paired test that counts all depths it chose among', () => {
    const depths = [right('a', 20), right('b', 52), right('c', 44)];
    const alone = mcNemar(depths[1].correct, depths[2].correct).pValue;
    const curve = depthCurve(depths);
    expect(curve.dropPValue).toBeGreaterThanOrEqual(alone);
    expect(hasDrop(curve)).toBe(true);
    expect(hasDrop(depthCurve([right('a', 20), right('b', 49), right('c', 46)]))).toBe(false);
  });

  it('takes the end for as good as the best within five points', () => {
    expect(isBestAtTop(depthCurve([right('a', 50), right('b', 47)]))).toBe(true);
    expect(isBestAtTop(depthCurve([right('a', 50), right('b', 46)]))).toBe(false);
  });

  it('says nothing where no depth is better than the largest class', () => {
    const curve = depthCurve([right('a', 20), right('b', 24)]);
    expect(tellsApart(curve, 1 / 3)).toBe(false);
    expect(tellsApart(curve, 1 / 5)).toBe(true);
  });
});
