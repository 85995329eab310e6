import { availableParallelism } from 'node:os';
import { sha256 } from '../../node/featureCache/contentKey.ts';
import { ThawError } from '../../shared/errors.ts';
import { decodeImageBytes, type DecodeSettings, readImageFile } from './decodeImage.ts';
import { mapInOrder } from './mapInOrder.ts';

/** Pixels [height, width, channels], and the hash of the file that they were decoded from, in hexadecimal. */
export interface DecodedFile {
  pixels: Uint8Array;
  sha256: string;
}

/** One image of a list, or why it cannot be read. */
export type ReadImage = ({ index: number } & DecodedFile) | { index: number; problem: string };

export interface ReadOptions {
  /** Images decoded at a time. Default: one a core, at least 2. */
  concurrency?: number;
  signal?: AbortSignal;
}

/** Files read at a time where nothing else is said: one a core, at least 2. */
export function defaultConcurrency(): number {
  return Math.max(2, availableParallelism());
}

/**
 * Decodes images in the order of the list, a few ahead of the consumer, so that decoding overlaps with what the
 * consumer does. Memory is bounded by `concurrency` images.
 *
 * @throws ThawError `cancelled` when the signal aborts
 */
export async function* readImages(
  files: readonly string[],
  settings: DecodeSettings,
  options: ReadOptions = {},
): AsyncGenerator<ReadImage, void, undefined> {
  const read = async (file: string, index: number): Promise<ReadImage> => {
    try {
      const content = await readImageFile(file);
      const { pixels } = await decodeImageBytes(content, file, settings);
      return { index, pixels, sha256: sha256(content) };
    } catch (error) {
      return { index, problem: unreadableDetail(error) };
    }
  };
  yield* mapInOrder(files, read, { concurrency: options.concurrency ?? defaultConcurrency(), signal: options.signal });
}

/** The words of an `imageUnreadable` error; any other error is thrown on. */
export function unreadableDetail(error: unknown): string {
  if (error instanceof ThawError && error.problem.reason === 'imageUnreadable') return error.problem.detail;
  throw error;
}
