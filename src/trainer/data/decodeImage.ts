import { readFile } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';
import { codeOf, describeFileError } from '../../node/dataEntries.ts';
import { ThawError } from '../../shared/errors.ts';
import { luma } from '../../shared/luma.ts';
import type { ChannelMode, ResizeMode } from '../../shared/plan.ts';
import { BmpError, decodeBmp, readBmpHeader } from './bmp.ts';
import { describeForeignFile, imageFormat, type ImageFormat } from './imageFormat.ts';

// One thread an image: several images are decoded at a time, and the engine needs the other cores.
sharp.concurrency(1);
sharp.cache(false);

/** How an image becomes pixels of a fixed size. */
export interface DecodeSettings {
  width: number;
  height: number;
  channels: ChannelMode;
  resize: ResizeMode;
}

/** Pixels [height, width, 3], red first. */
export interface RgbImage {
  pixels: Uint8Array;
  width: number;
  height: number;
}

export interface DecodedImage {
  /** [settings.height, settings.width, 3 or 1], red first. */
  pixels: Uint8Array;
  /** All of the image at a similar size, without borders; its proportions may be others. */
  whole: RgbImage;
  /** Size in pixels before resizing, after turning the image upright. */
  width: number;
  height: number;
}

/** Pixels of the largest image that is read: 20,000 x 20,000 and a good deal more. */
export const MOST_PIXELS = 500_000_000;

/** Side of the whole image where the pixels of the network hold but a small part of it. */
const WHOLE_SIDE = 64;

/** A crop may resize up to this many times the pixels it keeps; longer images are cut by libvips instead. */
const MOST_CROP_EXCESS = 8;

const WHITE = '#ffffff';
const BLACK = '#000000';

/** An image whose size is known and which can be decoded any number of times. */
interface OpenImage {
  width: number;
  height: number;
  decode: () => Sharp;
}

/**
 * Decodes an image file into 8-bit pixels [height, width, channels] of sRGB colours.
 *
 * - JPEG, PNG, WebP, GIF, TIFF and BMP, known by their content; of animations and pages the first.
 * - The EXIF orientation is applied, colour profiles and CMYK are converted, 16 bits become 8.
 * - Transparent pixels are composited on white.
 * - `crop` fills the size and cuts equally from both ends; `pad` fits the image in and centres it on black, as
 *   `pad_to_aspect_ratio` of Keras does; `stretch` ignores proportions.
 * - `gray` is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), as Pillow and so Keras compute it.
 *
 * @throws ThawError `imageUnreadable` for files that are missing, cut off, damaged, no images, or too large
 */
export async function decodeImage(file: string, settings: DecodeSettings): Promise<Uint8Array> {
  return (await decodeImageBytes(await readImageFile(file), file, settings)).pixels;
}

/**
 * Reads a whole image file.
 *
 * @throws ThawError `imageUnreadable`, also for an empty file
 */
export async function readImageFile(file: string): Promise<Uint8Array> {
  const bytes = await readFile(file).catch((error: unknown) => {
    const tooLarge = codeOf(error) === 'ERR_FS_FILE_TOO_LARGE';
    throw unreadable(file, tooLarge ? 'the file is larger than 2 GB' : describeFileError(error));
  });
  if (bytes.length === 0) throw unreadable(file, 'the file is empty');
  return bytes;
}

/**
 * Decodes the content of an image file; see `decodeImage`.
 *
 * @param file where the bytes come from, for errors
 * @throws ThawError `imageUnreadable`
 */
export async function decodeImageBytes(
  bytes: Uint8Array,
  file: string,
  settings: DecodeSettings,
): Promise<DecodedImage> {
  const format = imageFormat(bytes);
  if (format === null) throw unreadable(file, describeForeignFile(bytes));
  try {
    const image = format === 'bmp' ? openBmp(bytes) : await openWithSharp(bytes);
    const { rgb, whole } = await resizedRgb(image, settings);
    return {
      pixels: settings.channels === 'gray' ? grayOf(rgb) : rgb,
      whole,
      width: image.width,
      height: image.height,
    };
  } catch (error) {
    throw unreadable(file, describeFailure(error, format, bytes));
  }
}

/** Thrown with a sentence of our own for what libvips would say less clearly. */
class RefusedImage extends Error {}

function openBmp(bytes: Uint8Array): OpenImage {
  const header = readBmpHeader(bytes);
  refuseTooLarge(header.width, header.height);
  const { data, ...raw } = decodeBmp(bytes, header);
  return { width: raw.width, height: raw.height, decode: () => sharp(data, { raw, limitInputPixels: MOST_PIXELS }) };
}

async function openWithSharp(bytes: Uint8Array): Promise<OpenImage> {
  // Warnings are let pass: cameras write files with harmless oddities. A cut-off file is an error.
  const options = { failOn: 'error', autoOrient: true, sequentialRead: true } as const;
  const { autoOrient: size } = await sharp(bytes, { ...options, limitInputPixels: false }).metadata();
  refuseTooLarge(size.width, size.height);
  return { ...size, decode: () => sharp(bytes, { ...options, limitInputPixels: MOST_PIXELS }) };
}

