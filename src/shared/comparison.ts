import { t } from '@vscode/l10n';
import { countImages } from './counts.ts';
import { formatCount, formatPointRange, formatPoints, formatPValue } from './format.ts';
import { pairedBootstrap } from './bootstrap.ts';
import { groupedMcNemar, holmAdjusted, mcNemar, pairedDifferenceInterval, type Interval } from './statistics.ts';

/** A model, by the name people know it by, and which images it has right: the same images in the same order for each. */
export interface ModelAnswers {
  name: string;
  correct: readonly boolean[];
}

/**
 * What the numbers allow to say: a difference only where test and interval agree on one; `uncertain` where only one of
 * them speaks for it.
 */
export type Outcome = 'aBetter' | 'bBetter' | 'uncertain' | 'noDifference';

/** The numbers a verdict stands on; `low` and `high` are the 95 % interval of the difference, for this pair alone. */
export interface PairNumbers extends Interval {
  a: string;
  b: string;
  /** Images. */
  n: number;
  /** Accuracy of `a` minus accuracy of `b`, -1 to 1. */
  difference: number;
  /** Two-sided p-value, adjusted for all `comparisons` made at once. */
  adjustedPValue: number;
  comparisons: number;
  /** Folds of the cross-validations that were compared, where it were these. */
  folds?: number;
}

export interface PairComparison extends PairNumbers {
  /** Images only `a` has right, and images only `b` has right. */
  onlyA: number;
  onlyB: number;
  /** Of McNemar's exact test (with groups, of `groupedMcNemar`), of this pair alone. */
  pValue: number;
  outcome: Outcome;
  /** A sentence or two. */
  verdict: string;
}

const SIGNIFICANT = 0.05;

export interface ComparisonOptions {
  /** The group of each image: images of a group are alike, and the groups are what is independent. */
  groups?: readonly (string | number)[];
  /** Of the resampling that groups need; default 0. */
  seed?: number;
}

/**
 * Compares every two models on the same images: McNemar's exact test with Holm's adjustment where there are several pairs,
 * and the interval of Agresti and Min. Images count as independent unless there are groups: then whole groups are
 * tested (`groupedMcNemar`) and resampled (`pairedBootstrap`), and of both intervals the outer ends are taken.
 *
 * @returns pairs in the order of the models: first with second, first with third, second with third
 * @throws ThawError `internal` for models with different numbers of images
 */
export function compareModels(models: readonly ModelAnswers[], options: ComparisonOptions = {}): PairComparison[] {
  const { groups } = options;
  const pairs = models.flatMap((a, index) => models.slice(index + 1).map((b) => ({ a, b })));
  const tests = pairs.map(({ a, b }) =>
    groups ? groupedMcNemar(a.correct, b.correct, groups) : mcNemar(a.correct, b.correct),
  );
  const adjusted = holmAdjusted(tests.map(({ pValue }) => pValue));
  return pairs.map(({ a, b }, index) => {
    const numbers: PairNumbers = {
      a: a.name,
      b: b.name,
      n: a.correct.length,
      ...differenceInterval(a, b, options),
      adjustedPValue: adjusted[index],
      comparisons: pairs.length,
    };
    return { ...numbers, ...tests[index], outcome: outcomeOf(numbers), verdict: describeOutcome(numbers) };
  });
}

function differenceInterval(a: ModelAnswers, b: ModelAnswers, { groups, seed = 0 }: ComparisonOptions) {
  const alone = pairedDifferenceInterval(a.correct, b.correct);
  if (!groups) return alone;
  const { low, high } = pairedBootstrap(a.correct, b.correct, { seed, groups });
  return { ...alone, low: Math.min(alone.low, low), high: Math.max(alone.high, high) };
}

/** Claims a difference only for an adjusted p below 0.05 and an interval that leaves out 0. */
export function outcomeOf({
  difference,
  low,
  high,
  adjustedPValue,
}: Pick<PairNumbers, 'difference' | 'low' | 'high' | 'adjustedPValue'>): Outcome {
  const testSaysSo = adjustedPValue < SIGNIFICANT;
  const intervalSaysSo = low > 0 || high < 0;
  if (testSaysSo && intervalSaysSo) return difference > 0 ? 'aBetter' : 'bBetter';
  return testSaysSo || intervalSaysSo ? 'uncertain' : 'noDifference';
}

/**
 * The outcome in words, from the view of the model that is ahead. Where there is no difference to be seen it says how large a
 * one could have gone unnoticed: the end of the interval that is farther from 0.
 */
export function describeOutcome(numbers: PairNumbers): string {
  const { ahead, behind, difference } = fromTheLeader(numbers);
  const evidence = evidenceOf(numbers);
  const images = countImages(numbers.n);
  const points = formatPoints(difference);
  switch (outcomeOf(numbers)) {
    case 'aBetter':
    case 'bBetter':
      return t('"{0}" is better than "{1}" by {2} ({3}, {4}).', ahead, behind, points, evidence, images);
    case 'uncertain':
      return numbers.adjustedPValue < SIGNIFICANT
        ? t(
            'Not certain: "{0}" is ahead of "{1}" by {2}, but only the test speaks for a difference, not the interval ({3}, {4}).',
            ahead,
            behind,
            points,
            evidence,
            images,
          )
        : t(
            'Not certain: "{0}" is ahead of "{1}" by {2}, but only the interval speaks for a difference, not the test ({3}, {4}).',
            ahead,
            behind,
            points,
            evidence,
            images,
          );
    case 'noDifference':
      return describeNoDifference(numbers, evidence);
  }
}

function describeNoDifference(numbers: PairNumbers, evidence: string): string {
  const { ahead, behind, difference, low, high } = fromTheLeader(numbers);
  const images = countImages(numbers.n);
  const unnoticed = formatPoints(Math.max(Math.abs(low), Math.abs(high)));
  return difference === 0
    ? t(
        'No difference that {0} can show: "{1}" and "{2}" have equally many right ({3}). A difference of up to {4} could have gone unnoticed.',
        images,
        ahead,
        behind,
        evidence,
        unnoticed,
      )
    : t(
        'No difference that {0} can show: "{1}" is ahead of "{2}" by {3} ({4}). A difference of up to {5} could have gone unnoticed.',
        images,
        ahead,
        behind,
        formatPoints(difference),
        evidence,
        unnoticed,
      );
}

/** Interval and p-value, from the view of the model that is ahead. */
function evidenceOf(numbers: PairNumbers): string {
  const { low, high } = fromTheLeader(numbers);
  const { adjustedPValue, comparisons, folds } = numbers;
  const [range, pValue] = [formatPointRange(low, high), formatPValue(adjustedPValue)];
  if (folds !== undefined) {
    return comparisons > 1
      ? t('95 %: {0}, {1} over {2} folds, adjusted for {3} comparisons', range, pValue, folds, formatCount(comparisons))
      : t('95 %: {0}, {1} over {2} folds', range, pValue, folds);
  }
  return comparisons > 1
    ? t('95 %: {0}, {1} adjusted for {2} comparisons', range, pValue, formatCount(comparisons))
    : t('95 %: {0}, {1}', range, pValue);
}

function fromTheLeader({ a, b, difference, low, high }: PairNumbers): Interval & {
  ahead: string;
  behind: string;
  difference: number;
} {
  if (difference >= 0) return { ahead: a, behind: b, difference, low, high };
  return { ahead: b, behind: a, difference: -difference, low: -high, high: -low };
}
