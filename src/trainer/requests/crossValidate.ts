import { resolve } from 'node:path';
import { CrossValidationRuns } from '../../node/crossValidationRuns.ts';
import type { PlanFile } from '../../node/planFile.ts';
import type { RunFolder } from '../../node/runFolder.ts';
import { ThawError } from '../../shared/errors.ts';
import type { PlanOverrides } from '../../shared/planOverrides.ts';
import type {
  CrossValidationResult,
  EvaluateResult,
  FoldResult,
  TrainEvent,
  TrainResult,
} from '../../shared/results.ts';
import { evaluate } from './evaluate.ts';
import { poolEvaluations } from './poolEvaluations.ts';
import { findPlan, type RequestContext } from './requestContext.ts';
import { finishedResult, train } from './train.ts';

interface CrossValidateParams extends PlanOverrides {
  plan: string | PlanFile;
  folds: number;
  run?: string;
}

interface DoneFold {
  training: TrainResult;
  evaluation: EvaluateResult;
}

/**
 * `thaw train --folds`: trains a plan once for each part of its images, on all others, and judges every image by the model
 * that was not trained on it. Folds that are finished already are kept, those that were interrupted go on. The plan is read
 * once: a file that is edited meanwhile counts for none of the folds.
 */
export async function crossValidate(
  params: CrossValidateParams,
  context: RequestContext,
): Promise<CrossValidationResult> {
  const plan = await findPlan(params.plan, context);
  const runs = await openRuns(plan, params, context);
  const done: DoneFold[] = [];
  while (done.length < params.folds) {
    const number = done.length + 1;
    const fold = await finishFold(runs.fold(number), number, { ...params, plan }, context);
    if (!fold) break;
    done.push(fold);
  }
  const folds = done.map(({ training, evaluation }, index) => foldResult(index + 1, training, evaluation));
  const evaluations = done.map(({ evaluation }) => evaluation);
  const problems = evaluations.flatMap((evaluation) => evaluation.problems);
  const result = { run: runs.path, folds, problems };
  if (done.length < params.folds) return { ...result, stopped: 'interrupted', unfinished: done.length + 1 };
  return { ...result, stopped: 'finished', ...(await poolEvaluations(runs, evaluations)) };
}

/** Throws `foldsOther` for runs of another number of folds, `runFolderTaken` for a folder with anything else. */
async function openRuns(
  plan: PlanFile,
  { folds, run }: CrossValidateParams,
  context: RequestContext,
): Promise<CrossValidationRuns> {
  if (run === undefined) return CrossValidationRuns.createName(plan.path, new Date());
  const path = resolve(context.directory, run);
  const found = CrossValidationRuns.find(path);
  if (!found) return CrossValidationRuns.inFolder(path);
  const count = (await found.count()) ?? folds;
  if (count !== folds) throw new ThawError({ reason: 'foldsOther', path, folds: count, asked: folds });
  return found;
}

/** Trains a fold, or what is left of it, and judges it; null where the user stopped it. */
async function finishFold(
  run: RunFolder,
  number: number,
  { plan, folds, seed, set, baseline }: CrossValidateParams & { plan: PlanFile },
  context: RequestContext,
): Promise<DoneFold | null> {
  const emit = (event: TrainEvent): void => context.emit({ ...event, fold: number, folds });
  const own: RequestContext = { ...context, emit };
  try {
    const place = run.exists ? { resume: run.path } : { run: run.path };
    const stated = { plan, seed, set, baseline };
    const before = run.exists ? await finishedResult(run, stated) : null;
    const training = before ?? (await train({ ...stated, ...place, fold: { index: number - 1, count: folds } }, own));
    if (training.stopped === 'interrupted') return null;
    return { training, evaluation: await evaluate({ model: run.path }, own) };
  } catch (error) {
    // What is not yet begun leaves nothing to go on from: that is for the first fold to say.
    const stopped = context.signal.aborted && (run.exists || number > 1);
    if (stopped) return null;
    throw error;
  }
}

function foldResult(fold: number, training: TrainResult, { n, accuracy, low, high }: EvaluateResult): FoldResult {
  const { run, epochs, seconds, stopped, best } = training;
  return { fold, run, n, accuracy, low, high, epochs, seconds, stopped, best };
}
