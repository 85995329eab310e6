import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawCropBox, resolveAugmentation, variantBoxes, type Box } from '../../src/shared/augmentation.ts';
import { Random } from '../../src/shared/random.ts';

const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const settings = fc.record({ flip: fc.boolean(), crop: fc.double({ min: 0, max: 0.5, noNaN: true }) });
const WHOLE: Box = [0, 0, 1, 1];
const MIRRORED: Box = [0, 1, 1, 0];

describe('resolveAugmentation', () => {
  it('knows the presets', () => {
    expect(resolveAugmentation('none')).toEqual({ flip: false, crop: 0, variants: 1 });
    expect(resolveAugmentation('light')).toEqual({ flip: true, crop: 0.1, variants: 2 });
    expect(resolveAugmentation('strong')).toEqual({ flip: true, crop: 0.25, variants: 4 });
  });

  it.each([
    [{ flip: false, crop: 0 }, 1],
    [{ flip: true, crop: 0 }, 2],
    [{ flip: false, crop: 0.2 }, 4],
    [{ flip: true, crop: 0.2 }, 4],
    [{ flip: true, crop: 0.2, variants: 7 }, 7],
  ])('%j has %i variants', (setting, variants) => {
    expect(resolveAugmentation(setting)).toEqual({ ...setting, variants });
  });
});

describe('drawCropBox', () => {
  it('keeps proportions, stays inside the image and cuts no more than asked', () => {
    fc.assert(
      fc.property(settings, seed, (augmentation, number) => {
        const [y1, x1, y2, x2] = drawCropBox(Random.seeded(number, 'test'), augmentation);
        const [left, right] = [Math.min(x1, x2), Math.max(x1, x2)];
        expect(right - left).toBeCloseTo(y2 - y1, 12);
        expect(y2 - y1).toBeGreaterThanOrEqual(1 - augmentation.crop - 1e-12);
        for (const edge of [y1, y2, left, right]) {
          expect(edge).toBeGreaterThanOrEqual(0);
          expect(edge).toBeLessThanOrEqual(1 + 1e-12);
        }
        if (!augmentation.flip) expect(x1).toBeLessThan(x2);
      }),
    );
  });

  it('is the whole image where nothing varies, and its mirror image half of the time where only flips do', () => {
    const random = Random.seeded(1, 'test');
    const draw = (flip: boolean): Box[] => Array.from({ length: 400 }, () => drawCropBox(random, { flip, crop: 0 }));
    for (const box of draw(false)) expect(box).toEqual(WHOLE);
    const mirrored = draw(true).filter(([, x1]) => x1 === 1);
    for (const box of mirrored) expect(box).toEqual(MIRRORED);
    expect(mirrored.length).toBeGreaterThan(150);
    expect(mirrored.length).toBeLessThan(250);
  });

  it('reaches all corners and sizes', () => {
    const random = Random.seeded(2, 'test');
    const boxes = Array.from({ length: 500 }, () => drawCropBox(random, { flip: false, crop: 0.5 }));
    const heights = boxes.map(([y1, , y2]) => y2 - y1);
    expect(Math.min(...heights)).toBeLessThan(0.52);
    expect(Math.max(...heights)).toBeGreaterThan(0.98);
    expect(Math.max(...boxes.map(([y1]) => y1))).toBeGreaterThan(0.35);
    expect(Math.max(...boxes.map(([, x1]) => x1))).toBeGreaterThan(0.35);
    expect(boxes.some(([y1, x1]) => y1 > 0.2 && x1 < 0.05)).toBe(true);
  });

  it('takes the same numbers whatever the settings', () => {
    fc.assert(
      fc.property(settings, seed, (augmentation, number) => {
        const random = Random.seeded(number, 'test');
        const other = Random.seeded(number, 'test');
        drawCropBox(random, augmentation);
        drawCropBox(other, { flip: false, crop: 0 });
        expect(random.save()).toEqual(other.save());
      }),
    );
  });
});

describe('variantBoxes', () => {
  it('starts with the whole image and depends on seed and image alone', () => {
    const strong = resolveAugmentation('strong');
    const boxes = variantBoxes(strong, 42, 7);
    expect(boxes).toHaveLength(4);
    expect(boxes[0]).toEqual(WHOLE);
    expect(new Set(boxes.map(String)).size).toBe(4);
    expect(variantBoxes(strong, 42, 7)).toEqual(boxes);
    expect(variantBoxes(strong, 42, 8)).not.toEqual(boxes);
    expect(variantBoxes(strong, 43, 7)).not.toEqual(boxes);
  });

  it('gives every different variant once where there are few', () => {
    expect(variantBoxes(resolveAugmentation('none'), 1, 0)).toEqual([WHOLE]);
    expect(variantBoxes({ flip: false, crop: 0, variants: 5 }, 1, 0)).toEqual([WHOLE]);
    expect(variantBoxes({ flip: true, crop: 0, variants: 5 }, 1, 0)).toEqual([WHOLE, MIRRORED]);
    expect(variantBoxes({ flip: true, crop: 0, variants: 1 }, 1, 0)).toEqual([WHOLE]);
    expect(variantBoxes({ flip: true, crop: 0.3, variants: 1 }, 1, 0)).toEqual([WHOLE]);
  });
});
