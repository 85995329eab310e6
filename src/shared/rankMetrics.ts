import { mean, requireSameLength } from './statistics.ts';

/**
 * Area under the ROC curve: the probability that a positive case scores above a negative one, a tie counting half. It is
 * the Mann-Whitney statistic over the number of pairs (J. A. Hanley and B. J. McNeil, The Meaning and Use of the Area
 * under a ROC Curve, Radiology 143, 1982).
 *
 * @param scores finite, on any scale
 * @returns 0 to 1, 0.5 for scores that know nothing; null without positive or without negative cases
 */
export function binaryAuc(scores: readonly number[], positive: readonly boolean[]): number | null {
  requireSameLength(scores, positive);
  const positives = positive.filter(Boolean).length;
  const negatives = positive.length - positives;
  if (positives === 0 || negatives === 0) return null;
  const rankSum = midRanks(scores).reduce((total, rank, index) => total + (positive[index] ? rank : 0), 0);
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

export interface OneVsRestAuc {
  /** Of each class against all others; null for a class without cases, or with all of them. */
  perClass: (number | null)[];
  /** Mean of those that exist, every class counting the same; null if none does. */
  macro: number | null;
}

/**
 * `binaryAuc` of each class against the rest.
 *
 * @param probabilities [case][class]
 * @param actual the class of each case, as an index below the number of classes
 */
export function oneVsRestAuc(
  probabilities: readonly (readonly number[])[],
  actual: readonly number[],
  classes: number,
): OneVsRestAuc {
  requireSameLength(probabilities, actual);
  const perClass = Array.from({ length: classes }, (_, classIndex) =>
    binaryAuc(
      probabilities.map((row) => row[classIndex]),
      actual.map((index) => index === classIndex),
    ),
  );
  const known = perClass.flatMap((auc) => (auc === null ? [] : [auc]));
  return { perClass, macro: known.length === 0 ? null : mean(known) };
}

/** Ranks from 1 upwards; equal values share the mean of theirs. */
function midRanks(values: readonly number[]): number[] {
  const ascending = [...values.keys()].sort((a, b) => values[a] - values[b]);
  const ranks = new Array<number>(values.length);
  let start = 0;
  while (start < ascending.length) {
    let end = start + 1;
    while (end < ascending.length && values[ascending[end]] === values[ascending[start]]) end++;
    for (const index of ascending.slice(start, end)) ranks[index] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}
