import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { ThawError } from '../../../src/shared/errors.ts';
import { decodeImage, decodeImageBytes, type DecodeSettings } from '../../../src/trainer/data/decodeImage.ts';
import { blackPng, flat, noise, put, temporaryFolder } from '../../support/imageFiles.ts';

const COLOUR = { r: 200, g: 100, b: 50 };
const TWO: DecodeSettings = { width: 2, height: 2, channels: 'rgb', resize: 'crop' };

async function decoded(image: Sharp | Uint8Array, settings: Partial<DecodeSettings> = {}): Promise<number[]> {
  const bytes = image instanceof Uint8Array ? image : await image.toBuffer();
  return [...(await decodeImageBytes(bytes, 'image', { ...TWO, ...settings })).pixels];
}

async function detailOf(decoding: Promise<unknown>): Promise<string> {
  const error: unknown = await decoding.catch((thrown: unknown) => thrown);
  if (error instanceof ThawError && error.problem.reason === 'imageUnreadable') return error.problem.detail;
  throw new Error(`expected imageUnreadable, got ${String(error)}`);
}

/** Every value differs from the expected colour by at most `tolerance`. */
function expectColour(pixels: number[], colour: number[], tolerance: number): void {
  expect(pixels.length % colour.length).toBe(0);
  pixels.forEach((value, index) => {
    expect(Math.abs(value - colour[index % colour.length])).toBeLessThanOrEqual(tolerance);
  });
}

/** Side by side: the left part in one colour, the right in another. */
function halves(left: string, right: string, width: number, height: number): Sharp {
  const part = { create: { width: width / 2, height, channels: 3, background: right } } as const;
  return flat(left, width, height).composite([{ input: part, left: width / 2, top: 0 }]);
}

describe('formats', () => {
  const rgb = [200, 100, 50];
  it.each<[string, () => Sharp, number]>([
    ['JPEG', () => flat(COLOUR).jpeg({ quality: 100 }), 2],
    ['progressive JPEG', () => flat(COLOUR).jpeg({ quality: 100, progressive: true }), 2],
    ['PNG', () => flat(COLOUR).png(), 0],
    ['PNG with a palette', () => flat(COLOUR).png({ palette: true }), 1],
    ['PNG of 16 bits', () => flat(COLOUR).toColourspace('rgb16').png(), 0],
    ['WebP', () => flat(COLOUR).webp({ lossless: true }), 0],
    ['GIF', () => flat(COLOUR).gif(), 4],
    ['TIFF', () => flat(COLOUR).tiff({ compression: 'lzw' }), 0],
    ['TIFF of 16 bits', () => flat(COLOUR).toColourspace('rgb16').tiff(), 0],
  ])('%s', async (_, image, tolerance) => {
    const pixels = await decoded(image());
    expect(pixels).toHaveLength(12);
    expectColour(pixels, rgb, tolerance);
  });

  it('CMYK JPEG becomes RGB', async () => {
    const image = await flat({ r: 250, g: 250, b: 250 }).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(image).metadata()).space).toBe('cmyk');
    expectColour(await decoded(image), [250, 250, 250], 8);
  });

  it('gray images, also of 16 bits and with alpha, get three equal channels', async () => {
    const gray = { r: 90, g: 90, b: 90 };
    expectColour(await decoded(flat(gray).toColourspace('b-w').png()), [90, 90, 90], 0);
    expectColour(await decoded(flat(gray).toColourspace('grey16').png()), [90, 90, 90], 1);
    expectColour(
      await decoded(
        flat({ ...gray, alpha: 1 })
          .toColourspace('b-w')
          .png(),
      ),
      [90, 90, 90],
      0,
    );
  });

  it('BMP', async () => {
    // One row of two pixels of 24 bits, blue first, padded to 8 bytes.
    const image = Buffer.alloc(62);
    image.write('BM', 0, 'latin1');
    image.writeUInt32LE(54, 10);
    image.writeUInt32LE(40, 14);
    image.writeInt32LE(2, 18);
    image.writeInt32LE(1, 22);
    image.writeUInt16LE(24, 28);
    image.set([50, 100, 200, 1, 2, 3], 54);
    expect(await decoded(image, { width: 2, height: 1 })).toEqual([200, 100, 50, 3, 2, 1]);
  });

  it.each(['gif', 'webp'] as const)('the first frame of an animated %s', async (format) => {
    const frames = [await flat('#ff0000').png().toBuffer(), await flat('#0000ff').png().toBuffer()];
    const image = await sharp(frames, { join: { animated: true } })
      [format]({ loop: 0 })
      .toBuffer();
    expect((await sharp(image).metadata()).pages).toBe(2);
    expectColour(await decoded(image), [255, 0, 0], 4);
  });

  it('goes by the content, not the name', async () => {
    const file = await put(await flat(COLOUR).png().toBuffer(), await temporaryFolder(), 'really-png.jpg');
    expect([...(await decodeImage(file, TWO)).subarray(0, 3)]).toEqual(rgb);
  });
});

