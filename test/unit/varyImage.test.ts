import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawVariant, UNCHANGED, type Variant } from '../../src/shared/augmentation.ts';
import { Random } from '../../src/shared/random.ts';
import { varyImage } from '../../src/shared/varyImage.ts';

interface Picture {
  pixels: Uint8Array;
  height: number;
  width: number;
}

/** [height, width, channels]: (37 row + 61 column + 89 channel + 13 row column + 20) mod 256. */
function pattern(height: number, width: number, channels: number): Picture {
  const pixels = Uint8Array.from({ length: height * width * channels }, (_, at) => {
    const row = Math.floor(at / (width * channels));
    const column = Math.floor(at / channels) % width;
    return 37 * row + 61 * column + 89 * (at % channels) + 13 * row * column + 20;
  });
  return { pixels, height, width };
}

function varied(picture: Picture, changes: Partial<Variant>): number[] {
  return [...varyImage(picture.pixels, picture, { ...UNCHANGED, ...changes })];
}

function mirrorImage({ pixels, height, width }: Picture): Picture {
  const channels = pixels.length / (height * width);
  const mirrored = pixels.map((_, at) => {
    const pixel = Math.floor(at / channels);
    const column = pixel % width;
    return pixels[(pixel - column + width - 1 - column) * channels + (at % channels)];
  });
  return { pixels: mirrored, height, width };
}

const off = { flip: false, crop: 0, rotate: 0, color: 0, erase: 0 };
const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const pictures = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.constantFrom(1, 3))
  .map(([height, width, channels]) => pattern(height, width, channels));
const angles = fc.double({ min: -45, max: 45, noNaN: true });

function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  return Math.max(...Array.from(actual, (value, at) => Math.abs(value - expected[at])));
}

