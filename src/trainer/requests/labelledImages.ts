import type { DataListing, FileProblem, Split } from '../../node/dataFolder.ts';
import { ThawError } from '../../shared/errors.ts';
import type { ExampleSet } from '../training/examples.ts';
import type { Classifier } from './classifier.ts';

const BATCH = 16;

/** What a model says about one image. */
export interface ClassifiedImage {
  /** Index into the examples of the set. */
  index: number;
  /** [class] */
  probabilities: number[];
  /** The most probable class. */
  predicted: number;
}

/** Where models are judged: on the images of the test split where there is one, else on all. */
export function judgedImages<T extends { split: Split | null }>(images: readonly T[]): T[] {
  const test = images.filter((image) => image.split === 'test');
  return test.length > 0 ? test : [...images];
}

/**
 * Classifies the images of a set that can be read, in their order.
 *
 * @throws ThawError `imageUnreadable` where none can, `cancelled` when the signal aborts
 */
export async function classifyAll(
  classifier: Classifier,
  set: ExampleSet,
  signal: AbortSignal,
): Promise<ClassifiedImage[]> {
  const classified: ClassifiedImage[] = [];
  let waiting: { index: number; pixels: Uint8Array }[] = [];
  const flush = async (): Promise<void> => {
    const all = await classifier.classify(waiting.map((image) => image.pixels));
    all.forEach((values, position) => {
      const probabilities = [...values];
      const predicted = probabilities.indexOf(Math.max(...probabilities));
      classified.push({ index: waiting[position].index, probabilities, predicted });
    });
    waiting = [];
  };
  for await (const image of set.read(set.usable, signal)) {
    waiting.push(image);
    if (waiting.length === BATCH) await flush();
  }
  if (waiting.length > 0) await flush();
  const [first] = set.problems;
  if (classified.length === 0 && first) {
    throw new ThawError({ reason: 'imageUnreadable', path: first.file, detail: first.problem });
  }
  return classified;
}

/** What is wrong with the files of a folder: those that could not be listed, then those that could not be read, once each. */
export function allProblems(listing: DataListing, unreadable: readonly FileProblem[]): FileProblem[] {
  return [...new Map([...listing.problems, ...unreadable].map((problem) => [problem.file, problem])).values()];
}
