import { describe, expect, it } from 'vitest';
import { BmpError, decodeBmp, readBmpHeader, type RawImage } from '../../../src/trainer/data/bmp.ts';

interface BmpParts {
  bits: number;
  /** Rows as stored, unpadded. */
  rows: number[][];
  width: number;
  palette?: number[];
  headerBytes?: number;
  compression?: number;
  masks?: number[];
  fromTop?: boolean;
}

/** Puts a bitmap together from its parts. */
function bmp({
  bits,
  rows,
  width,
  palette = [],
  headerBytes = 40,
  compression = 0,
  masks = [],
  fromTop,
}: BmpParts): Buffer {
  const isCore = headerBytes === 12;
  const masksBytes = headerBytes === 40 ? 4 * masks.length : 0;
  const start = 14 + headerBytes + masksBytes + palette.length;
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  const bytes = Buffer.alloc(start + rowBytes * rows.length);
  bytes.write('BM', 0, 'latin1');
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(start, 10);
  bytes.writeUInt32LE(headerBytes, 14);
  if (isCore) {
    bytes.writeUInt16LE(width, 18);
    bytes.writeUInt16LE(rows.length, 20);
    bytes.writeUInt16LE(1, 22);
    bytes.writeUInt16LE(bits, 24);
  } else {
    bytes.writeInt32LE(width, 18);
    bytes.writeInt32LE(fromTop ? -rows.length : rows.length, 22);
    bytes.writeUInt16LE(1, 26);
    bytes.writeUInt16LE(bits, 28);
    bytes.writeUInt32LE(compression, 30);
    masks.forEach((mask, index) => bytes.writeUInt32LE(mask, 54 + 4 * index));
  }
  Buffer.from(palette).copy(bytes, 14 + headerBytes + masksBytes);
  rows.forEach((row, index) => Buffer.from(row).copy(bytes, start + index * rowBytes));
  return bytes;
}

function decode(parts: BmpParts): RawImage {
  const bytes = bmp(parts);
  return decodeBmp(bytes, readBmpHeader(bytes));
}

/** Colours of an image, one list of channels a pixel. */
function colours({ data, channels }: RawImage): number[][] {
  return Array.from({ length: data.length / channels }, (_, pixel) => [
    ...data.subarray(pixel * channels, (pixel + 1) * channels),
  ]);
}

const RED = [255, 0, 0];
const GREEN = [0, 255, 0];
const BLUE = [0, 0, 255];
const BLACK = [0, 0, 0];
/** Blue, green, red, unused: black, red, green, blue. */
const PALETTE = [0, 0, 0, 0, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0];

describe('decodeBmp', () => {
  it('reads 24 bits from the bottom row up, past the padding', () => {
    const image = decode({
      bits: 24,
      width: 1,
      rows: [
        [255, 0, 0],
        [0, 0, 255],
      ],
    });
    expect(image).toMatchObject({ width: 1, height: 2, channels: 3 });
    expect(colours(image)).toEqual([RED, BLUE]);
  });

  it('reads rows stored from the top', () => {
    const image = decode({
      bits: 24,
      width: 1,
      fromTop: true,
      rows: [
        [255, 0, 0],
        [0, 0, 255],
      ],
    });
    expect(colours(image)).toEqual([BLUE, RED]);
  });

  it.each([
    [1, [0b10100000], [RED, BLACK, RED]],
    [2, [0b01101100], [RED, GREEN, BLUE]],
    [4, [0x12, 0x30], [RED, GREEN, BLUE]],
    [8, [1, 2, 3], [RED, GREEN, BLUE]],
  ])('reads %i bits through the palette', (bits, row, expected) => {
    const palette = PALETTE.slice(0, 4 * Math.min(2 ** bits, 4));
    expect(colours(decode({ bits, width: 3, rows: [row], palette }))).toEqual(expected);
  });

  it('reads the palette of three bytes an entry of OS/2 bitmaps', () => {
    const palette = [0, 0, 0, 0, 0, 255];
    expect(colours(decode({ bits: 1, width: 2, rows: [[0b01000000]], palette, headerBytes: 12 }))).toEqual([
      BLACK,
      RED,
    ]);
  });

  it('shows an index past the end of the palette as black', () => {
    expect(colours(decode({ bits: 8, width: 2, rows: [[1, 200]], palette: PALETTE }))).toEqual([RED, BLACK]);
  });

  it('reads 16 bits as 5-5-5 and by masks as 5-6-5', () => {
    expect(colours(decode({ bits: 16, width: 2, rows: [[0x00, 0x7c, 0xe0, 0x03]] }))).toEqual([RED, GREEN]);
    const masks = [0xf800, 0x07e0, 0x001f];
    const row = [0x00, 0xf8, 0xe0, 0x07];
    expect(colours(decode({ bits: 16, width: 2, rows: [row], compression: 3, masks }))).toEqual([RED, GREEN]);
  });

  it('ignores the fourth byte of 32 bits without masks', () => {
    expect(colours(decode({ bits: 32, width: 2, rows: [[0, 0, 255, 7, 255, 0, 0, 0]] }))).toEqual([RED, BLUE]);
  });

  it('reads alpha by its mask, unless it is 0 everywhere', () => {
    const masks = [0x00ff0000, 0x0000ff00, 0x000000ff, 0xff000000];
    const parts = { bits: 32, width: 2, compression: 3, masks, headerBytes: 124 };
    expect(colours(decode({ ...parts, rows: [[0, 0, 255, 128, 255, 0, 0, 0]] }))).toEqual([
      [...RED, 128],
      [...BLUE, 0],
    ]);
    expect(colours(decode({ ...parts, rows: [[0, 0, 255, 0, 255, 0, 0, 0]] }))).toEqual([RED, BLUE]);
  });

  it('says what is wrong with a file', () => {
    const whole = bmp({
      bits: 24,
      width: 2,
      rows: [
        [1, 2, 3, 4, 5, 6],
        [1, 2, 3, 4, 5, 6],
      ],
    });
    expect(() => readBmpHeader(whole.subarray(0, 20))).toThrow(new BmpError('the file is cut off'));
    const short = whole.subarray(0, whole.length - 6);
    expect(() => decodeBmp(short, readBmpHeader(short))).toThrow(new BmpError('the file is cut off'));
    expect(() => decode({ bits: 8, width: 1, rows: [[1]], compression: 1 })).toThrow('it is a compressed BMP');
    expect(() => decode({ bits: 7, width: 1, rows: [[1]] })).toThrow('7 bits a pixel');
    expect(() => decode({ bits: 8, width: 0, rows: [[1]] })).toThrow('it has no size');
  });
});
