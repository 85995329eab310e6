import type { CacheFolder } from '../../node/featureCache/cacheFolder.ts';
import { RecordStore } from '../../node/featureCache/recordStore.ts';
import { type Augmentation, isDrawn, type Variant } from '../../shared/augmentation.ts';
import { featureKey, segmentKeys } from './featureKeys.ts';

/** Where the features of an image in a variant are on the disk, or will be. */
export interface DiskPlace {
  records: RecordStore;
  key: string;
}

/** The features of one prefix on the disk, shared by all runs: float32 values of the cut, one after the other. */
export class FeatureDisk {
  private constructor(
    private readonly folder: CacheFolder,
    private readonly fixed: RecordStore,
    private readonly drawn: RecordStore,
  ) {}

  /**
   * @param prefix key of `prefixKey`
   * @param recordBytes size of the features of one image in one variant
   */
  static async open(
    folder: CacheFolder,
    prefix: string,
    augmentation: Augmentation,
    seed: number,
    recordBytes: number,
  ): Promise<FeatureDisk> {
    const keys = segmentKeys(prefix, augmentation, seed);
    const fixed = await RecordStore.open(folder, keys.fixed, recordBytes);
    return new FeatureDisk(folder, fixed, await RecordStore.open(folder, keys.drawn, recordBytes));
  }

  /** Whether it cannot be written to. */
  get isFailed(): boolean {
    return this.folder.isFailed;
  }

  place(sha256: string, variant: Variant): DiskPlace {
    return { records: isDrawn(variant) ? this.drawn : this.fixed, key: featureKey(sha256, variant) };
  }

  has({ records, key }: DiskPlace): boolean {
    return records.has(key);
  }

  /** Features in the order of `places`; null where they are missing or damaged. */
  async read(places: readonly DiskPlace[]): Promise<(Float32Array | null)[]> {
    const found = new Map<DiskPlace, Uint8Array | null>();
    for (const records of [this.fixed, this.drawn]) {
      const own = places.filter((place) => place.records === records);
      const rows = await records.read(own.map(({ key }) => key));
      own.forEach((place, position) => found.set(place, rows[position]));
    }
    return places.map((place) => {
      const bytes = found.get(place);
      return bytes ? new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4) : null;
    });
  }

  /** Makes room for features that are going to be added. */
  async reserve(places: readonly DiskPlace[]): Promise<void> {
    for (const records of [this.fixed, this.drawn]) {
      const own = places.filter((place) => place.records === records).length;
      if (own > 0) await records.reserve(own * records.recordBytes);
    }
  }

  async add({ records, key }: DiskPlace, features: Float32Array): Promise<void> {
    await records.add(key, new Uint8Array(features.buffer, features.byteOffset, features.byteLength));
  }

  /** Writes what waits to be written. */
  async flush(): Promise<void> {
    await this.fixed.flush();
    await this.drawn.flush();
  }

  async close(): Promise<void> {
    await this.fixed.close();
    await this.drawn.close();
  }
}
