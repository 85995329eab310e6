import { join, resolve } from 'node:path';
import { CrossValidationRuns } from '../../node/crossValidationRuns.ts';
import { runsFolder, workspaceOf } from '../../node/runFolder.ts';
import { distinctNames } from '../../shared/distinctNames.ts';
import { ThawError } from '../../shared/errors.ts';
import { comparePlans, type FoldAnswers } from '../../shared/foldComparison.ts';
import { poolAccuracy } from '../../shared/foldPooling.ts';
import type { CompareFoldsResult, EvaluateResult } from '../../shared/results.ts';
import { evaluate } from './evaluate.ts';
import { onceEach } from './labelledImages.ts';
import { answersOf, recordedFiles } from './poolEvaluations.ts';
import { requireDifferent, type RequestContext } from './requestContext.ts';

interface Judged {
  path: string;
  /** All images of the cross-validation. */
  files: string[];
  /** Of each fold. */
  evaluations: EvaluateResult[];
}

/**
 * `thaw compare` without labelled images: cross-validations that divided the same images into the same folds, each image
 * judged by the models that did not see it.
 *
 * @throws ThawError `foldsMissing`, `foldUnfinished`, `foldMisnamed`, `foldsDiffer`
 */
export async function compareCrossValidations(
  references: readonly string[],
  context: RequestContext,
): Promise<CompareFoldsResult> {
  const all = references.map((reference) => findCrossValidation(reference, context.directory));
  requireDifferent(all.map(({ path }) => path));
  const counts: number[] = [];
  for (const runs of all) counts.push(await requireFinished(runs));
  const judged: Judged[] = [];
  for (const [index, runs] of all.entries()) judged.push(await judge(runs, counts[index], context));
  return summarize(judged);
}

/** By a path, or by a name among the runs of the workspace. */
function findCrossValidation(reference: string, directory: string): CrossValidationRuns {
  const path = resolve(directory, reference);
  const named = join(runsFolder(workspaceOf(join(directory, 'plan'))), reference);
  const found = CrossValidationRuns.find(path) ?? CrossValidationRuns.find(named);
  if (!found) throw new ThawError({ reason: 'foldsMissing', path });
  return found;
}

/** The number of folds. */
async function requireFinished(runs: CrossValidationRuns): Promise<number> {
  const folds = (await runs.count()) ?? 0;
  for (let fold = 1; fold <= folds; fold++) {
    if ((await runs.fold(fold).finishedReport()) === null) {
      throw new ThawError({ reason: 'foldUnfinished', path: runs.path, fold, folds });
    }
  }
  return folds;
}

async function judge(runs: CrossValidationRuns, folds: number, context: RequestContext): Promise<Judged> {
  const evaluations: EvaluateResult[] = [];
  for (let fold = 1; fold <= folds; fold++) {
    evaluations.push(await evaluate({ model: runs.fold(fold).path }, context));
  }
  return { path: runs.path, files: await recordedFiles(runs, folds), evaluations };
}

/** The images that all have divided and could read. Throws `foldsDiffer` where one has others than the rest. */
function commonFiles(judged: readonly Judged[]): string[] {
  const everywhere = judged[0].files.filter((file) => judged.every(({ files }) => files.includes(file)));
  const images = new Set(judged.flatMap(({ files }) => files)).size;
  const moved = images - everywhere.length;
  if (moved > 0) throw new ThawError({ reason: 'foldsDiffer', images, moved });
  const problems = judged.flatMap(({ evaluations }) => evaluations.flatMap((one) => one.problems));
  const unreadable = new Set(problems.map(({ file }) => file));
  return everywhere.filter((file) => !unreadable.has(file));
}

function summarize(judged: readonly Judged[]): CompareFoldsResult {
  const files = commonFiles(judged);
  const known = new Set(files);
  const paths = judged.map(({ path }) => path);
  const names = distinctNames(paths);
  const plans: FoldAnswers[] = judged.map(({ evaluations }, position) => {
    const readable = evaluations.map((one) => ({ ...one, images: one.images.filter(({ file }) => known.has(file)) }));
    return { name: names[position], folds: answersOf(readable, files) };
  });
  const pathOf = new Map(names.map((name, position) => [name, paths[position]]));
  return {
    n: files.length,
    groups: null,
    runs: plans.map(({ name, folds }, position) => ({
      run: paths[position],
      name,
      ...poolAccuracy(folds, files.length),
    })),
    pairs: comparePlans(plans, files.length).map((pair) => ({
      ...pair,
      a: pathOf.get(pair.a) ?? pair.a,
      b: pathOf.get(pair.b) ?? pair.b,
    })),
    problems: onceEach(judged.flatMap(({ evaluations }) => evaluations.flatMap((one) => one.problems))),
    warnings: [],
  };
}
