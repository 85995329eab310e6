import { stat } from 'node:fs/promises';
import { decodeImageBytes, type DecodeSettings } from '../data/decodeImage.ts';
import { type ImageSignature, imageSignature } from '../data/imageSignature.ts';
import { defaultConcurrency, unreadableDetail } from '../data/imageReader.ts';
import { mapInOrder } from '../data/mapInOrder.ts';
import { SignatureStore } from '../data/signatureStore.ts';
import type { Example, PixelStore } from './examples.ts';
import type { ImageContents } from './imageContents.ts';

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

/** A file that was seen in an earlier run: its signature is read together with those of others. */
interface SeenImage {
  bytes: number;
  sha256: string;
  signature: 'kept';
}

/**
 * Opens every image once, and keeps the pixels in `store`, from which training takes them. Images whose signatures an
 * earlier run has kept are not decoded. Which files cannot be read is left to training to find and report.
 */
export class ImageScanner {
  private readonly known = new Map<string, ScannedImage>();

  constructor(
    private readonly settings: DecodeSettings,
    private readonly store: PixelStore,
    private readonly contents: ImageContents,
    private readonly options: ScanOptions = {},
  ) {}

  /** What is known of each image, in order. Throws `cancelled` when the signal aborts. */
  async scan(images: readonly Example[]): Promise<ScannedImage[]> {
    const files = [...new Set(images.map(({ file }) => file))].filter((file) => !this.known.has(file));
    if (files.length > 0) await this.scanFiles(files);
    return images.flatMap(({ file }) => this.known.get(file) ?? []);
  }

  private async scanFiles(files: readonly string[]): Promise<void> {
    const { folder } = this.contents;
    const signatures = folder && (await SignatureStore.open(folder, this.settings));
    const work = { concurrency: defaultConcurrency(), signal: this.options.signal };
    const seen = new Map<string, SeenImage>();
    try {
      let done = 0;
      for await (const found of mapInOrder(files, (file) => this.open(file, signatures), work)) {
        const file = files[done++];
        if (found.signature === 'kept') seen.set(file, { ...found, signature: found.signature });
        else this.known.set(file, { ...found, signature: found.signature });
        this.options.onProgress?.(done, files.length);
      }
      if (signatures) await this.takeKept(seen, signatures);
    } finally {
      await signatures?.close();
      await this.contents.save();
    }
  }

  /** Puts in the signatures that are kept; an image whose own turns out to be damaged is decoded after all. */
  private async takeKept(seen: ReadonlyMap<string, SeenImage>, signatures: SignatureStore): Promise<void> {
    const kept = await signatures.read([...seen.values()].map(({ sha256 }) => sha256));
    let position = 0;
    for (const [file, image] of seen) {
      const signature = kept[position++];
      this.known.set(file, signature ? { ...image, signature } : await this.decode(file, signatures, null));
    }
  }

  private async open(file: string, signatures: SignatureStore | null): Promise<ScannedImage | SeenImage> {
    try {
      const found = await this.contents.open(file);
      const { sha256, bytes, content } = found;
      if (signatures?.has(sha256)) return { bytes, sha256, signature: 'kept' };
      return await this.decode(file, signatures, content && { sha256, content });
    } catch (error) {
      return unreadable(file, error);
    }
  }

  private async decode(
    file: string,
    signatures: SignatureStore | null,
    read: { sha256: string; content: Uint8Array } | null,
  ): Promise<ScannedImage> {
    try {
      const { sha256, content } = read ?? (await this.contents.read(file));
      const { pixels, whole } = await decodeImageBytes(content, file, this.settings);
      const signature = imageSignature(whole);
      this.store.keep(file, { pixels, sha256 });
      await signatures?.add(sha256, signature);
      return { bytes: content.length, sha256, signature };
    } catch (error) {
      return unreadable(file, error);
    }
  }
}

async function unreadable(file: string, error: unknown): Promise<ScannedImage> {
  // Throws on whatever is no fault of the image.
  unreadableDetail(error);
  return { bytes: await sizeOf(file), sha256: null, signature: null };
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
