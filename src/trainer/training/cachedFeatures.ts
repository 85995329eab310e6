import * as tf from '@tensorflow/tfjs-core';
import { type Augmentation, cachedVariants, type Variant } from '../../shared/augmentation.ts';
import { PREFIX_BATCH } from '../../shared/predictMemory.ts';
import type { Random } from '../../shared/random.ts';
import type { Engine } from '../engine/engine.ts';
import type { ValueId } from '../execution/steps.ts';
import type { ExampleSet } from './examples.ts';
import type { DiskPlace, FeatureDisk } from './featureDisk.ts';
import { type FeatureBatch, type FeatureSource, type LiveFeatures } from './featureSource.ts';

/**
 * Images on their way while a group is computed. The engine lets nothing else run meanwhile, so each image comes one step
 * further (file, size, pixels) a group: this many, and the next group is decoded when its turn comes.
 */
const AHEAD = 2 * PREFIX_BATCH;

/** A way of varying images that holds for the whole of a phase: a cache can keep every variant. */
export type FixedAugmentation = Augmentation & { variants: number };

export interface CacheProgress {
  done: number;
  total: number;
  bytes: number;
}

/** Features handed out, computed, and taken from the disk instead; and how much memory or disk all of them take. */
export interface CacheStatistics {
  hits: number;
  misses: number;
  fromDisk: number;
  bytes: number;
}

/** What a cache keeps features of, and where. */
export interface CacheSettings {
  /** The values at the cut with their shapes, without the batch dimension. */
  boundary: readonly { id: ValueId; shape: readonly number[] }[];
  augmentation: FixedAugmentation;
  seed: number;
  /** Where features are taken from and written to; null where none are kept from one run to the next. */
  disk: FeatureDisk | null;
  /** Leaves them on the disk, from which every batch is read. */
  onDiskOnly?: boolean;
}

/** One variant of an image, by its number; 0 is the image as it is. */
interface Wanted {
  number: number;
  variant: Variant;
}

interface WantedImage {
  index: number;
  variants: Wanted[];
}

/** Everything below the cut computed once per image and variant, and kept in memory or on the disk. */
export class CachedFeatures implements FeatureSource {
  /** Values of all boundary tensors, one after the other, by image and variant. */
  private readonly rows = new Map<string, Float32Array>();
  private readonly places = new Map<string, DiskPlace>();
  private lost = false;
  private readonly count = { hits: 0, misses: 0, fromDisk: 0, bytes: 0 };

  constructor(
    private readonly engine: Engine,
    private readonly set: ExampleSet,
    private readonly live: LiveFeatures,
    private readonly settings: CacheSettings,
  ) {
    live.keepTo(PREFIX_BATCH);
  }

  /** Whether features that were to be read from the disk could not be written there, so that this is of no use. */
  get isLost(): boolean {
    return this.lost;
  }

  get statistics(): CacheStatistics {
    return { ...this.count };
  }

