import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { depthCurve, type DepthCurve } from '../../src/shared/depthCurve.ts';
import { distanceBand, judgeSimilarity, type SimilarityBand } from '../../src/shared/similarity.ts';
import type { SimilarityMeasurement } from '../../src/shared/similarityResult.ts';
import { similarityWarnings } from '../../src/shared/similarityWarnings.ts';

const BANDS = { high: 0.15, low: 0.35 };

/** A curve over two depths with so many of 100 images right. */
function curveOf(early: number, last: number): DepthCurve {
  const depth = (block: string, count: number) => ({
    block,
    correct: Array.from({ length: 100 }, (_, at) => at < count),
  });
  return depthCurve([depth('early', early), depth('last', last)]);
}

const RISING = curveOf(50, 80);
const FALLING = curveOf(90, 60);
/** Falls, but too little to be shown. */
const UNSURE = depthCurve([
  { block: 'early', correct: Array.from({ length: 100 }, (_, at) => at < 60) },
  { block: 'last', correct: Array.from({ length: 100 }, (_, at) => at >= 46) },
]);

const distance = (value: number) => ({ distance: value, low: value / 1.1, high: value * 1.1 });
const judge = (value: number | null, curve: DepthCurve | null, bands = true) =>
  judgeSimilarity({
    distance: value === null ? null : distance(value),
    bands: bands ? BANDS : null,
    curve,
  });

describe('the band of a distance', () => {
  it.each([
    [0.149, 'high'],
    [0.15, 'medium'],
    [0.35, 'medium'],
    [0.351, 'low'],
  ])('of %d is %s', (value, band) => {
    expect(distanceBand(value, BANDS)).toBe(band);
  });
});

describe('the judgement of similarity', () => {
  it.each<[string, number | null, DepthCurve | null, SimilarityBand]>([
    ['near and best at the end', 0.05, RISING, 'high'],
    ['near and worse at the end', 0.05, FALLING, 'medium'],
    ['between and best at the end', 0.2, RISING, 'high'],
    ['between and worse at the end', 0.2, FALLING, 'low'],
    ['between, without a curve', 0.2, null, 'medium'],
    ['far and best at the end', 0.5, RISING, 'medium'],
    ['far and worse at the end', 0.5, FALLING, 'low'],
    ['far, without a curve', 0.5, null, 'low'],
    ['no distance and best at the end', null, RISING, 'high'],
    ['no distance and worse at the end', null, FALLING, 'low'],
  ])('%s', (_, value, curve, band) => {
    const judgement = judge(value, curve);
    expect(judgement).toMatchObject({
      band,
      borderline: band === 'medium',
      source: 'measured',
      similarity: band === 'low' ? 'low' : 'high',
    });
  });

  it('leaves a fall alone that the images cannot show', () => {
    expect(UNSURE.drop).toBeGreaterThan(0.05);
    expect(judge(0.05, UNSURE)).toMatchObject({ band: 'high', correction: null });
  });

  it('goes by the curve alone where the network was not calibrated, and says so', () => {
    const judgement = judge(0.01, FALLING, false);
    expect(judgement).toMatchObject({ band: 'low', byDistance: null });
    expect(judgement.reasons[0]).toContain('not calibrated');
    expect(judge(99, RISING, false).band).toBe('high');
  });

  it.each([
    ['without batch normalization', null, /^The network has no usable .* to compare the images with\.$/],
    ['not calibrated', 0.2, /^Batch-normalization distance 0\.2 .* not calibrated for this network\.$/],
  ])(
    'knows nothing of a network %s whose features tell nothing apart, and assumes the similarity',
    (_, value, first) => {
      const judgement = judge(value, null, false);
      expect(judgement).toMatchObject({
        ...{ band: 'high', similarity: 'high', source: 'assumed' },
        ...{ borderline: false, byDistance: null, correction: null },
      });
      expect(judgement.reasons).toEqual([expect.stringMatching(first), expect.stringContaining('says nothing')]);
    },
  );

  it('says that features get better only where the end is better than all before it', () => {
    expect(judge(null, RISING).reasons[1]).toBe('Features get better up to the end of the network (80.0 %).');
    expect(judge(null, curveOf(100, 100)).reasons[1]).toBe(
      'Features are as good at the end of the network as anywhere (100.0 %).',
    );
  });

  it('is never higher for a larger distance', () => {
    const order: SimilarityBand[] = ['low', 'medium', 'high'];
    const curves = fc.constantFrom(RISING, FALLING, UNSURE, null);
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 2, noNaN: true }),
        fc.double({ min: 0, max: 2, noNaN: true }),
        curves,
        (a, b, curve) => {
          const [near, far] = [Math.min(a, b), Math.max(a, b)];
          expect(order.indexOf(judge(far, curve).band)).toBeLessThanOrEqual(order.indexOf(judge(near, curve).band));
        },
      ),
    );
  });

  it('gives the numbers behind both measures', () => {
    expect(judge(0.2, FALLING).reasons).toEqual([
      'Batch-normalization distance 0.2 (95 %: 0.18 to 0.22), between 0.15 and 0.35: the network meets partly what it knows.',
      'Features are best at early (90.0 %) and significantly worse at the end (60.0 %): the last blocks are specific to other images.',
    ]);
  });
});

