import { t } from '@vscode/l10n';

/** What can be wrong with the folds of a cross-validation, or with the images that a run held out. */
export type FoldProblem =
  | { reason: 'foldsIncomplete'; images: number; missing: number; repeated: number; unknown: number }
  | { reason: 'foldsDiffer'; images: number; moved: number }
  | { reason: 'foldsMissing'; path: string }
  | { reason: 'foldsOther'; path: string; folds: number; asked: number }
  | { reason: 'foldUnfinished'; path: string; fold: number; folds: number }
  | { reason: 'foldMisnamed'; path: string }
  | { reason: 'heldOutUnknown'; path: string }
  | { reason: 'heldOutMissing'; path: string; first: string };

/** In words, as `describeProblem` does. */
export function describeFoldProblem(problem: FoldProblem): string {
  switch (problem.reason) {
    case 'foldsIncomplete':
      return t(
        'The folds must hold each of {0} images exactly once. Missing: {1}, repeated: {2}, unknown: {3}. Run the cross-validation again.',
        problem.images,
        problem.missing,
        problem.repeated,
        problem.unknown,
      );
    case 'foldsDiffer':
      return t(
        'The two plans were not validated on the same folds: {0} of {1} images are in another one. Validate both with the same seed and the same number of folds.',
        problem.moved,
        problem.images,
      );
    case 'foldsMissing':
      return t(
        'There is no cross-validation at {0}. Name one by what the folders of its folds have in common, or compare runs and models on labelled images with --data.',
        problem.path,
      );
    case 'foldsOther':
      return t(
        'The cross-validation at {0} has {1} folds and not {2}. Continue it with --folds {1}, or choose another folder.',
        problem.path,
        problem.folds,
        problem.asked,
      );
    case 'foldUnfinished':
      return t(
        'Fold {0} of the cross-validation at {1} is not finished. Continue it with thaw train, --folds {2} and --run {1}.',
        problem.fold,
        problem.path,
        problem.folds,
      );
    case 'foldMisnamed':
      return t(
        'The run at {0} is not the part of a cross-validation that its name says. Choose another folder.',
        problem.path,
      );
    case 'heldOutUnknown':
      return t(
        '{0} does not say which images were held out from its training. Give labelled images with --data.',
        problem.path,
      );
    case 'heldOutMissing':
      return t(
        'The images that {0} held out are gone; the first was {1}. Put them back, or give labelled images with --data.',
        problem.path,
        problem.first,
      );
  }
}
