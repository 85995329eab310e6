import { describeOutcome, outcomeOf, type PairComparison, type PairNumbers } from './comparison.ts';
import { compareFolds, type Fold, poolFolds } from './foldPooling.ts';
import { holmAdjusted, mcNemar } from './statistics.ts';

/** A cross-validation, by the name people know it by, and which images the model that had not seen them has right. */
export interface FoldAnswers {
  name: string;
  folds: readonly Fold<boolean>[];
}

export interface FoldPairComparison extends PairComparison {
  /** Of each fold, accuracy of `a` minus accuracy of `b`. */
  foldDifferences: number[];
}

/**
 * Compares every two cross-validations on the same folds, by `compareFolds` with Holm's adjustment where there are several
 * pairs. Unlike `compareModels` this is about the plans: it counts that other training images would have given other
 * models.
 *
 * @returns pairs in the order given: first with second, first with third, second with third
 * @throws ThawError as `compareFolds`
 */
export function comparePlans(plans: readonly FoldAnswers[], cases: number): FoldPairComparison[] {
  const pairs = plans.flatMap((a, index) => plans.slice(index + 1).map((b) => ({ a, b })));
  const tests = pairs.map(({ a, b }) => compareFolds(a.folds, b.folds, cases));
  const adjusted = holmAdjusted(tests.map(({ pValue }) => pValue));
  return pairs.map(({ a, b }, index) => {
    const { difference, low, high, pValue, foldDifferences } = tests[index];
    const numbers: PairNumbers = {
      a: a.name,
      b: b.name,
      n: cases,
      difference,
      low,
      high,
      adjustedPValue: adjusted[index],
      comparisons: pairs.length,
      folds: foldDifferences.length,
    };
    const { onlyA, onlyB } = mcNemar(poolFolds(a.folds, cases), poolFolds(b.folds, cases));
    const words = { outcome: outcomeOf(numbers), verdict: describeOutcome(numbers) };
    return { ...numbers, ...words, pValue, onlyA, onlyB, foldDifferences };
  });
}