  /** Provides the features of the given examples in all variants: from the disk, and computed where they are not there. */
  async fill(
    indexes: readonly number[],
    onProgress: (progress: CacheProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const missing = await this.takeFromDisk(indexes);
    let done = indexes.length - missing.length;
    const tell = (): void => onProgress({ done, total: indexes.length, bytes: this.count.bytes });
    if (done > 0) tell();
    const { disk, onDiskOnly = false } = this.settings;
    try {
      for await (const images of this.groups(missing, signal)) {
        this.lost = onDiskOnly && disk?.isFailed !== false;
        if (this.lost) return;
        await this.compute(images);
        done += images.length;
        tell();
      }
    } finally {
      await disk?.flush();
    }
  }

  async batch(indexes: readonly number[], draw: Random | null): Promise<FeatureBatch> {
    const { variants: count } = this.settings.augmentation;
    const wanted = indexes.map((index) => ({ index, number: draw ? draw.below(count) : 0 }));
    const rows = await this.rowsOf(wanted);
    const present = wanted.flatMap(({ index }, position) => {
      const row = rows[position];
      return row ? [{ index, row }] : [];
    });
    this.count.hits += present.length;
    const values = this.slices().map(({ id, shape, start, size }) => {
      const all = new Float32Array(present.length * size);
      present.forEach(({ row }, position) => all.set(row.subarray(start, start + size), position * size));
      return [id, tf.tensor(all, [present.length, ...shape])] as const;
    });
    return { indexes: present.map(({ index }) => index), values: new Map(values) };
  }

  /** Where the value of each boundary tensor is in a row. */
  private slices(): { id: ValueId; shape: readonly number[]; start: number; size: number }[] {
    let start = 0;
    return this.settings.boundary.map(({ id, shape }) => {
      const size = shape.reduce((product, length) => product * length, 1);
      start += size;
      return { id, shape, start: start - size, size };
    });
  }

  private variantsOf(index: number): Wanted[] {
    const { augmentation, seed } = this.settings;
    const variants = cachedVariants(augmentation, augmentation.variants, seed, index);
    return variants.map((variant, number) => ({ number, variant }));
  }

  /** Reads what the disk has and returns what is to be computed. */
  private async takeFromDisk(indexes: readonly number[]): Promise<WantedImage[]> {
    const images = indexes.map((index) => ({ index, variants: this.variantsOf(index) }));
    const { disk, onDiskOnly } = this.settings;
    if (!disk) return images;
    for (const { index, variants } of images) {
      const hash = await this.set.hashOf(index);
      if (hash === null) continue;
      for (const { number, variant } of variants) this.places.set(rowKey(index, number), disk.place(hash, variant));
    }
    const stored = [...this.places].filter(([, place]) => disk.has(place));
    const rows = onDiskOnly ? null : await disk.read(stored.map(([, place]) => place));
    const found = new Set<string>();
    stored.forEach(([key], position) => {
      const row = rows?.[position];
      if (rows && !row) return;
      if (row) this.rows.set(key, row);
      found.add(key);
    });
    this.count.fromDisk += found.size;
    this.count.bytes += found.size * this.rowBytes;
    const missing = images.flatMap(({ index, variants }): WantedImage[] => {
      const left = variants.filter(({ number }) => !found.has(rowKey(index, number)));
      return left.length > 0 ? [{ index, variants: left }] : [];
    });
    const places = missing.flatMap(({ index, variants }) =>
      variants.flatMap(({ number }) => this.places.get(rowKey(index, number)) ?? []),
    );
    if (places.length > 0) await disk.reserve(places);
    return missing;
  }

  private get rowBytes(): number {
    return 4 * this.slices().reduce((sum, { size }) => sum + size, 0);
  }

  /** Decodes images and gives them in groups that go through the network at once. */
  private async *groups(
    missing: readonly WantedImage[],
    signal: AbortSignal,
  ): AsyncGenerator<(WantedImage & { pixels: Uint8Array; sha256: string })[]> {
    const variantsOf = new Map(missing.map(({ index, variants }) => [index, variants]));
    let group: (WantedImage & { pixels: Uint8Array; sha256: string })[] = [];
    let size = 0;
    const indexes = missing.map(({ index }) => index);
    for await (const image of this.set.read(indexes, { signal, ahead: AHEAD })) {
      signal.throwIfAborted();
      const variants = variantsOf.get(image.index) ?? [];
      if (group.length > 0 && size + variants.length > PREFIX_BATCH) {
        yield group;
        [group, size] = [[], 0];
      }
      group.push({ ...image, variants });
      size += variants.length;
    }
    if (group.length > 0) yield group;
  }

  private async compute(images: readonly (WantedImage & { pixels: Uint8Array; sha256: string })[]): Promise<void> {
    const { disk, onDiskOnly } = this.settings;
    const wanted = images.flatMap(({ variants, ...image }) => variants.map((each) => ({ ...image, ...each })));
    const rows = await this.computeRows(wanted);
    for (const [position, { index, number, sha256, variant }] of wanted.entries()) {
      const key = rowKey(index, number);
      const place = disk?.place(sha256, variant);
      // Of the content that was decoded, should the file have changed since it was hashed.
      if (place) this.places.set(key, place);
      if (!onDiskOnly) this.rows.set(key, rows[position]);
      if (place) await disk?.add(place, rows[position]);
      this.count.bytes += rows[position].byteLength;
    }
    this.count.misses += wanted.length;
  }

  /** Rows of some variants of images. */
  private async computeRows(wanted: readonly { pixels: Uint8Array; variant: Variant }[]): Promise<Float32Array[]> {
    const values = this.live.compute(
      wanted.map(({ pixels }) => pixels),
      wanted.map(({ variant }) => variant),
    );
    const rows = wanted.map(() => new Float32Array(this.rowBytes / 4));
    for (const { id, start, size } of this.slices()) {
      const tensor = values.get(id);
      if (!tensor) continue;
      const all = await this.engine.read(tensor);
      tensor.dispose();
      rows.forEach((row, position) => row.set(all.subarray(position * size, (position + 1) * size), start));
    }
    return rows;
  }

  /** Null for an image that cannot be read any more. */
  private async rowsOf(wanted: readonly { index: number; number: number }[]): Promise<(Float32Array | null)[]> {
    const { disk, onDiskOnly } = this.settings;
    const keys = wanted.map(({ index, number }) => rowKey(index, number));
    if (!disk || !onDiskOnly) {
      return keys.map((key, position) => {
        const row = this.rows.get(key);
        if (!row) throw new Error(`example ${wanted[position].index} is not in the cache`);
        return row;
      });
    }
    const placed = keys.flatMap((key) => this.places.get(key) ?? []);
    const read = await disk.read(placed);
    const rows = new Map(placed.map((place, position) => [place, read[position]]));
    const found = keys.map((key) => {
      const place = this.places.get(key);
      return (place && rows.get(place)) ?? null;
    });
    return this.completed(wanted, found);
  }

  /** Computes the rows that the disk has lost. */
  private async completed(
    wanted: readonly { index: number; number: number }[],
    found: (Float32Array | null)[],
  ): Promise<(Float32Array | null)[]> {
    for (const [position, { index, number }] of wanted.entries()) {
      if (found[position]) continue;
      for await (const { pixels } of this.set.read([index])) {
        const { variant } = this.variantsOf(index)[number];
        [found[position]] = await this.computeRows([{ pixels, variant }]);
        this.count.misses++;
      }
    }
    return found;
  }
}

const rowKey = (index: number, number: number): string => `${index}/${number}`;
