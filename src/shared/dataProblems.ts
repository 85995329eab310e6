import { t } from '@vscode/l10n';
import { formatList } from './format.ts';

/** What can be wrong with images, the folders and tables that list them, and how they are divided. */
export type DataProblem =
  | { reason: 'dataFolderMissing'; path: string }
  | { reason: 'dataFolderEmpty'; path: string }
  | { reason: 'dataOneClass'; path: string; className: string }
  | {
      reason: 'dataClassTooSmall';
      className: string;
      images: number;
      needed: number;
      path?: string;
      /** Where it is to be divided into folds. */
      folds?: number;
      /** Groups of images that stay together, where these are too few. */
      groups?: number;
    }
  | { reason: 'dataOneGroup'; className: string; images: number }
  | { reason: 'dataTooFewForCurve'; className: string; images: number; needed: number }
  | { reason: 'dataClassUnreadable'; className: string; file: string; detail: string }
  | { reason: 'dataClassUnknown'; className: string; path: string; known: string[]; model?: string }
  | { reason: 'dataImbalanced'; ratio: number; smallest: string; largest: string }
  | { reason: 'dataVanished'; path: string; run?: string }
  | { reason: 'dataTable'; path: string; line: number; detail: string }
  | { reason: 'splitDamaged'; path: string; detail: string }
  | { reason: 'splitFilesMissing'; path: string; files: number; first: string; run?: string }
  | { reason: 'imageUnreadable'; path: string; detail: string };

/** In words, as `describeProblem` does. */
export function describeDataProblem(problem: DataProblem): string {
  switch (problem.reason) {
    case 'dataFolderMissing':
      return t(
        'There is no data folder at {0}. Give the folder that holds one folder of images per class.',
        problem.path,
      );
    case 'dataFolderEmpty':
      return t(
        'No images were found in {0}. Put the images of each class in a folder named after the class.',
        problem.path,
      );
    case 'dataOneClass':
      return t(
        'Only one class, "{0}", was found in {1}. A classifier needs at least two: add a folder of images of something else.',
        problem.className,
        problem.path,
      );
    case 'dataClassTooSmall':
      return classTooSmall(problem);
    case 'dataOneGroup':
      return t(
        'The images of class "{0}" ({1}) all belong together: they are one group, or look nearly the same. So none can be held out for validation. Add other images of this class, or remove the class.',
        problem.className,
        problem.images,
      );
    case 'dataTooFewForCurve':
      return t(
        'Class "{0}" has too few different images ({1}) for a learning curve, which needs {2} of every class. Add images, or remove the class.',
        problem.className,
        problem.images,
        problem.needed,
      );
    case 'dataClassUnreadable':
      return t(
        'No image of class "{0}" can be read; the first failure is {1}: {2}. Replace the files or remove the class.',
        problem.className,
        problem.file,
        problem.detail,
      );
    case 'dataClassUnknown':
      return classUnknown(problem);
    case 'dataImbalanced':
      return t(
        'Class "{0}" has {1} times the images of "{2}". Add images to the smaller class, or write "classWeights" as numbers into the plan to train anyway.',
        problem.largest,
        problem.ratio.toFixed(0),
        problem.smallest,
      );
    case 'dataVanished':
      return problem.run === undefined
        ? t('{0} disappeared while it was being read. Restore the folder and run the command again.', problem.path)
        : t(
            '{0} disappeared while it was being read. Restore the folder and continue with --resume {1}.',
            problem.path,
            problem.run,
          );
    case 'dataTable':
      return t(
        '{0}, line {1}: {2}. Each line is path,label[,split][,group].',
        problem.path,
        problem.line,
        problem.detail,
      );
    case 'splitDamaged':
      return t('{0} is not a split that can be used: {1}. Give the split.json of a run.', problem.path, problem.detail);
    case 'splitFilesMissing':
      return splitFilesMissing(problem);
    case 'imageUnreadable':
      return t('{0} cannot be read as an image: {1}. Replace or remove the file.', problem.path, problem.detail);
  }
}

type ProblemOf<R extends DataProblem['reason']> = Extract<DataProblem, { reason: R }>;

function classTooSmall({ className, path, images, needed, folds, groups }: ProblemOf<'dataClassTooSmall'>): string {
  if (folds !== undefined) {
    return groups === undefined
      ? t(
          'Class "{0}" has too few images ({1}) for {2} folds. Add images, or use fewer folds.',
          className,
          images,
          folds,
        )
      : t(
          'Class "{0}" has images ({1}) in too few groups ({2}) for {3} folds, since a group stays together. Add images, or use fewer folds.',
          className,
          images,
          groups,
          folds,
        );
  }
  if (path) {
    return images === 1
      ? t(
          'Class "{0}" of {1} has 1 readable image; at least {2} are needed (one to train on, one to validate with). Add images or remove the class.',
          className,
          path,
          needed,
        )
      : t(
          'Class "{0}" of {1} has {2} readable images; at least {3} are needed (one to train on, one to validate with). Add images or remove the class.',
          className,
          path,
          images,
          needed,
        );
  }
  return images === 1
    ? t(
        'Class "{0}" has 1 readable image; at least {1} are needed (one to train on, one to validate with). Add images or remove the class.',
        className,
        needed,
      )
    : t(
        'Class "{0}" has {1} readable images; at least {2} are needed (one to train on, one to validate with). Add images or remove the class.',
        className,
        images,
        needed,
      );
}

function classUnknown({ className, path, known, model }: ProblemOf<'dataClassUnknown'>): string {
  return model === undefined
    ? t(
        '{0} has a class "{1}" that the model does not know. Known classes: {2}. Rename or remove the folder.',
        path,
        className,
        formatList(known),
      )
    : t(
        '{0} has a class "{1}" that {2} does not know. Known classes: {3}. Leave this model out, or rename or remove the folder.',
        path,
        className,
        model,
        formatList(known),
      );
}

function splitFilesMissing({ path, files, first, run }: ProblemOf<'splitFilesMissing'>): string {
  return run === undefined
    ? t(
        'Images that {0} lists are missing: {1} of them; the first is {2}. Put them back, or take "split" out of "data" in the plan.',
        path,
        files,
        first,
      )
    : t(
        'Images that run {0} trains on or is validated with are missing: {1} of them; the first is {2}. Put them back to resume, or start a new run from these weights with --from {0}.',
        run,
        files,
        first,
      );
}
