import { luma } from '../../shared/luma.ts';
import type { RgbImage } from './decodeImage.ts';

/** What is kept of an image to find those that look nearly the same. */
export interface ImageSignature {
  /** Difference hash of 64 bits, as two words. */
  hash: readonly [number, number];
  /** The image at SIDE x SIDE pixels, RGB, as differences from their mean. */
  thumbnail: Float32Array;
  mean: number;
  /** Standard deviation over pixels and channels: what a change of brightness scales. */
  deviation: number;
  /** The same without the differences between the channels: how much the image shows at all. */
  contrast: number;
}

const SIDE = 16;
/** Values of a thumbnail. */
export const THUMBNAIL_VALUES = SIDE * SIDE * 3;
const HASH_COLUMNS = 9;
const HASH_ROWS = 8;
/** Gray levels by which two fields must differ to count: less is compression, in skies and plain backgrounds. */
const HASH_MARGIN = 2;
/** Bits of the hash that may differ. */
export const MOST_HASH_BITS = 6;
/** Largest difference of two thumbnails (root mean square), as a share of their contrast. */
const MOST_DIFFERENCE = 0.1;
/** Contrast below which an image is plain: then brightness is all it shows, and must agree too. */
const LEAST_CONTRAST = 8;
/** Factor in brightness up to which two images may be the same one. */
const MOST_GAIN = 1.6;

/**
 * The signature of an image of any size; proportions do not count. The hash is dHash (N. Krawetz, Kind of Like That,
 * hackerfactor.com, 2013): whether each of 9 x 8 fields is brighter than the next. Drawings and digits on a plain ground
 * share most of its bits, so that it only picks candidates, and `areAlike` compares the thumbnails.
 */
export function imageSignature(image: RgbImage): ImageSignature {
  const thumbnail = fieldMeans(image.pixels, image.width, image.height, SIDE, SIDE);
  const hash = differenceHash(thumbnail);
  const contrast = contrastOf(thumbnail);
  const mean = thumbnail.reduce((sum, value) => sum + value, 0) / thumbnail.length;
  const centred = thumbnail.map((value) => value - mean);
  return { hash, thumbnail: centred, mean, deviation: Math.sqrt(meanProduct(centred, centred)), contrast };
}

/**
 * Whether two images look nearly the same: one is the other in another size, format, quality or brightness. Two takes of
 * the same scene are not, unless hardly anything moved between them.
 *
 * Compared is what remains of each when the other, with the brightness and contrast that fit best, is taken away. The limits
 * were chosen where photographs, digits and clothing have fewest pairs: copies in half the size or with heavy compression
 * come to 0.08, different photographs to 0.4 and more.
 */
export function areAlike(a: ImageSignature, b: ImageSignature): boolean {
  const product = meanProduct(a.thumbnail, b.thumbnail);
  const contrast = Math.min(a.contrast, b.contrast);
  const most = (MOST_DIFFERENCE * Math.max(contrast, LEAST_CONTRAST)) ** 2;
  if (contrast < LEAST_CONTRAST) {
    return a.deviation ** 2 + b.deviation ** 2 - 2 * product + (a.mean - b.mean) ** 2 <= most;
  }
  const gain = product / a.deviation ** 2;
  if (gain < 1 / MOST_GAIN || gain > MOST_GAIN) return false;
  const unexplained = 1 - (product / (a.deviation * b.deviation)) ** 2;
  const remains = ({ deviation, contrast: shown }: ImageSignature): number =>
    (unexplained * deviation ** 2) / shown ** 2;
  return Math.max(remains(a), remains(b)) <= MOST_DIFFERENCE ** 2;
}

function meanProduct(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at] * b[at];
  return sum / a.length;
}

function differenceHash(thumbnail: Float32Array): [number, number] {
  // In bytes, since the means are computed much faster where they only ever meet one kind of array.
  const fields = fieldMeans(Uint8Array.from(thumbnail, Math.round), SIDE, SIDE, HASH_COLUMNS, HASH_ROWS);
  const gray = (field: number): number => luma(fields[3 * field], fields[3 * field + 1], fields[3 * field + 2]);
  const hash: [number, number] = [0, 0];
  for (let bit = 0; bit < HASH_ROWS * (HASH_COLUMNS - 1); bit++) {
    const field = Math.floor(bit / (HASH_COLUMNS - 1)) * HASH_COLUMNS + (bit % (HASH_COLUMNS - 1));
    if (gray(field) - gray(field + 1) > HASH_MARGIN) hash[bit >> 5] |= 1 << (bit & 31);
  }
  return [hash[0] >>> 0, hash[1] >>> 0];
}

function contrastOf(rgb: Float32Array): number {
  let sum = 0;
  for (let channel = 0; channel < 3; channel++) {
    let mean = 0;
    for (let at = channel; at < rgb.length; at += 3) mean += (3 * rgb[at]) / rgb.length;
    for (let at = channel; at < rgb.length; at += 3) sum += (rgb[at] - mean) ** 2;
  }
  return Math.sqrt(sum / rgb.length);
}

/** Mean colours [rows, columns, 3] of the equal fields of an image [height, width, 3], parts of pixels included. */
function fieldMeans(rgb: Uint8Array, width: number, height: number, columns: number, rows: number): Float32Array {
  const across = sharesOf(width, columns);
  const narrow = new Float32Array(height * columns * 3);
  for (let row = 0; row < height; row++) {
    for (let column = 0, at = 0; column < columns; column++) {
      let [red, green, blue] = [0, 0, 0];
      for (; at < across.ends[column]; at++) {
        const from = (row * width + across.pixel[at]) * 3;
        red += across.share[at] * rgb[from];
        green += across.share[at] * rgb[from + 1];
        blue += across.share[at] * rgb[from + 2];
      }
      narrow.set([red, green, blue], (row * columns + column) * 3);
    }
  }
  const down = sharesOf(height, rows);
  const stride = columns * 3;
  const means = new Float32Array(rows * stride);
  for (let row = 0, at = 0; row < rows; row++) {
    for (; at < down.ends[row]; at++) {
      const from = down.pixel[at] * stride;
      for (let column = 0; column < stride; column++)
        means[row * stride + column] += down.share[at] * narrow[from + column];
    }
  }
  return means;
}

interface Shares {
  pixel: Int32Array;
  share: Float64Array;
  /** Where the shares of each field end. */
  ends: number[];
}

/** Which share of which field each pixel of a line makes up; a pixel on a border is part of two. */
function sharesOf(pixels: number, fields: number): Shares {
  const found: { pixel: number; share: number }[] = [];
  const ends: number[] = [];
  const length = pixels / fields;
  for (let field = 0; field < fields; field++) {
    const start = field * length;
    const end = Math.min(pixels, start + length);
    for (let pixel = Math.floor(start); pixel < end; pixel++) {
      const share = (Math.min(end, pixel + 1) - Math.max(start, pixel)) / length;
      found.push({ pixel, share });
    }
    ends.push(found.length);
  }
  return {
    pixel: Int32Array.from(found, ({ pixel }) => pixel),
    share: Float64Array.from(found, ({ share }) => share),
    ends,
  };
}
