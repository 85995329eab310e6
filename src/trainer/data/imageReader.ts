import { availableParallelism } from 'node:os';
import { ThawError } from '../../shared/errors.ts';
import { decodeImage, type DecodeSettings } from './decodeImage.ts';
import { mapInOrder } from './mapInOrder.ts';

/** One image of a list: its pixels [height, width, channels], or why there are none. */
export type ReadImage = { index: number; pixels: Uint8Array } | { index: number; problem: string };

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
      return { index, pixels: await decodeImage(file, settings) };
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