describe('warnings', () => {
  const shift = (inputShift: boolean) => ({ inputShift, inseparable: [] });
  const distances = { '-1..1': 0.1, '0..1': 0.2, '0..255': 500, imagenet: 0.3, caffe: 200 };

  it('names a range that is much nearer', () => {
    const [warning] = similarityWarnings({ range: '0..1', distances, measurement: shift(false) });
    expect(warning).toMatchObject({ code: 'valueRange' });
    expect(warning.text).toContain('Set input.range to "-1..1"');
    expect(
      similarityWarnings({ range: '0..1', distances: { ...distances, '-1..1': 0.15 }, measurement: shift(false) }),
    ).toEqual([]);
  });

  it('names a distance that no photograph has', () => {
    const far = { '-1..1': 6, '0..1': 6, '0..255': 6, imagenet: 6, caffe: 6 };
    expect(
      similarityWarnings({ range: '-1..1', distances: far, measurement: shift(true) }).map(({ code }) => code),
    ).toEqual(['valueRange']);
  });

  it('names a shift of the input, unless it is the range', () => {
    expect(similarityWarnings({ range: '-1..1', distances, measurement: shift(true) }).map(({ code }) => code)).toEqual(
      ['inputShift'],
    );
    expect(
      similarityWarnings({ range: '0..255', distances, measurement: shift(true) }).map(({ code }) => code),
    ).toEqual(['valueRange']);
    expect(similarityWarnings({ range: '-1..1', distances: null, measurement: shift(false) })).toEqual([]);
  });

  it('names the worst pair of classes that look alike, and how many more there are', () => {
    const pair = { classes: ['ant', 'bee'] as [string, string], block: 'top', right: 9, images: 20 };
    const texts = (inseparable: SimilarityMeasurement['inseparable'], own = distances) =>
      similarityWarnings({ range: '-1..1', distances: own, measurement: { inputShift: false, inseparable } });
    const [alone, ...none] = texts([{ ...pair, elsewhere: null }]);
    expect(none).toEqual([]);
    expect(alone.code).toBe('inseparableClasses');
    expect(alone.text).toBe(
      '"ant" and "bee" look alike to the network: by its features at top, below the head, nearest neighbours name 9 of 20 images right, no better than chance. Unfreeze blocks, add images that show the difference, or make one class of the two.',
    );
    const early = { ...pair, elsewhere: { block: 'middle', right: 18 } };
    expect(texts([early, early, early])[0].text).toMatch(
      /So it is with 2 more pairs of classes\. At middle they name 18 right: try a head there\.$/,
    );
    // In a wrong range they may look alike for that reason.
    expect(texts([early], { ...distances, '-1..1': 500 }).map(({ code }) => code)).toEqual(['valueRange']);
  });
});
