import type { CrossValidationRuns } from '../../node/crossValidationRuns.ts';
import { readRunSplit, splitImagePath } from '../../node/splitFile.ts';
import { type Fold, poolAccuracy, poolFolds } from '../../shared/foldPooling.ts';
import type { EvaluateResult, PooledResult } from '../../shared/results.ts';
import { balancedAccuracy, confusionMatrix } from '../../shared/statistics.ts';

/**
 * Pools the evaluations of the folds of a cross-validation, the first fold first.
 *
 * @throws ThawError `foldsIncomplete` where an image that the runs know of was judged never or twice
 */
export async function poolEvaluations(
  runs: CrossValidationRuns,
  evaluations: readonly EvaluateResult[],
): Promise<PooledResult> {
  const unreadable = new Set(evaluations.flatMap(({ problems }) => problems.map(({ file }) => file)));
  const files = (await recordedFiles(runs, evaluations.length)).filter((file) => !unreadable.has(file));
  const images = evaluations.map((evaluation, index) =>
    evaluation.images.map((image) => ({ ...image, fold: index + 1 })),
  );
  const pooled = poolFolds(
    images.map((outcomes) => ({ cases: casesOf(outcomes, files), outcomes })),
    files.length,
  );
  const [{ classes }] = evaluations;
  const confusion = confusionMatrix(
    pooled.map((image) => classes.indexOf(image.class)),
    pooled.map((image) => classes.indexOf(image.predicted)),
    classes.length,
  );
  return {
    ...poolAccuracy(answersOf(evaluations, files), files.length),
    balancedAccuracy: balancedAccuracy(confusion) ?? 0,
    classes,
    confusion,
    images: pooled,
  };
}

/** Right and wrong answers of each fold, its cases as indexes into `files`. */
export function answersOf(evaluations: readonly EvaluateResult[], files: readonly string[]): Fold<boolean>[] {
  return evaluations.map(({ images }) => ({
    cases: casesOf(images, files),
    outcomes: images.map(({ correct }) => correct),
  }));
}

/** A file that is not among them gets the number after the last, which no case has. */
function casesOf(images: readonly { file: string }[], files: readonly string[]): number[] {
  const indexes = new Map(files.map((file, index) => [file, index]));
  return images.map(({ file }) => indexes.get(file) ?? files.length);
}

/** All images that the runs of a cross-validation were trained on or validated with, by name. */
export async function recordedFiles(runs: CrossValidationRuns, folds: number): Promise<string[]> {
  const files = new Set<string>();
  for (let number = 1; number <= folds; number++) {
    const split = await readRunSplit(runs.fold(number));
    if (!split) continue;
    for (const image of [...split.train, ...split.validation]) files.add(splitImagePath(split, image));
  }
  return [...files].sort();
}