describe('colours', () => {
  it('composites transparent pixels on white', async () => {
    expectColour(await decoded(flat({ ...COLOUR, alpha: 0 }).png()), [255, 255, 255], 0);
    expectColour(await decoded(flat({ ...COLOUR, alpha: 0.5 }).webp({ lossless: true })), [228, 178, 152], 2);
  });

  it('computes gray as Pillow does', async () => {
    const gray = { channels: 'gray' } as const;
    expect(await decoded(flat(COLOUR).png(), gray)).toEqual([124, 124, 124, 124]);
    expect(await decoded(flat('#00ff00').png(), gray)).toEqual([150, 150, 150, 150]);
    expect(await decoded(flat('#ffffff').png(), gray)).toEqual([255, 255, 255, 255]);
  });
});

describe('geometry', () => {
  it('applies the EXIF orientation', async () => {
    // 6: the camera was turned; the stored left edge is the top.
    const image = await halves('#ff0000', '#0000ff', 40, 40).withMetadata({ orientation: 6 }).png().toBuffer();
    const pixels = await decoded(image);
    expectColour(pixels.slice(0, 6), [255, 0, 0], 30);
    expectColour(pixels.slice(6), [0, 0, 255], 30);
    const tall = await decodeImageBytes(
      await flat('#ff0000', 30, 10).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
      'image',
      TWO,
    );
    expect(tall).toMatchObject({ width: 10, height: 30 });
  });

  const wide = (): Sharp => {
    const ends = ['#ff0000', '#0000ff'].map((background, index) => ({
      input: { create: { width: 10, height: 20, channels: 3, background } } as const,
      left: 30 * index,
      top: 0,
    }));
    return flat('#00ff00', 40, 20).composite(ends).png();
  };
  const size = { width: 20, height: 20 };

  it('crop keeps the middle at full height', async () => {
    expectColour(await decoded(wide(), { ...size, resize: 'crop' }), [0, 255, 0], 0);
  });

  it('stretch keeps everything', async () => {
    const row = (await decoded(wide(), { ...size, resize: 'stretch' })).slice(0, 60);
    expectColour(row.slice(0, 9), [255, 0, 0], 12);
    expectColour(row.slice(27, 33), [0, 255, 0], 12);
    expectColour(row.slice(51), [0, 0, 255], 12);
  });

  it('pad keeps everything and the proportions, on black even where the image is transparent', async () => {
    const rows = await decoded(wide(), { ...size, resize: 'pad' });
    const row = (y: number): number[] => rows.slice(60 * y, 60 * (y + 1));
    expectColour([...row(0), ...row(4), ...row(15), ...row(19)], [0, 0, 0], 0);
    expectColour(row(10).slice(0, 9), [255, 0, 0], 12);
    const clear = await decoded(flat({ ...COLOUR, alpha: 0 }, 40, 20).png(), { ...size, resize: 'pad' });
    expectColour(clear.slice(0, 60), [0, 0, 0], 0);
    expectColour(clear.slice(600, 660), [255, 255, 255], 0);
  });

  it('leaves an image of the right size untouched', async () => {
    const image = noise(1, 32, 24);
    const raw = await image.clone().raw().toBuffer();
    for (const resize of ['crop', 'pad', 'stretch'] as const) {
      expect(await decoded(image.clone().png(), { width: 32, height: 24, resize })).toEqual([...raw]);
    }
  });

  it.each([
    [103, 64],
    [64, 101],
    [33, 500],
    [640, 480],
    [900, 40],
  ])('crop of %i x %i agrees with libvips', async (width, height) => {
    const image = await noise(2, width, height).png().toBuffer();
    const expected = await sharp(image).resize(33, 31, { fit: 'cover' }).raw().toBuffer();
    expect(await decoded(image, { width: 33, height: 31 })).toEqual([...expected]);
  });

  it('reads images of 20,000 pixels a side', async () => {
    const settings = { width: 32, height: 32, channels: 'gray' } as const;
    expectColour(await decoded(blackPng(20_000, 20_000), settings), [0], 0);
    for (const resize of ['crop', 'pad', 'stretch'] as const) {
      expect(await decoded(blackPng(20_000, 4), { ...settings, resize })).toHaveLength(1024);
      expect(await decoded(blackPng(1, 20_000), { ...settings, resize })).toHaveLength(1024);
    }
  });
});

