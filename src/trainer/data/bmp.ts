/**
 * A decoder for Windows and OS/2 bitmaps, which libvips as shipped with sharp does not read. Uncompressed bitmaps of 1,
 * 2, 4, 8, 16, 24 and 32 bits and those with bit masks; not run-length encoded ones.
 * Format: https://learn.microsoft.com/windows/win32/gdi/bitmap-storage
 */

/** An image as rows of pixels from the top, `channels` bytes each: red, green, blue and, where there are 4, alpha. */
export interface RawImage {
  width: number;
  height: number;
  channels: 3 | 4;
  data: Uint8Array;
}

/** Thrown by `readBmpHeader` and `decodeBmp`; the message says what is wrong with the file, in words. */
export class BmpError extends Error {}

export interface BmpHeader {
  width: number;
  height: number;
  /** Rows are stored from the top; the usual order is from the bottom. */
  fromTop: boolean;
  bitsPerPixel: number;
  /** Offset of the first row. */
  pixels: number;
  /** Red, green, blue triples; null above 8 bits a pixel. */
  palette: Uint8Array | null;
  /** Bits of red, green, blue and alpha in a pixel of 16 or 32 bits; 0 where there is no alpha. */
  masks: [red: number, green: number, blue: number, alpha: number];
}

const FILE_HEADER_BYTES = 14;
const CORE_HEADER_BYTES = 12;
const INFO_HEADER_BYTES = 40;
const HEADER_WITH_MASKS_BYTES = 52;
const HEADER_WITH_ALPHA_BYTES = 56;

const UNCOMPRESSED = 0;
const BIT_FIELDS = 3;
const ALPHA_BIT_FIELDS = 6;

/**
 * Reads everything before the pixels.
 *
 * @throws BmpError
 */
export function readBmpHeader(bytes: Uint8Array): BmpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return parseHeader(view);
  } catch (error) {
    if (error instanceof RangeError) throw new BmpError('the file is cut off');
    throw error;
  }
}

function parseHeader(view: DataView): BmpHeader {
  const pixels = view.getUint32(10, true);
  const headerBytes = view.getUint32(FILE_HEADER_BYTES, true);
  const isCore = headerBytes === CORE_HEADER_BYTES;
  const width = isCore ? view.getUint16(18, true) : view.getInt32(18, true);
  const storedHeight = isCore ? view.getUint16(20, true) : view.getInt32(22, true);
  const bitsPerPixel = view.getUint16(isCore ? 24 : 28, true);
  const compression = headerBytes >= INFO_HEADER_BYTES ? view.getUint32(30, true) : UNCOMPRESSED;
  if (width <= 0 || storedHeight === 0) throw new BmpError('the file is damaged (it has no size)');
  const hasMasks = (compression === BIT_FIELDS && bitsPerPixel >= 16) || compression === ALPHA_BIT_FIELDS;
  if (compression !== UNCOMPRESSED && !hasMasks) throw new BmpError('it is a compressed BMP, which is not supported');
  if (![1, 2, 4, 8, 16, 24, 32].includes(bitsPerPixel)) {
    throw new BmpError(`the file is damaged (${bitsPerPixel} bits a pixel)`);
  }
  const masks = hasMasks ? readMasks(view, headerBytes, compression) : defaultMasks(bitsPerPixel);
  const palette = bitsPerPixel <= 8 ? readPalette(view, headerBytes, isCore, bitsPerPixel, pixels) : null;
  return { width, height: Math.abs(storedHeight), fromTop: storedHeight < 0, bitsPerPixel, pixels, palette, masks };
}

function defaultMasks(bitsPerPixel: number): BmpHeader['masks'] {
  return bitsPerPixel === 16 ? [0x7c00, 0x03e0, 0x001f, 0] : [0xff0000, 0x00ff00, 0x0000ff, 0];
}

/** Masks follow the 40 bytes that all newer headers have in common, whether they count as part of the header or not. */
function readMasks(view: DataView, headerBytes: number, compression: number): BmpHeader['masks'] {
  const start = FILE_HEADER_BYTES + INFO_HEADER_BYTES;
  const hasAlpha = compression === ALPHA_BIT_FIELDS || headerBytes >= HEADER_WITH_ALPHA_BYTES;
  const mask = (index: number): number => view.getUint32(start + 4 * index, true);
  return [mask(0), mask(1), mask(2), hasAlpha && headerBytes !== HEADER_WITH_MASKS_BYTES ? mask(3) : 0];
}

