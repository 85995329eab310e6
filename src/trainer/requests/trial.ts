import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { t } from '@vscode/l10n';
import { type PlanFile, readPlanFile } from '../../node/planFile.ts';
import { newRunPath, RunFolder } from '../../node/runFolder.ts';
import { readRunSplit, splitImagePath } from '../../node/splitFile.ts';
import { dataBand } from '../../shared/dataBand.ts';
import { ThawError } from '../../shared/errors.ts';
import type { Plan } from '../../shared/plan.ts';
import type { PlanSources } from '../../shared/planEdits.ts';
import type { PlanData } from '../../shared/planView.ts';
import type { CrossValidationResult, TrialPlanResult, TrialResult } from '../../shared/results.ts';
import {
  judgeTrial,
  planSize,
  settingsBetween,
  shortened,
  smallerPlan,
  totalEpochs,
  TRIAL_FOLDS,
  TRIAL_SIDES,
  type TrialPlan,
  type TrialPlans,
  trialPlans,
  type TrialSide,
} from '../../shared/trial.ts';
import { inspectData } from '../data/inspectData.ts';
import { crossValidate } from './crossValidate.ts';
import { describePlan } from './describe.ts';
import { onceEach } from './labelledImages.ts';
import type { RequestContext } from './requestContext.ts';
import { planSimilarity } from './similarity.ts';

interface TrialParams {
  plan: string;
  folds?: number;
  run?: string;
  seed?: number;
}

type Finished = Extract<CrossValidationResult, { stopped: 'finished' }>;
type BothOf<T> = Record<TrialSide, T>;

/**
 * `thaw trial`: trains the plan that the table has for what was measured, and its challenger, both short and on the same
 * folds, and says which one to keep. Folds that are finished already are kept. The plan is read once: it may be edited
 * meanwhile.
 *
 * @throws ThawError `usage` where there is no challenger, `runFolderTaken` for a folder with anything but a trial, and as
 *   `crossValidate`, `planSimilarity` and `describePlan`
 */
export async function trial(params: TrialParams, context: RequestContext): Promise<TrialResult> {
  const started = performance.now();
  const file = await readPlanFile(resolve(context.directory, params.plan));
  const stated: Plan = params.seed === undefined ? file.plan : { ...file.plan, seed: params.seed };
  const plans = await plansOf(file, stated, context);
  const run = await openFolder(params.run, file.path, context);
  const folds = params.folds ?? TRIAL_FOLDS;
  const done: Partial<BothOf<Finished>> = {};
  const common = { run, folds, challenger: plans.found };
  for (const side of TRIAL_SIDES) {
    const set = settingsBetween(file.plan, shortened(plans[side].plan));
    const emit: RequestContext['emit'] = (event) => context.emit({ ...event, trial: side });
    const path = join(run, side);
    const result = await crossValidate({ plan: file, folds, run: path, set }, { ...context, emit });
    if (result.stopped === 'interrupted') {
      const unfinished = { side, fold: result.unfinished };
      return { ...common, stopped: 'interrupted', unfinished, seconds: secondsSince(started) };
    }
    done[side] = result;
  }
  const { recommended, challenger } = done;
  if (!recommended || !challenger) throw new ThawError({ reason: 'internal', detail: 'a plan was not tried' });
  const judged = await judge({ recommended, challenger }, plans, file, context);
  return { ...common, stopped: 'finished', ...judged, seconds: secondsSince(started) };
}

const secondsSince = (started: number): number => (performance.now() - started) / 1000;

/** Measures what the two plans follow from. */
async function plansOf(file: PlanFile, plan: Plan, context: RequestContext): Promise<TrialPlans> {
  const text = JSON.stringify(plan);
  const { network } = await describePlan({ plan: file.path, text }, context);
  const { measurement: similarity } = await planSimilarity({ plan: file.path, text }, context);
  const sources: PlanSources = { network, similarity, data: await countImages(file, context) };
  const found = trialPlans(plan, sources);
  if (found) return found;
  const message = t(
    'Table and measures agree on one plan for these images, so there is no challenger to try beside it. thaw advise says what was measured.',
  );
  throw new ThawError({ reason: 'usage', message });
}

