import { cpus } from 'node:os';
import { ThawError } from '../../shared/errors.ts';
import type { FileProblem } from '../../node/dataFolder.ts';
import type { DecodeSettings } from '../data/decodeImage.ts';
import { readImages } from '../data/imageReader.ts';

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
  private readonly pixels = new Map<string, Uint8Array>();
  private storedBytes = 0;

  get(file: string): Uint8Array | undefined {
    return this.pixels.get(file);
  }

  keep(file: string, pixels: Uint8Array): void {
    if (this.pixels.has(file) || this.storedBytes + pixels.byteLength > PIXEL_LIMIT_BYTES) return;
    this.storedBytes += pixels.byteLength;
    this.pixels.set(file, pixels);
  }
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
  ) {}

  get problems(): FileProblem[] {
    return [...this.unreadable].map(([index, problem]) => ({ file: this.examples[index].file, problem }));
  }

  /** Indexes of the examples that are not known to be unreadable. */
  get usable(): number[] {
    return this.examples.map((_, index) => index).filter((index) => !this.unreadable.has(index));
  }

  /** Pixels (height x width x channels, 0 to 255) of the given examples in order; unreadable ones are left out. */
  async *read(indexes: readonly number[], signal?: AbortSignal): AsyncGenerator<{ index: number; pixels: Uint8Array }> {
    const fileOf = (index: number): string => this.examples[index].file;
    // Taken out at once: what is stored in the meantime must not change who is read.
    const stored = new Map(indexes.map((index) => [index, this.store.get(fileOf(index))]));
    const missing = indexes.filter((index) => !stored.get(index) && !this.unreadable.has(index));
    const isMissing = new Set(missing);
    const reader = readImages(
      missing.map((index) => fileOf(index)),
      this.settings,
      { concurrency: Math.max(2, cpus().length), signal },
    );
    try {
      for (const index of indexes) {
        const pixels = stored.get(index);
        if (pixels) {
          yield { index, pixels };
          continue;
        }
        if (!isMissing.has(index)) continue;
        const next = await reader.next();
        if (next.done) break;
        if ('problem' in next.value) {
          this.unreadable.set(index, next.value.problem);
          continue;
        }
        this.store.keep(fileOf(index), next.value.pixels);
        yield { index, pixels: next.value.pixels };
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
