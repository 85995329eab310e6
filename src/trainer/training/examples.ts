import { cpus } from 'node:os';
import { ThawError } from '../../shared/errors.ts';
import type { FileProblem } from '../../node/dataFolder.ts';
import type { DecodeSettings } from '../data/decodeImage.ts';
import { type DecodedFile, readImages } from '../data/imageReader.ts';
import type { ImageContents } from './imageContents.ts';

/** One labelled image of a training or validation set. */
export interface Example {
  file: string;
  classIndex: number;
}

/**
 * Decoded images kept in memory at most; beyond it they are decoded again whenever they are needed. THAW_IMAGE_LIMIT_MB
 * sets another bound, on machines where others need the memory.
 */
export const PIXEL_LIMIT_BYTES = 1e6 * Number(process.env.THAW_IMAGE_LIMIT_MB ?? 1500);

/** Decoded images by file, as many as memory allows; one for all sets of a plan. */
export class PixelStore {
  private readonly images = new Map<string, DecodedFile>();
  private storedBytes = 0;

  get(file: string): DecodedFile | undefined {
    return this.images.get(file);
  }

  keep(file: string, { pixels, sha256 }: DecodedFile): void {
    if (this.images.has(file) || this.storedBytes + pixels.byteLength > PIXEL_LIMIT_BYTES) return;
    this.storedBytes += pixels.byteLength;
    this.images.set(file, { pixels, sha256 });
  }
}

/** How images are read. */
export interface ReadAhead {
  signal?: AbortSignal;
  /** Images that are on their way while the consumer is at work, if that is more than one a core. */
  ahead?: number;
}

/**
 * Images of a set, decoded on first use in parallel with whatever the caller does between two of them. Images that cannot
 * be read are remembered as problems and left out from then on.
 */
export class ExampleSet {
  private readonly unreadable = new Map<number, string>();

  constructor(
    readonly examples: readonly Example[],
    private readonly settings: DecodeSettings,
    private readonly store = new PixelStore(),
    private readonly contents: ImageContents | null = null,
  ) {}

  get problems(): FileProblem[] {
    return [...this.unreadable].map(([index, problem]) => ({ file: this.examples[index].file, problem }));
  }

  /** Indexes of the examples that are not known to be unreadable. */
  get usable(): number[] {
    return this.examples.map((_, index) => index).filter((index) => !this.unreadable.has(index));
  }

  /** Hash of the content of an example's file without decoding it; null where that is not known or cannot be read. */
  async hashOf(index: number): Promise<string | null> {
    return this.unreadable.has(index) ? null : ((await this.contents?.hashOf(this.examples[index].file)) ?? null);
  }

  /** Pixels (height x width x channels, 0 to 255) of the given examples in order; unreadable ones are left out. */
  async *read(
    indexes: readonly number[],
    { signal, ahead = 0 }: ReadAhead = {},
  ): AsyncGenerator<{ index: number } & DecodedFile> {
    const fileOf = (index: number): string => this.examples[index].file;
    // Taken out at once: what is stored in the meantime must not change who is read.
    const stored = new Map(indexes.map((index) => [index, this.store.get(fileOf(index))]));
    const missing = indexes.filter((index) => !stored.get(index) && !this.unreadable.has(index));
    const isMissing = new Set(missing);
    const reader = readImages(
      missing.map((index) => fileOf(index)),
      this.settings,
      { concurrency: Math.max(2, cpus().length, ahead), signal },
    );
    try {
      for (const index of indexes) {
        const image = stored.get(index);
        if (image) {
          yield { index, ...image };
          continue;
        }
        if (!isMissing.has(index)) continue;
        const next = await reader.next();
        if (next.done) break;
        if ('problem' in next.value) {
          this.unreadable.set(index, next.value.problem);
          continue;
        }
        this.store.keep(fileOf(index), next.value);
        yield { ...next.value, index };
      }
    } finally {
      await reader.return(undefined);
    }
  }

  /**
   * Makes sure that every class still has an image. Throws `dataClassUnreadable`, naming the first file that failed.
   */
  requireEveryClass(classes: readonly string[]): void {
    const left = new Set(this.usable.map((index) => this.examples[index].classIndex));
    classes.forEach((className, classIndex) => {
      if (left.has(classIndex)) return;
      const failed = [...this.unreadable].find(([index]) => this.examples[index].classIndex === classIndex);
      if (!failed) return;
      throw new ThawError({
        reason: 'dataClassUnreadable',
        className,
        file: this.examples[failed[0]].file,
        detail: failed[1],
      });
    });
  }
}
