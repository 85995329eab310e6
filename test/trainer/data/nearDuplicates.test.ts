import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { Groups } from '../../../src/shared/groups.ts';
import type { ResizeMode } from '../../../src/shared/plan.ts';
import { Random } from '../../../src/shared/random.ts';
import { decodeImageBytes } from '../../../src/trainer/data/decodeImage.ts';
import {
  areAlike,
  imageSignature,
  type ImageSignature,
  MOST_HASH_BITS,
} from '../../../src/trainer/data/imageSignature.ts';
import { joinNearDuplicates, visitNearDuplicates } from '../../../src/trainer/data/nearDuplicates.ts';
import { flat } from '../../support/imageFiles.ts';
import { photographs } from '../../support/photograph.ts';

async function signature(content: Buffer, resize: ResizeMode = 'stretch', size = 96): Promise<ImageSignature> {
  const settings = { width: size, height: size, channels: 'rgb', resize } as const;
  return imageSignature((await decodeImageBytes(content, 'image', settings)).whole);
}

/** Pairs of images that look nearly the same. */
async function pairs(contents: Buffer[]): Promise<[number, number][]> {
  const found: [number, number][] = [];
  const signatures = await Promise.all(contents.map((content) => signature(content)));
  await visitNearDuplicates(signatures, { skip: () => false, visit: (a, b) => found.push([a, b]) });
  return found;
}

/** A white stroke on black, 28 x 28, as a digit is: `slant` leans it, `at` moves it. */
function stroke(slant: number, at: number): Promise<Buffer> {
  const pixels = new Uint8Array(28 * 28);
  for (let row = 4; row < 24; row++) {
    const column = Math.round(at + slant * (row - 14));
    for (let width = 0; width < 3; width++) pixels[row * 28 + column + width] = 255;
  }
  return sharp(pixels, { raw: { width: 28, height: 28, channels: 1 } })
    .png()
    .toBuffer();
}

/** A sky: a gradient between two blues with a little noise. */
function sky(seed: number, top: number, bottom: number): Promise<Buffer> {
  const random = Random.seeded(seed, 'sky');
  const pixels = Uint8Array.from({ length: 120 * 90 * 3 }, (_, at) => {
    const share = Math.floor(at / 360) / 90;
    const light = top + (bottom - top) * share + 6 * random.uniform();
    return Math.min(255, Math.round([light * 0.6, light * 0.8, light][at % 3]));
  });
  return sharp(pixels, { raw: { width: 120, height: 90, channels: 3 } })
    .jpeg()
    .toBuffer();
}

describe('near-duplicates', () => {
  it('are copies in another format, size, quality or brightness, and images cut a little', async () => {
    const { jpg, png, webp } = await photographs(1);
    const copies = [
      jpg,
      webp,
      await sharp(png).jpeg({ quality: 30 }).toBuffer(),
      await sharp(png).resize(120).jpeg().toBuffer(),
      await sharp(png).linear(1.1, 4).png().toBuffer(),
      await sharp(png).extract({ left: 1, top: 1, width: 178, height: 133 }).png().toBuffer(),
    ];
    expect((await pairs([png, ...copies])).filter(([a]) => a === 0)).toEqual(copies.map((_, at) => [0, at + 1]));
  });

  it('are not other photographs, colours or motifs', async () => {
    const others = await Promise.all([2, 3, 4, 5, 6, 7].map(async (seed) => (await photographs(seed)).jpg));
    const { png } = await photographs(1);
    const gray = await sharp(png).grayscale().toColourspace('srgb').png().toBuffer();
    const mirrored = await sharp(png).flop().png().toBuffer();
    expect(await pairs([png, gray, mirrored, ...others])).toEqual([]);
  });

  it('are not strokes on black that lean or lie otherwise, though their hashes agree', async () => {
    const strokes = [await stroke(0, 12), await stroke(0.1, 12), await stroke(0, 13), await stroke(-0.15, 12)];
    expect(await pairs(strokes)).toEqual([]);
    const hashes = (await Promise.all(strokes.map((content) => signature(content)))).map(({ hash }) => hash);
    const bits = (a: number, b: number): number => (a ^ b).toString(2).replace(/[^1]/g, '').length;
    expect(bits(hashes[0][0], hashes[2][0]) + bits(hashes[0][1], hashes[2][1])).toBeLessThanOrEqual(MOST_HASH_BITS);
    expect(await pairs([...strokes, await stroke(0.1, 12)])).toEqual([[1, 4]]);
  });

  it('are not plain images of another colour or brightness', async () => {
    const plain = await Promise.all(
      ['#000000', '#ffffff', '#808080', '#8080a0', '#202040'].map((colour) => flat(colour).png().toBuffer()),
    );
    expect(await pairs(plain)).toEqual([]);
    expect(await pairs([...plain, await flat('#808080').jpeg().toBuffer()])).toEqual([[2, 5]]);
    const skies = [await sky(1, 200, 230), await sky(2, 230, 200), await sky(3, 120, 150)];
    expect(await pairs(skies)).toEqual([]);
  });

  it.each(['crop', 'pad', 'stretch'] as const)('are the same ones for networks of every size (%s)', async (resize) => {
    const { png, jpg } = await photographs(1);
    const tall = await sharp(png).extract({ left: 0, top: 0, width: 60, height: 135 }).png().toBuffer();
    for (const size of [48, 224]) {
      expect(areAlike(await signature(png), await signature(jpg, resize, size))).toBe(true);
      expect(areAlike(await signature(tall), await signature(tall, resize, size))).toBe(true);
    }
  });

  it('join groups in chains, and images without a signature join none', async () => {
    const { png, jpg } = await photographs(1);
    const known = await Promise.all([png, (await photographs(2)).jpg, jpg].map((content) => signature(content)));
    const groups = Groups.named(['p', null, null, 'p', null]);
    await joinNearDuplicates(groups, [known[1], known[0], null, known[1], known[2]]);
    expect(groups.numbers()).toEqual([0, 1, 2, 0, 1]);
    await joinNearDuplicates(groups, [known[0], known[0], null, null, null]);
    expect(groups.numbers()).toEqual([0, 0, 2, 0, 0]);
  });
});
