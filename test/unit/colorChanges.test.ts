import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ColorChange } from '../../src/shared/augmentation.ts';
import { changeColors } from '../../src/shared/colorChanges.ts';
import { luma } from '../../src/shared/luma.ts';

/** [3, 4, 3]: (37 row + 61 column + 89 channel + 13 row column + 20) mod 256. */
const RGB = [
  ...[20, 109, 198, 81, 170, 3, 142, 231, 64, 203, 36, 125],
  ...[57, 146, 235, 131, 220, 53, 205, 38, 127, 23, 112, 201],
  ...[94, 183, 16, 181, 14, 103, 12, 101, 190, 99, 188, 21],
];
/** Its first channel, [3, 4, 1]. */
const GRAY = RGB.filter((_, at) => at % 3 === 0);

function changed(pixels: number[], ...changes: ColorChange[]): number[] {
  const copy = Uint8Array.from(pixels);
  changeColors(copy, pixels === GRAY ? 1 : 3, changes);
  return [...copy];
}

const kinds = fc.constantFrom<ColorChange['kind'][]>('brightness', 'contrast', 'saturation');
const images = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 12, maxLength: 12 });

describe('changeColors', () => {
  // ImageEnhance.Brightness, Contrast and Color of Pillow 13.0.0, `enhance(factor)`, which torchvision calls for images of
  // Pillow. It cuts fractions off where we round.
  it.each<[ColorChange, number[], number[]]>([
    [
      { kind: 'brightness', factor: 1.3 },
      RGB,
      [
        ...[26, 141, 255, 105, 220, 3, 184, 255, 83, 255, 46, 162],
        ...[74, 189, 255, 170, 255, 68, 255, 49, 165, 29, 145, 255],
        ...[122, 237, 20, 235, 18, 133, 15, 131, 246, 128, 244, 27],
      ],
    ],
    [
      { kind: 'brightness', factor: 0.6 },
      RGB,
      [
        ...[12, 65, 118, 48, 102, 1, 85, 138, 38, 121, 21, 75],
        ...[34, 87, 141, 78, 132, 31, 123, 22, 76, 13, 67, 120],
        ...[56, 109, 9, 108, 8, 61, 7, 60, 114, 59, 112, 12],
      ],
    ],
    [
      { kind: 'contrast', factor: 1.4 },
      RGB,
      [
        ...[0, 104, 229, 65, 190, 0, 150, 255, 41, 236, 2, 127],
        ...[31, 156, 255, 135, 255, 26, 239, 5, 129, 0, 108, 233],
        ...[83, 208, 0, 205, 0, 96, 0, 93, 218, 90, 215, 0],
      ],
    ],
    [
      { kind: 'contrast', factor: 0.5 },
      RGB,
      [
        ...[70, 114, 159, 100, 145, 61, 131, 175, 92, 161, 78, 122],
        ...[88, 133, 177, 125, 170, 86, 162, 79, 123, 71, 116, 160],
        ...[107, 151, 68, 150, 67, 111, 66, 110, 155, 109, 154, 70],
      ],
    ],
    [{ kind: 'contrast', factor: 1.5 }, GRAY, [0, 69, 161, 252, 33, 144, 255, 0, 89, 219, 0, 96]],
    [
      { kind: 'saturation', factor: 1.4 },
      RGB,
      [
        ...[0, 115, 240, 63, 188, 0, 124, 249, 15, 245, 12, 136],
        ...[27, 152, 255, 113, 238, 4, 247, 14, 138, 0, 118, 243],
        ...[76, 201, 0, 223, 0, 114, 0, 107, 232, 81, 206, 0],
      ],
    ],
    [
      { kind: 'saturation', factor: 0.3 },
      RGB,
      [
        ...[71, 97, 124, 111, 137, 87, 172, 198, 148, 128, 78, 104],
        ...[108, 134, 161, 161, 187, 137, 130, 80, 106, 74, 100, 127],
        ...[124, 150, 100, 106, 56, 82, 63, 89, 116, 129, 155, 105],
      ],
    ],
  ])('does %j as Pillow does', (change, pixels, expected) => {
    const above = changed(pixels, change).map((value, at) => value - expected[at]);
    expect(Math.min(...above)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...above)).toBeLessThanOrEqual(1);
  });

  it('rounds to the nearest value and keeps to 0 and 255', () => {
    // 0.5 x 3 = 1.5 and 0.5 x 1 = 0.5 go to the even one.
    expect(changed([3, 1, 10, 11, 101, 255], { kind: 'brightness', factor: 0.5 })).toEqual([2, 0, 5, 6, 50, 128]);
    expect(changed([3, 1, 10, 11, 101, 255], { kind: 'brightness', factor: 2 })).toEqual([6, 2, 20, 22, 202, 255]);
    // The grays of black and white have the mean 127.5: 127.5 - 0.4 x 127.5 = 76.5 and 127.5 + 0.4 x 127.5 = 178.5.
    expect(changed([0, 0, 0, 255, 255, 255], { kind: 'contrast', factor: 0.4 })).toEqual([76, 76, 76, 178, 178, 178]);
    expect(changed([0, 0, 0, 255, 255, 255], { kind: 'contrast', factor: 9 })).toEqual([0, 0, 0, 255, 255, 255]);
  });

  it('makes changes one after the other', () => {
    const [dark, flat] = [
      { kind: 'brightness', factor: 0.2 },
      { kind: 'contrast', factor: 0 },
    ] as const;
    // 0.2 x 200 = 40 and 0 have the mean 20. 2 x 200, cut to 255, and 0 have the mean 127.5; 0 and 200 have 100.
    expect(changed([0, 0, 0, 200, 200, 200], dark, flat)).toEqual([20, 20, 20, 20, 20, 20]);
    const bright = { kind: 'brightness', factor: 2 } as const;
    expect(changed([0, 0, 0, 200, 200, 200], bright, flat)).toEqual([128, 128, 128, 128, 128, 128]);
    expect(changed([0, 0, 0, 200, 200, 200], flat, bright)).toEqual([200, 200, 200, 200, 200, 200]);
  });

  it('changes nothing by a factor of 1', () => {
    fc.assert(
      fc.property(images, kinds, (pixels, kind) => {
        expect(changed(pixels, { kind, factor: 1 })).toEqual(pixels);
      }),
    );
  });

  it('changes the mean by no more than the factor of the brightness', () => {
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    fc.assert(
      fc.property(images, fc.double({ min: 0, max: 2, noNaN: true }), (pixels, factor) => {
        const after = mean(changed(pixels, { kind: 'brightness', factor }));
        expect(after).toBeLessThanOrEqual(factor * mean(pixels) + 0.5);
        if (factor <= 1) expect(after).toBeGreaterThanOrEqual(factor * mean(pixels) - 0.5);
      }),
    );
  });

  it('leaves grays alone when saturation changes, in one channel or three', () => {
    const change = { kind: 'saturation', factor: 1.7 } as const;
    expect(changed(GRAY, change)).toEqual(GRAY);
    const grays = GRAY.flatMap((gray) => [gray, gray, gray]);
    expect(changed(grays, change)).toEqual(grays);
  });

  it('takes the gray of each pixel at no saturation', () => {
    const grays = changed(RGB, { kind: 'saturation', factor: 0 });
    for (let at = 0; at < RGB.length; at += 3) {
      const gray = luma(RGB[at], RGB[at + 1], RGB[at + 2]);
      expect(grays.slice(at, at + 3)).toEqual([gray, gray, gray]);
    }
  });
});

describe('luma', () => {
  it('weighs the colours as ITU-R BT.601 does', () => {
    // 0.299 x 255 = 76.2, 0.587 x 255 = 149.7, 0.114 x 255 = 29.1.
    expect([luma(255, 0, 0), luma(0, 255, 0), luma(0, 0, 255), luma(255, 255, 255)]).toEqual([76, 150, 29, 255]);
  });
});
