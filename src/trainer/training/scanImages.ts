import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { decodeImageBytes, type DecodeSettings, readImageFile } from '../data/decodeImage.ts';
import { type ImageSignature, imageSignature } from '../data/imageSignature.ts';
import { defaultConcurrency, unreadableDetail } from '../data/imageReader.ts';
import { mapInOrder } from '../data/mapInOrder.ts';
import type { Example, PixelStore } from './examples.ts';

/** What is known of an image file once it has been opened. */
export interface ScannedImage {
  /** Size of the file; 0 where it is gone. */
  bytes: number;
  /** Of the content, in hexadecimal; null for a file that cannot be read as an image. */
  sha256: string | null;
  signature: ImageSignature | null;
}

export interface ScanOptions {
  signal?: AbortSignal;
  /** Called after each image. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * Opens every image once, and keeps the pixels in `store`, from which training takes them. Which files cannot be read is
 * left to training to find and report.
 */
export class ImageScanner {
  private readonly known = new Map<string, ScannedImage>();

  constructor(
    private readonly settings: DecodeSettings,
    private readonly store: PixelStore,
    private readonly options: ScanOptions = {},
  ) {}

  /** What is known of each image, in order. Throws `cancelled` when the signal aborts. */
  async scan(images: readonly Example[]): Promise<ScannedImage[]> {
    const files = [...new Set(images.map(({ file }) => file))].filter((file) => !this.known.has(file));
    const open = (file: string): Promise<ScannedImage> => scanImage(file, this.settings, this.store);
    const work = { concurrency: defaultConcurrency(), signal: this.options.signal };
    let done = 0;
    for await (const scanned of mapInOrder(files, open, work)) {
      this.known.set(files[done++], scanned);
      this.options.onProgress?.(done, files.length);
    }
    return images.flatMap(({ file }) => this.known.get(file) ?? []);
  }
}

async function scanImage(file: string, settings: DecodeSettings, store: PixelStore): Promise<ScannedImage> {
  try {
    const content = await readImageFile(file);
    const { pixels, whole } = await decodeImageBytes(content, file, settings);
    store.keep(file, pixels);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { bytes: content.length, sha256, signature: imageSignature(whole) };
  } catch (error) {
    // Throws on whatever is no fault of the image.
    unreadableDetail(error);
    return { bytes: await sizeOf(file), sha256: null, signature: null };
  }
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
