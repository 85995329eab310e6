import type { CacheFolder } from '../../node/featureCache/cacheFolder.ts';
import { contentKey } from '../../node/featureCache/contentKey.ts';
import { RecordStore } from '../../node/featureCache/recordStore.ts';
import { decoderIdentity } from './decoderIdentity.ts';
import type { DecodeSettings } from './decodeImage.ts';
import { type ImageSignature, THUMBNAIL_VALUES } from './imageSignature.ts';

/** Two words of the hash, the thumbnail, and mean, deviation and contrast in full, since images are compared by them. */
const [THUMBNAIL_AT, NUMBERS_AT] = [8, 8 + 4 * THUMBNAIL_VALUES];
const RECORD_BYTES = NUMBERS_AT + 3 * 8;

/** Signatures of images by the SHA-256 of their files, kept from one run to the next. */
export class SignatureStore {
  private constructor(private readonly records: RecordStore) {}

  static async open(folder: CacheFolder, settings: DecodeSettings): Promise<SignatureStore> {
    const key = contentKey({ kind: 'signatures', decoder: decoderIdentity(), settings });
    return new SignatureStore(await RecordStore.open(folder, key, RECORD_BYTES));
  }

  has(sha256: string): boolean {
    return this.records.has(sha256);
  }

  /** Null for each that is not there, or damaged. */
  async read(hashes: readonly string[]): Promise<(ImageSignature | null)[]> {
    return (await this.records.read(hashes)).map((record) => record && decodeSignature(record));
  }

  async add(sha256: string, signature: ImageSignature): Promise<void> {
    await this.records.add(sha256, encodeSignature(signature));
  }

  async close(): Promise<void> {
    await this.records.close();
  }
}

/** A signature as bytes, exactly. */
export function encodeSignature({ hash, thumbnail, mean, deviation, contrast }: ImageSignature): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  hash.forEach((word, at) => view.setUint32(4 * at, word, true));
  thumbnail.forEach((value, at) => view.setFloat32(THUMBNAIL_AT + 4 * at, value, true));
  [mean, deviation, contrast].forEach((value, at) => view.setFloat64(NUMBERS_AT + 8 * at, value, true));
  return bytes;
}

/** What `encodeSignature` made. */
export function decodeSignature(bytes: Uint8Array): ImageSignature {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = (at: number): number => view.getFloat64(NUMBERS_AT + 8 * at, true);
  return {
    hash: [view.getUint32(0, true), view.getUint32(4, true)],
    thumbnail: Float32Array.from({ length: THUMBNAIL_VALUES }, (_, at) => view.getFloat32(THUMBNAIL_AT + 4 * at, true)),
    mean: number(0),
    deviation: number(1),
    contrast: number(2),
  };
}
