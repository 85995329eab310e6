import { ThawError } from './errors.ts';
import { mean, wilsonInterval, type Interval } from './statistics.ts';
import { studentTCentral, studentTReach } from './studentT.ts';

/** Folds that a cross-validation may have. */
export const LEAST_FOLDS = 2;
export const MOST_FOLDS = 20;

/** One part of a k-fold cross-validation, judged by the model that was trained on all the others. */
export interface Fold<T> {
  /** Its cases, as indexes below the number of all cases. */
  cases: readonly number[];
  /** What came out for each of them, in the same order: right or wrong, a class, probabilities. */
  outcomes: readonly T[];
}

/**
 * The out-of-fold outcome of every case, in the order of the cases.
 *
 * @throws ThawError `foldsIncomplete` unless every case occurs exactly once, `internal` for a fold whose lists differ in
 *   length
 */
export function poolFolds<T>(folds: readonly Fold<T>[], cases: number): T[] {
  const foldOf = foldOfEachCase(folds, cases);
  const pooled = new Array<T>(foldOf.length);
  for (const { cases: members, outcomes } of folds) {
    members.forEach((index, position) => (pooled[index] = outcomes[position]));
  }
  return pooled;
}

/** Accuracy over all cases of a cross-validation; `low` and `high` are its Wilson interval. */
export interface PooledAccuracy extends Interval {
  n: number;
  accuracy: number;
  /** Of each fold that has cases. */
  foldAccuracies: number[];
  /** Mean of the folds' accuracies, every fold counting the same; null without cases. */
  mean: number | null;
  /** Their standard deviation (n - 1); null with fewer than two. It says how much the accuracy hangs on the fold. */
  standardDeviation: number | null;
}

/**
 * Pools right (true) and wrong answers of a cross-validation. Without cases the accuracy is 0 and the interval the whole
 * range.
 *
 * @throws ThawError as `poolFolds`
 */
export function poolAccuracy(folds: readonly Fold<boolean>[], cases: number, confidence = 0.95): PooledAccuracy {
  const right = poolFolds(folds, cases).filter(Boolean).length;
  const foldAccuracies = folds.flatMap(({ outcomes }) =>
    outcomes.length === 0 ? [] : [outcomes.filter(Boolean).length / outcomes.length],
  );
  return {
    n: cases,
    accuracy: cases === 0 ? 0 : right / cases,
    ...wilsonInterval(right, cases, confidence),
    foldAccuracies,
    mean: cases === 0 ? null : mean(foldAccuracies),
    standardDeviation: foldAccuracies.length < 2 ? null : Math.sqrt(sampleVariance(foldAccuracies)),
  };
}

export interface FoldDifference extends Interval {
  /** Mean over the folds of accuracy of `a` minus accuracy of `b`. */
  difference: number;
  foldDifferences: number[];
  /** Two-sided. */
  pValue: number;
}

/**
 * Compares two plans on the same folds by the corrected resampled t-test (C. Nadeau and Y. Bengio, Inference for the
 * Generalization Error, Machine Learning 52, 2003). The folds share most of their training cases, so that the plain
 * variance of the mean is too small: 1 / k becomes 1 / k + test cases / training cases, with means for folds of unequal
 * size. Unlike `mcNemar` it counts what another training set would have changed.
 *
 * With fewer than two folds, or where all folds differ by the same, nothing is known of the spread: the interval is then the
 * whole range and p is 1.
 *
 * @throws ThawError `foldsDiffer` unless both have the same cases in each fold, and as `poolFolds`
 */
export function compareFolds(
  a: readonly Fold<boolean>[],
  b: readonly Fold<boolean>[],
  cases: number,
  confidence = 0.95,
): FoldDifference {
  requireSameFolds(a, b, cases);
  const aCorrect = poolFolds(a, cases);
  const bCorrect = poolFolds(b, cases);
  const foldDifferences = a.flatMap(({ cases: members }) => {
    const advantage = members.reduce((sum, index) => sum + Number(aCorrect[index]) - Number(bCorrect[index]), 0);
    return members.length === 0 ? [] : [advantage / members.length];
  });
  const folds = foldDifferences.length;
  const difference = folds === 0 ? 0 : mean(foldDifferences);
  // Exact where all are equal, unlike a variance.
  if (folds < 2 || foldDifferences.every((one) => one === foldDifferences[0])) {
    return { difference, foldDifferences, low: -1, high: 1, pValue: 1 };
  }
  const testCases = cases / folds;
  const error = Math.sqrt((1 / folds + testCases / (cases - testCases)) * sampleVariance(foldDifferences));
  const half = studentTReach(confidence, folds - 1) * error;
  return {
    difference,
    foldDifferences,
    low: Math.max(-1, difference - half),
    high: Math.min(1, difference + half),
    pValue: Math.max(0, 1 - studentTCentral(Math.abs(difference) / error, folds - 1)),
  };
}

/** The fold of each case, checked. */
function foldOfEachCase(folds: readonly Fold<unknown>[], cases: number): number[] {
  const foldOf = new Array<number>(cases).fill(-1);
  const repeated = new Set<number>();
  let unknown = 0;
  for (const [fold, { cases: members, outcomes }] of folds.entries()) {
    if (members.length !== outcomes.length) {
      const detail = `a fold has ${members.length} cases and ${outcomes.length} outcomes`;
      throw new ThawError({ reason: 'internal', detail });
    }
    for (const index of members) {
      if (foldOf[index] === undefined) unknown++;
      else if (foldOf[index] >= 0) repeated.add(index);
      else foldOf[index] = fold;
    }
  }
  const missing = foldOf.filter((fold) => fold < 0).length;
  if (missing > 0 || repeated.size > 0 || unknown > 0) {
    throw new ThawError({ reason: 'foldsIncomplete', images: cases, missing, repeated: repeated.size, unknown });
  }
  return foldOf;
}

function requireSameFolds(a: readonly Fold<unknown>[], b: readonly Fold<unknown>[], cases: number): void {
  const foldOfA = foldOfEachCase(a, cases);
  const foldOfB = foldOfEachCase(b, cases);
  const moved = foldOfA.filter((fold, index) => fold !== foldOfB[index]).length;
  if (moved > 0) throw new ThawError({ reason: 'foldsDiffer', images: cases, moved });
}

function sampleVariance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((total, value) => total + (value - centre) ** 2, 0) / (values.length - 1);
}
