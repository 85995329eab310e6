import { resolve } from 'node:path';
import { type DataListing, type FileProblem, listData, type Split } from '../../node/dataFolder.ts';
import { ThawError } from '../../shared/errors.ts';
import type { JudgedImages } from '../../shared/results.ts';
import type { Example, ExampleSet } from '../training/examples.ts';
import { numberClasses } from '../training/trainingData.ts';
import type { Classifier } from './classifier.ts';

const BATCH = 16;

/** Labelled images that a model is judged on, with the class numbers of the model. */
export interface JudgedSet {
  examples: Example[];
  judgedOn: JudgedImages;
  problems: FileProblem[];
}

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

/** The images of a data folder that a model is judged on. Throws what `listData` and `numberClasses` throw. */
export async function listJudged(data: string, directory: string, classes: readonly string[]): Promise<JudgedSet> {
  const path = resolve(directory, data);
  const listing = await listData(path);
  const examples = judgedImages(numberClasses(listing, classes, path));
  return { examples, judgedOn: splitOf(listing), problems: listing.problems };
}

const splitOf = ({ images }: DataListing): JudgedImages =>
  images.some(({ split }) => split === 'test') ? 'test' : 'all';

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
  for await (const image of set.read(set.usable, { signal })) {
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

/** What is wrong with files, each named once. */
export function onceEach(problems: readonly FileProblem[]): FileProblem[] {
  return [...new Map(problems.map((problem) => [problem.file, problem])).values()];
}