describe('varyImage', () => {
  it('gives the image itself where nothing changes', () => {
    fc.assert(
      fc.property(pictures, seed, (picture, number) => {
        const variant = drawVariant(Random.seeded(number, 'test'), off);
        expect(varyImage(picture.pixels, picture, variant)).toBe(picture.pixels);
      }),
    );
  });

  it('gives the mirror image bit for bit', () => {
    fc.assert(
      fc.property(pictures, (picture) => {
        expect(varied(picture, { mirrored: true })).toEqual([...mirrorImage(picture).pixels]);
      }),
    );
  });

  it('leaves the image it is given alone, whatever is done', () => {
    const everything = { flip: true, crop: 0.5, rotate: 45, color: 1, erase: 0.5 };
    fc.assert(
      fc.property(pictures, seed, (picture, number) => {
        const before = picture.pixels.slice();
        const variant = drawVariant(Random.seeded(number, 'test'), everything);
        const after = varyImage(picture.pixels, picture, variant);
        expect(picture.pixels).toEqual(before);
        expect(after).toHaveLength(before.length);
        expect(varyImage(picture.pixels, picture, variant)).toEqual(after);
      }),
    );
  });

  it('cuts windows as cropAndResize of TensorFlow does, to one gray level', async () => {
    await tf.setBackend('cpu');
    fc.assert(
      fc.property(pictures, seed, ({ pixels, height, width }, number) => {
        // Of a single row or column TensorFlow takes the middle instead of the ends.
        fc.pre(height > 1 && width > 1);
        const channels = pixels.length / (height * width);
        const variant = drawVariant(Random.seeded(number, 'test'), { ...off, flip: true, crop: 0.5 });
        const { top, left, ...size } = variant.window;
        const [x1, x2] = variant.mirrored ? [left + size.width, left] : [left, left + size.width];
        const expected = tf.tidy(() =>
          tf.image
            .cropAndResize(
              tf.tensor4d(Float32Array.from(pixels), [1, height, width, channels]),
              [[top, x1, top + size.height, x2]],
              [0],
              [height, width],
            )
            .dataSync(),
        );
        expect(largestDifference(varyImage(pixels, { height, width }, variant), expected)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 200 },
    );
  });

  // scipy 1.17.1: ndimage.map_coordinates(image, order=1, mode='mirror') at the places that the rotation matrix about
  // the middle says. `Image.rotate` of Pillow 13.0.0 (BILINEAR) of the first image, padded by np.pad(mode='reflect'),
  // differs by 1 at most.
  it('rotates counter-clockwise about the middle and mirrors the image at its edges', () => {
    expect(varied(pattern(6, 7, 1), { angle: 30 })).toEqual([
      ...[161, 132, 115, 54, 163, 196, 55],
      ...[106, 155, 90, 96, 100, 81, 151],
      ...[86, 164, 84, 122, 89, 124, 145],
      ...[85, 175, 58, 145, 115, 156, 145],
      ...[137, 174, 140, 153, 190, 178, 122],
      ...[188, 155, 50, 149, 135, 165, 132],
    ]);
    // So narrow that it is mirrored several times.
    expect(varied(pattern(7, 2, 1), { angle: 45 })).toEqual([
      ...[58, 141, 99, 115, 165, 160, 132, 156, 152, 149, 66, 122, 193, 132],
    ]);
  });

  // As above, with the matrices of each of the four steps multiplied.
  it('cuts, mirrors and rotates in one step', () => {
    const window = { top: 0.1, left: 0.25, height: 0.6, width: 0.6 };
    expect(varied(pattern(5, 6, 1), { window, mirrored: true, angle: -20 })).toEqual([
      ...[138, 78, 82, 140, 159, 129],
      ...[124, 112, 52, 89, 175, 144],
      ...[145, 143, 79, 86, 148, 153],
      ...[77, 124, 104, 39, 80, 152],
      ...[79, 149, 125, 57, 121, 185],
    ]);
  });

  it('treats the channels alike', () => {
    const changes = { window: { top: 0.2, left: 0.1, height: 0.7, width: 0.7 }, mirrored: true, angle: 17 };
    const { pixels, height, width } = pattern(6, 5, 3);
    const all = varied({ pixels, height, width }, changes);
    for (const channel of [0, 1, 2]) {
      const ofChannel = (_: number, at: number): boolean => at % 3 === channel;
      const alone = { pixels: pixels.filter(ofChannel), height, width };
      expect(varied(alone, changes)).toEqual(all.filter(ofChannel));
    }
  });

  it('rotates a mirrored image as it mirrors one rotated the other way', () => {
    fc.assert(
      fc.property(pictures, angles, (picture, angle) => {
        const { height, width } = picture;
        const turned = Uint8Array.from(varied(picture, { angle: -angle }));
        const mirrored = mirrorImage({ pixels: turned, height, width }).pixels;
        expect(largestDifference(varied(picture, { mirrored: true, angle }), mirrored)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('invents no values: no corner is black', () => {
    fc.assert(
      fc.property(pictures, angles, ({ height, width }, angle) => {
        const pixels = pattern(height, width, 1).pixels.map((value) => 100 + (value % 50));
        for (const value of varied({ pixels, height, width }, { angle })) {
          expect(value).toBeGreaterThanOrEqual(Math.min(...pixels));
          expect(value).toBeLessThanOrEqual(Math.max(...pixels));
        }
      }),
    );
  });

  it('covers what is erased with the mean of each channel, after all else', () => {
    // Red is 0, 10, 20 ... 150, mean 75; green is 8; blue is 255 once, mean 15.9.
    const pixels = Uint8Array.from({ length: 48 }, (_, at) => {
      const pixel = Math.floor(at / 3);
      return [10 * pixel, 8, pixel === 15 ? 255 : 0][at % 3];
    });
    const picture = { pixels, height: 4, width: 4 };
    const erased = { top: 0.25, left: 0.5, height: 0.6, width: 0.3 };
    const expected = [...pixels];
    // Row 1 and the one below it (2.4 rows, of which 2 are whole), column 2 (1.2 columns, of which 1 is whole).
    for (const pixel of [6, 10]) expected.splice(3 * pixel, 3, 75, 8, 16);
    expect(varied(picture, { erased })).toEqual(expected);
    // Mirrored first: the erased part stays where it is.
    const mirrored = [...mirrorImage(picture).pixels];
    for (const pixel of [6, 10]) mirrored.splice(3 * pixel, 3, 75, 8, 16);
    expect(varied(picture, { erased, mirrored: true })).toEqual(mirrored);
    // Twice as bright, red is 0, 20, 40 ... 240 and three times 255, mean 145.3; blue is as before.
    const bright = { kind: 'brightness', factor: 2 } as const;
    expect(varied(picture, { erased, colors: [bright] }).slice(18, 21)).toEqual([145, 16, 16]);
  });

  it('erases no more of the area than it may', () => {
    const sizes = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(sizes, sizes, fc.double({ min: 0, max: 0.5, noNaN: true }), seed, (height, width, erase, number) => {
        const variant = drawVariant(Random.seeded(number, 'test'), { ...off, erase });
        // Alternating black and white: their mean is neither.
        const pixels = Uint8Array.from({ length: height * width }, (_, at) => (at % 2) * 255);
        const after = varyImage(pixels, { height, width }, variant);
        const covered = after.filter((value, at) => value !== pixels[at]).length;
        expect(covered).toBeLessThanOrEqual(erase * height * width);
      }),
      { numRuns: 300 },
    );
  });
});