/** Images that train and can be read, as the plan editor counts them. */
async function countImages(file: PlanFile, { signal }: RequestContext): Promise<PlanData> {
  const root = file.resolve(file.plan.data.train);
  const { classes, perClassToTrain: perClass } = await inspectData(root, { signal });
  return { root, classes, perClass, band: dataBand(classes.map((name) => perClass[name] ?? 0)), problems: [] };
}

/** One of its own, which no list of runs shows, or one to go on with. Throws `runFolderTaken`. */
async function openFolder(stated: string | undefined, planPath: string, context: RequestContext): Promise<string> {
  const named = (path: string): string => `${path}-trial`;
  if (stated === undefined) {
    return named(newRunPath(planPath, new Date(), undefined, (path) => existsSync(named(path))));
  }
  const path = resolve(context.directory, stated);
  const sides: readonly string[] = TRIAL_SIDES;
  const isTrial = await readdir(path).then(
    (names) => names.every((name) => sides.includes(name)),
    () => !existsSync(path),
  );
  if (!isTrial || new RunFolder(path).exists) throw new ThawError({ reason: 'runFolderTaken', path });
  return path;
}

/** What `judge` adds to what is known of a trial that is under way. */
type Judged = Omit<
  Extract<TrialResult, { stopped: 'finished' }>,
  'run' | 'folds' | 'challenger' | 'stopped' | 'seconds'
>;

/** Compares what both have right of the images that both could read. */
async function judge(
  results: BothOf<Finished>,
  plans: TrialPlans,
  file: PlanFile,
  context: RequestContext,
): Promise<Judged> {
  const answers = ofBoth((side) => new Map(results[side].images.map(({ file: image, correct }) => [image, correct])));
  const files = [...answers.recommended.keys()].filter((image) => answers.challenger.has(image));
  const groups = await groupsOf(results.recommended.run, files);
  const described: BothOf<TrialPlanResult> = {
    recommended: await describeSide(plans.recommended, results.recommended, file, context),
    challenger: await describeSide(plans.challenger, results.challenger, file, context),
  };
  const judgement = judgeTrial(
    ofBoth((side) => files.map((image) => answers[side].get(image) === true)),
    {
      titles: ofBoth((side) => plans[side].title),
      smaller: smallerPlan(described),
      ...(groups ? { groups } : {}),
      seed: file.plan.seed,
    },
  );
  return {
    ...judgement,
    groups: groups && new Set(groups).size,
    plans: described,
    problems: onceEach(TRIAL_SIDES.flatMap((side) => results[side].problems)),
  };
}

async function describeSide(
  { title, plan }: TrialPlan,
  { run, accuracy, low, high, foldAccuracies }: Finished,
  file: PlanFile,
  context: RequestContext,
): Promise<TrialPlanResult> {
  const { network } = await describePlan({ plan: file.path, text: JSON.stringify(plan) }, context);
  const epochs = totalEpochs(shortened(plan));
  return { title, epochs, ...planSize(plan, network), run, accuracy, low, high, foldAccuracies };
}

function ofBoth<T>(value: (side: TrialSide) => T): BothOf<T> {
  return { recommended: value('recommended'), challenger: value('challenger') };
}

/** The group that the data states for each image, and each image without one; null without groups. */
async function groupsOf(run: string, files: readonly string[]): Promise<(string | number)[] | null> {
  const split = await readRunSplit(new RunFolder(join(run, 'fold-1')));
  if (!split) return null;
  const groups = new Map(
    [...split.train, ...split.validation].flatMap((image) =>
      image.group === undefined ? [] : [[splitImagePath(split, image), image.group] as const],
    ),
  );
  return groups.size === 0 ? null : files.map((image, index) => groups.get(image) ?? index);
}