function refuseTooLarge(width: number, height: number): void {
  if (width * height <= MOST_PIXELS) return;
  const most = MOST_PIXELS / 1e6;
  throw new RefusedImage(`it has ${width} x ${height} pixels, and at most ${most} million are read: make it smaller`);
}

interface Resized {
  rgb: Uint8Array;
  whole: RgbImage;
}

async function resizedRgb(image: OpenImage, settings: DecodeSettings): Promise<Resized> {
  const { width, height } = settings;
  switch (settings.resize) {
    case 'stretch': {
      const rgb = await toRgb(image.decode().resize(width, height, { fit: 'fill' }));
      return { rgb, whole: { pixels: rgb, width, height } };
    }
    case 'pad': {
      const rgb = await toRgb(image.decode().resize(width, height, { fit: 'contain', background: BLACK }));
      return { rgb, whole: withoutBorders({ pixels: rgb, width, height }, image) };
    }
    case 'crop':
      return cropped(image, width, height);
  }
}

/** The part of a padded image that shows something, to within a row or column. */
function withoutBorders(padded: RgbImage, original: { width: number; height: number }): RgbImage {
  const scale = Math.min(padded.width / original.width, padded.height / original.height);
  const width = Math.max(1, Math.round(original.width * scale));
  const height = Math.max(1, Math.round(original.height * scale));
  return { pixels: centreOf(padded, width, height, Math.floor), width, height };
}

/** The middle of an image. Where the rest is odd, libvips rounds the offset up to cut and down to pad. */
function centreOf(image: RgbImage, width: number, height: number, round: (offset: number) => number): Uint8Array {
  if (image.width === width && image.height === height) return image.pixels;
  const left = round((image.width - width) / 2);
  const top = round((image.height - height) / 2);
  const pixels = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    const start = ((top + row) * image.width + left) * 3;
    pixels.set(image.pixels.subarray(start, start + width * 3), row * width * 3);
  }
  return pixels;
}

/**
 * libvips decodes only the rows that a crop needs, so that a file cut off below them would pass as whole on one
 * network and not on another. The whole image is resized instead and cut here, to the same pixels; an image so long
 * that this would be wasteful is decoded twice.
 */
async function cropped(image: OpenImage, width: number, height: number): Promise<Resized> {
  const aspect = (image.width / image.height) * (height / width);
  if (Math.max(aspect, 1 / aspect) > MOST_CROP_EXCESS) {
    const side = WHOLE_SIDE;
    const whole = await toRgb(image.decode().resize(side, side, { fit: 'fill' }));
    const rgb = await toRgb(image.decode().resize(width, height, { fit: 'cover' }));
    return { rgb, whole: { pixels: whole, width: side, height: side } };
  }
  const pipeline = rgbPipeline(image.decode().resize(width, height, { fit: 'outside' }));
  const { data, info } = await pipeline.toBuffer({ resolveWithObject: true });
  const whole = { pixels: bytesOf(data), width: info.width, height: info.height };
  return { rgb: centreOf(whole, width, height, Math.ceil), whole };
}

async function toRgb(pipeline: Sharp): Promise<Uint8Array> {
  return bytesOf(await rgbPipeline(pipeline).toBuffer());
}

/** libvips writes sRGB, with three channels also for gray images, unless told otherwise. */
function rgbPipeline(pipeline: Sharp): Sharp {
  return pipeline.flatten({ background: WHITE }).raw({ depth: 'uchar' });
}

function bytesOf(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

function grayOf(rgb: Uint8Array): Uint8Array {
  const gray = new Uint8Array(rgb.length / 3);
  for (let pixel = 0; pixel < gray.length; pixel++) {
    const red = 3 * pixel;
    gray[pixel] = luma(rgb[red], rgb[red + 1], rgb[red + 2]);
  }
  return gray;
}

/** Whether a JPEG lacks its end-of-image marker. libvips shares its error text among threads, so it may be lost. */
function isCutOff(format: ImageFormat, bytes: Uint8Array): boolean {
  return format === 'jpeg' && !(bytes.at(-2) === 0xff && bytes.at(-1) === 0xd9);
}

function describeFailure(error: unknown, format: ImageFormat, bytes: Uint8Array): string {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof BmpError || error instanceof RefusedImage) return message;
  if (/premature end|unexpected end|out of bounds|truncated/i.test(message) || isCutOff(format, bytes)) {
    return 'the file is cut off';
  }
  if (/unsupported image format|corrupt header|read error|bad seek|unable to parse/i.test(message)) {
    return 'the file is cut off or damaged';
  }
  return `the ${format.toUpperCase()} file is damaged (${message.split('\n')[0]})`;
}

function unreadable(path: string, detail: string): ThawError {
  return new ThawError({ reason: 'imageUnreadable', path, detail });
}