function readPalette(
  view: DataView,
  headerBytes: number,
  isCore: boolean,
  bitsPerPixel: number,
  pixels: number,
): Uint8Array {
  const entryBytes = isCore ? 3 : 4;
  const start = FILE_HEADER_BYTES + headerBytes;
  const room = Math.floor((pixels - start) / entryBytes);
  const entries = Math.min(2 ** bitsPerPixel, Math.max(room, 0));
  // Indexes past the end of a short palette show black.
  const palette = new Uint8Array(3 * 2 ** bitsPerPixel);
  for (let entry = 0; entry < entries; entry++) {
    const blue = start + entry * entryBytes;
    for (let channel = 0; channel < 3; channel++) palette[3 * entry + channel] = view.getUint8(blue + 2 - channel);
  }
  return palette;
}

/**
 * Decodes a bitmap.
 *
 * @param header what `readBmpHeader` said about the same bytes
 * @returns rows from the top; 4 channels only if the bitmap has an alpha mask and is not transparent all over
 * @throws BmpError
 */
export function decodeBmp(bytes: Uint8Array, header: BmpHeader): RawImage {
  const { width, height, bitsPerPixel, pixels, fromTop } = header;
  const rowBytes = Math.ceil((width * bitsPerPixel) / 32) * 4;
  if (pixels + rowBytes * (height - 1) + Math.ceil((width * bitsPerPixel) / 8) > bytes.length) {
    throw new BmpError('the file is cut off');
  }
  const channels = header.masks[3] === 0 || bitsPerPixel < 16 ? 3 : 4;
  const data = new Uint8Array(width * height * channels);
  const readRow = rowReader(header);
  for (let row = 0; row < height; row++) {
    const stored = fromTop ? row : height - 1 - row;
    const start = pixels + stored * rowBytes;
    readRow(bytes.subarray(start, start + rowBytes), data.subarray(row * width * channels));
  }
  const image: RawImage = { width, height, channels, data };
  return channels === 4 && isTransparent(data) ? withoutAlpha(image) : image;
}

/** Turns one stored row into pixels. */
type RowReader = (row: Uint8Array, target: Uint8Array) => void;

function rowReader(header: BmpHeader): RowReader {
  if (header.palette) return paletteReader(header.width, header.bitsPerPixel, header.palette);
  return header.bitsPerPixel === 24 ? triples(header.width) : maskReader(header);
}

function paletteReader(width: number, bits: number, palette: Uint8Array): RowReader {
  const perByte = 8 / bits;
  return (row, target) => {
    for (let x = 0; x < width; x++) {
      const shift = 8 - bits * ((x % perByte) + 1);
      const entry = (row[Math.floor(x / perByte)] >> shift) & ((1 << bits) - 1);
      for (let channel = 0; channel < 3; channel++) target[3 * x + channel] = palette[3 * entry + channel];
    }
  };
}

function triples(width: number): RowReader {
  return (row, target) => {
    for (let x = 0; x < 3 * width; x += 3) {
      target[x] = row[x + 2];
      target[x + 1] = row[x + 1];
      target[x + 2] = row[x];
    }
  };
}

function maskReader({ width, bitsPerPixel, masks }: BmpHeader): RowReader {
  const used = masks[3] === 0 ? masks.slice(0, 3) : [...masks];
  const shifts = used.map((mask) => (mask === 0 ? 0 : 31 - Math.clz32(mask & -mask)));
  const limits = used.map((mask, channel) => mask >>> shifts[channel]);
  const pixelBytes = bitsPerPixel / 8;
  return (row, target) => {
    for (let x = 0; x < width; x++) {
      let pixel = 0;
      for (let byte = 0; byte < pixelBytes; byte++) pixel |= row[x * pixelBytes + byte] << (8 * byte);
      for (let channel = 0; channel < used.length; channel++) {
        const value = (pixel & used[channel]) >>> shifts[channel];
        target[x * used.length + channel] = limits[channel] === 0 ? 0 : Math.round((value * 255) / limits[channel]);
      }
    }
  };
}

/** Many programs declare an alpha mask and leave the bits 0; the picture is meant to be seen. */
function isTransparent(data: Uint8Array): boolean {
  for (let alpha = 3; alpha < data.length; alpha += 4) if (data[alpha] !== 0) return false;
  return true;
}

function withoutAlpha({ width, height, data }: RawImage): RawImage {
  const colours = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) colours[3 * pixel + channel] = data[4 * pixel + channel];
  }
  return { width, height, channels: 3, data: colours };
}
