import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mcNemar } from '../../src/shared/statistics.ts';
import {
  countByClass,
  leastTellableGain,
  shareOfImages,
  validationWarnings,
} from '../../src/shared/validationImages.ts';

describe('the least gain that images can show', () => {
  it('takes six images that only one model has right', () => {
    // 2 / 2^6 = 0.031 is below 0.05, 2 / 2^5 = 0.0625 is not.
    expect(leastTellableGain(60)).toBe(0.1);
    expect(leastTellableGain(120)).toBe(0.05);
    expect(leastTellableGain(5)).toBe(1);
    expect(leastTellableGain(0)).toBe(1);
  });

  it('is the border of what the test of two models claims', () => {
    const pOf = (images: number, more: number) =>
      mcNemar(
        Array.from({ length: images }, (_, at) => at < images / 2 + more),
        Array.from({ length: images }, (_, at) => at < images / 2),
      ).pValue;
    fc.assert(
      fc.property(fc.integer({ min: 12, max: 400 }), (images) => {
        const more = Math.round(leastTellableGain(images) * images);
        expect(pOf(images, more)).toBeLessThan(0.05);
        expect(pOf(images, more - 1)).toBeGreaterThanOrEqual(0.05);
      }),
    );
  });
});

describe('images to validate with', () => {
  it('are counted, and shared out with one of each class at least', () => {
    expect(countByClass(3, [{ classIndex: 0 }, { classIndex: 2 }, { classIndex: 0 }])).toEqual({
      images: 3,
      smallestClass: 0,
    });
    expect(shareOfImages({ images: 180, smallestClass: 60 }, 0.2)).toEqual({ images: 36, smallestClass: 12 });
    expect(shareOfImages({ images: 20, smallestClass: 2 }, 0.2)).toEqual({ images: 4, smallestClass: 1 });
  });

  it('are never fewer than those of the smallest class, nor these more than there are', () => {
    expect(shareOfImages({ images: 2, smallestClass: 1 }, 0.2)).toEqual({ images: 1, smallestClass: 1 });
    expect(shareOfImages({ images: 30, smallestClass: 0 }, 0.2)).toEqual({ images: 6, smallestClass: 0 });
  });

  it('are one image in words that fit', () => {
    const [{ text }] = validationWarnings({ images: 1, smallestClass: 1 });
    expect(text).toBe(
      'About 1 image validates the training: a gain under 100.0 points cannot be told from chance. Cross-validate, or hold out more.',
    );
  });

  it('are warned of once: by the gain they cannot show, else by the smallest class', () => {
    const [gain, ...none] = validationWarnings({ images: 36, smallestClass: 12 });
    expect(none).toEqual([]);
    expect(gain.text).toBe(
      'About 36 images validate the training, 12 of them of the smallest class: a gain under 16.7 points cannot be told from chance. Cross-validate, or hold out more.',
    );
    expect(validationWarnings({ images: 119, smallestClass: 59 })).toHaveLength(1);
    expect(validationWarnings({ images: 120, smallestClass: 60 })).toEqual([]);
    const [ofClass] = validationWarnings({ images: 400, smallestClass: 19 });
    expect(ofClass.text).toContain('only 19 of the smallest class');
    expect(validationWarnings({ images: 400, smallestClass: 20 })).toEqual([]);
  });
});
