import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { onTestFinished } from 'vitest';
import { Random } from '../../src/shared/random.ts';

/** A new empty folder that is removed when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'thaw-test-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file with the folders it needs and returns its path. */
export async function put(content: Uint8Array | string, ...path: string[]): Promise<string> {
  const file = join(...path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

interface Colour {
  r: number;
  g: number;
  b: number;
  alpha?: number;
}

/** An image of one colour. */
export function flat(background: Colour | string, width = 40, height = 40): Sharp {
  const channels = typeof background === 'object' && background.alpha !== undefined ? 4 : 3;
  return sharp({ create: { width, height, channels, background } });
}

/** An image of random colours that depend on the seed: compresses badly, so that a cut falls into the pixels. */
export function noise(seed: number, width = 40, height = 40, channels: 1 | 3 = 3): Sharp {
  const random = Random.seeded(seed, 'noise');
  const pixels = Uint8Array.from({ length: width * height * channels }, () => random.below(256));
  return sharp(pixels, { raw: { width, height, channels } });
}

/** A JPEG of random colours. */
export function jpeg(seed: number, width?: number, height?: number): Promise<Buffer> {
  return noise(seed, width, height).jpeg().toBuffer();
}

/** A BMP of 24 bits a pixel. */
export function bmp(rgb: Uint8Array, width: number, height: number): Buffer {
  const HEADERS = 54;
  const rowBytes = Math.ceil((3 * width) / 4) * 4;
  const bytes = Buffer.alloc(HEADERS + rowBytes * height);
  bytes.write('BM', 0, 'latin1');
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(HEADERS, 10);
  bytes.writeUInt32LE(HEADERS - 14, 14);
  bytes.writeInt32LE(width, 18);
  // Rows from the top.
  bytes.writeInt32LE(-height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  for (let row = 0; row < height; row++) {
    for (let byte = 0; byte < 3 * width; byte++) {
      // Blue first.
      const channel = 2 * (1 - (byte % 3));
      bytes[HEADERS + row * rowBytes + byte] = rgb[3 * width * row + byte + channel];
    }
  }
  return bytes;
}

/** A black PNG of one bit a pixel, so that even an enormous one is made at once. */
export function blackPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const rows = deflateSync(Buffer.alloc((1 + Math.ceil(width / 8)) * height), { level: 1 });
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', rows),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function pngChunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(content.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}
