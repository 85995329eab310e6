import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  backTest,
  type CurveAnswers,
  curvePoints,
  forecastAccuracy,
  lastPointOf,
  SHARES,
} from '../../shared/learningCurve.ts';
import type { LearningCurveResult } from '../../shared/learningCurveResult.ts';
import type { FeatureRows } from '../../shared/nearestNeighbours.ts';
import { nestedOrder } from '../../shared/nestedOrder.ts';
import { Random } from '../../shared/random.ts';
import { ProbeKernel, probeClasses } from '../../shared/ridgeProbe.ts';
import { stratifiedFolds } from '../../shared/splitData.ts';

/** Parts of the images, each judged by probes that learned from the others. */
export const CURVE_FOLDS = 5;
/** Images of which the similarities are computed before other work gets a turn. */
const ROWS_AT_ONCE = 50;

/** Labelled images, a row of features each. */
export interface CurveImages {
  features: FeatureRows;
  labels: readonly number[];
  /** Images of a group are never divided. */
  groups: readonly number[];
  /** By label. */
  classes: readonly string[];
}

export interface CurveOptions {
  signal?: AbortSignal;
  /** Called after each probe. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * How accuracy grows with the images that are learned from: images are divided into folds, and each is judged by linear probes
 * that learned from a quarter, half, three quarters and all of the other folds, several times over. The same images always give
 * the same curve. Rejects with the signal's reason when it aborts.
 *
 * @throws ThawError `dataClassTooSmall` where a class has fewer groups than there are folds
 */
export async function measureLearningCurve(
  { features, labels, groups, classes }: CurveImages,
  { signal, onProgress }: CurveOptions = {},
): Promise<Omit<LearningCurveResult, 'allImages'>> {
  const repeats = repeatsFor(labels.length);
  const kernel = await kernelOf(features, labels.length, signal);
  const correct: boolean[][][] = [];
  const learned = SHARES.map(() => 0);
  for (let repeat = 0; repeat < repeats; repeat++) {
    const foldOf = stratifiedFolds(labels, groups, CURVE_FOLDS, repeat, classes);
    const answers = SHARES.map(() => new Array<boolean>(labels.length).fill(false));
    for (let fold = 0; fold < CURVE_FOLDS; fold++) {
      await nextTurn();
      signal?.throwIfAborted();
      const test = indexesWhere(foldOf, (each) => each === fold);
      const others = indexesWhere(foldOf, (each) => each !== fold);
      const random = Random.seeded(repeat, `learning curve/${fold}`);
      const { images: train, sizes } = nestedOrder(others, labels, groups, SHARES, random);
      probeClasses(kernel, labels, classes.length, { train, sizes, test }).forEach((found, share) => {
        found.forEach((label, place) => (answers[share][test[place]] = label === labels[test[place]]));
        learned[share] += sizes[share];
      });
      onProgress?.(repeat * CURVE_FOLDS + fold + 1, repeats * CURVE_FOLDS);
    }
    correct.push(answers);
  }
  const images = learned.map((sum) => Math.round(sum / (repeats * CURVE_FOLDS)));
  const answers = { images, correct, groups };
  return { images: labels.length, folds: CURVE_FOLDS, repeats, ...describe(answers, labels, classes) };
}

function describe(
  answers: CurveAnswers,
  labels: readonly number[],
  classes: readonly string[],
): Pick<LearningCurveResult, 'points' | 'forecast' | 'perClass' | 'backTest'> {
  const points = curvePoints(answers);
  const forecast = forecastAccuracy(answers, 2 * points[points.length - 1].images);
  const perClass = classes.map((name, label) => {
    const members = indexesWhere(labels, (each) => each === label);
    const { accuracy, low, high } = lastPointOf(members, answers);
    return { class: name, n: members.length, accuracy, low, high };
  });
  return { points, forecast, perClass, backTest: backTest(answers) };
}

/** The fewer images, the more hangs on how they are divided. */
function repeatsFor(images: number): number {
  if (images <= 300) return 5;
  return images <= 1000 ? 3 : 2;
}

async function kernelOf(features: FeatureRows, images: number, signal?: AbortSignal): Promise<ProbeKernel> {
  const kernel = new ProbeKernel(features, images);
  for (let image = 0; image < images; image++) {
    if (image % ROWS_AT_ONCE === 0) {
      await nextTurn();
      signal?.throwIfAborted();
    }
    kernel.add();
  }
  return kernel;
}

function indexesWhere(values: readonly number[], keep: (value: number) => boolean): number[] {
  return values.flatMap((value, index) => (keep(value) ? [index] : []));
}