describe('files that cannot be read', () => {
  it.each(['jpeg', 'png', 'webp', 'gif', 'tiff'] as const)('a %s that is cut off, wherever', async (format) => {
    const image = await noise(3, 60, 400)[format]().toBuffer();
    for (const share of [0.02, 0.3, 0.6, 0.95]) {
      for (const resize of ['crop', 'pad', 'stretch'] as const) {
        const cut = image.subarray(0, Math.round(image.length * share));
        expect(await detailOf(decoded(cut, { width: 64, height: 64, resize }))).toMatch(/^the file is cut off/);
      }
    }
  });

  it('a long JPEG cut off outside of the crop', async () => {
    const image = await noise(4, 16, 1000).jpeg().toBuffer();
    const cut = image.subarray(0, Math.round(image.length * 0.95));
    expect(await detailOf(decoded(cut, { width: 8, height: 8 }))).toBe('the file is cut off');
  });

  it('says in words what the file is instead', async () => {
    const folder = await temporaryFolder();
    const detail = async (content: Uint8Array | string): Promise<string> =>
      detailOf(decodeImage(await put(content, folder, 'x.jpg'), TWO));
    expect(await detail('hello, this is text')).toBe('it is not an image, or of a format that is not supported');
    expect(await detail('BMW')).toBe('it is not an image, or of a format that is not supported');
    expect(await detail('')).toBe('the file is empty');
    expect(await detail('<svg xmlns="http://www.w3.org/2000/svg"/>')).toMatch('SVG');
    expect(await detail(await flat(COLOUR).avif().toBuffer())).toMatch('HEIC or AVIF');
    expect(await detail('\0\0\0\x20ftypisom')).toBe('it is a video');
    expect(await detail('BM'.padEnd(14) + '(\0\0\0')).toBe('the file is cut off');
    expect(await detailOf(decodeImage(join(folder, 'none.jpg'), TWO))).toBe('it is gone');
    expect(await detailOf(decodeImage(folder, TWO))).toBe('it is a folder');
  });

  it('an image with more pixels than are read', async () => {
    expect(await detailOf(decoded(blackPng(30_000, 20_000)))).toBe(
      'it has 30000 x 20000 pixels, and at most 500 million are read: make it smaller',
    );
  });

  it('a file beyond what can be read at once', async () => {
    const file = await put('', await temporaryFolder(), 'huge.tiff');
    await truncate(file, 2 ** 31 + 1);
    expect(await detailOf(decodeImage(file, TWO))).toBe('the file is larger than 2 GB');
  });

  it('names the file in the error', async () => {
    const file = join(await temporaryFolder(), 'none.jpg');
    await expect(decodeImage(file, TWO)).rejects.toThrow(`${file} cannot be read as an image: it is gone.`);
  });
});
