import { t } from '@vscode/l10n';
import { type Challenger, challengerTitle } from './challenger.ts';
import { compareModels, type Outcome, outcomeOf } from './comparison.ts';
import { countImages } from './counts.ts';
import { formatPointRange, formatPoints } from './format.ts';
import { parameterCounts } from './networkRows.ts';
import type { Plan } from './plan.ts';
import { editedPlan, type PlanEdit, type PlanSources } from './planEdits.ts';
import { advisedQuadrant, measuredChallenger } from './planEdits/recommended.ts';
import type { PlanSetting } from './planOverrides.ts';
import type { PlanNetwork } from './planView.ts';
import { type CostBasis, type ImageCounts, predictCost } from './predictCost.ts';
import type { Interval } from './statistics.ts';

/** The two plans of a trial, in the order they are run: what the table says, and what is worth a try beside it. */
export const TRIAL_SIDES = ['recommended', 'challenger'] as const;
export type TrialSide = (typeof TRIAL_SIDES)[number];

export const TRIAL_FOLDS = 5;
/** Epochs at most of a plan that trains more than the head. */
export const TRIAL_EPOCHS = 15;

/** One of the two, made of the plan that is there. */
export interface TrialPlan {
  /** What people know it by. */
  title: string;
  /** What makes it of the plan. */
  edit: Exclude<PlanEdit, { kind: 'setting' }>;
  /** In full length. */
  plan: Plan;
}

export interface TrialPlans extends Record<TrialSide, TrialPlan> {
  found: Challenger;
}

/** The plan of the table and its challenger, both with all other settings of `plan`; null where there is no challenger. */
export function trialPlans(plan: Plan, sources: PlanSources): TrialPlans | null {
  const quadrant = advisedQuadrant(plan, sources);
  const found = measuredChallenger(plan, sources);
  if (!quadrant || !found) return null;
  const made = (title: string, edit: TrialPlan['edit']): TrialPlan => ({
    title,
    edit,
    plan: editedPlan(plan, edit, sources),
  });
  return {
    found,
    recommended: made(recommendedTitle(quadrant, sources), { kind: 'quadrant', ...quadrant }),
    challenger: made(challengerTitle(found), challengerEdit(found)),
  };
}

/** The sentence of the quadrant; with tiny data what trains whatever it is, a head at the end. */
function recommendedTitle(quadrant: Challenger['quadrant'], { data, network }: PlanSources): string {
  const last = network?.blocks.at(-1);
  return challengerTitle({ headAfter: data?.band.tiny && last ? last.name : null, quadrant });
}

/** What makes the challenger of a plan. */
export function challengerEdit({ headAfter, quadrant }: Pick<Challenger, 'headAfter' | 'quadrant'>): TrialPlan['edit'] {
  return { kind: 'challenger', headAfter, ...quadrant };
}

/**
 * The plan with fewer epochs in all: each phase keeps its share of them, and at least one. A plan that trains nothing but the
 * head keeps all: its features are computed once, so that its epochs cost next to nothing, and a head that was not trained to
 * its end says little about the features it sits on.
 */
export function shortened(plan: Plan, epochs = TRIAL_EPOCHS): Plan {
  const stated = totalEpochs(plan);
  if (stated <= epochs || plan.phases.every(({ unfreeze }) => unfreeze?.length === 0)) return plan;
  const exact = plan.phases.map((phase) => (phase.epochs * epochs) / stated);
  const short = plan.phases.map(() => 1);
  // One after the other to the phase that lacks the most.
  for (let left = epochs - short.length; left > 0; left--) {
    const lacks = exact.map((share, index) => share - short[index]);
    short[lacks.indexOf(Math.max(...lacks))]++;
  }
  return { ...plan, phases: plan.phases.map((phase, index) => ({ ...phase, epochs: short[index] })) };
}

/** Epochs of all phases. */
export function totalEpochs({ phases }: Pick<Plan, 'phases'>): number {
  return phases.reduce((sum, phase) => sum + phase.epochs, 0);
}

/** How a plan file has to be stated otherwise to become `after`. */
export function settingsBetween(before: Plan, after: Plan): PlanSetting[] {
  const [one, other] = [before, after].map((plan) => JSON.parse(JSON.stringify(plan)) as Record<string, JsonValue>);
  return Object.entries(other)
    .filter(([key, value]) => JSON.stringify(one[key]) !== JSON.stringify(value))
    .map(([key, value]) => ({ key, value }));
}
type JsonValue = PlanSetting['value'];

export interface PlanSize {
  /** Weights that train at all. */
  trainableParameters: number;
  /** Blocks an image passes through. */
  blocks: number;
}

/** @param network that of the plan, with its head */
export function planSize(plan: Plan, network: PlanNetwork): PlanSize {
  return { trainableParameters: parameterCounts(plan, network).trainable, blocks: network.blocks.length };
}

/** The plan with fewer weights to train; of equals the one with fewer blocks, and else the recommended one. */
export function smallerPlan({ recommended, challenger }: Record<TrialSide, PlanSize>): TrialSide {
  const less =
    challenger.trainableParameters - recommended.trainableParameters || challenger.blocks - recommended.blocks;
  return less < 0 ? 'challenger' : 'recommended';
}

/** What a trial found out. */
export interface TrialJudgement extends Interval {
  n: number;
  /** Accuracy of the challenger minus accuracy of the recommended plan; `low` and `high` are its 95 % interval. */
  difference: number;
  /** Two-sided. */
  pValue: number;
  better: TrialSide | null;
  smaller: TrialSide;
  kept: TrialSide;
  /** A sentence or two. */
  verdict: string;
}

/**
 * Which of two plans to keep for these images, from what each has right of them, every image judged by the models that were
 * trained without it.
 *
 * The images of all folds are compared together, in pairs: McNemar's exact test and the interval of Agresti and Min. The
 * trial asks which plan serves *these* images better, as trained on them, and for that the folds' models are given: then the
 * images are what varies (P. Bayle, A. Bayle, L. Janson and L. Mackey, Cross-validation Confidence Intervals for Test Error,
 * NeurIPS 2020, arXiv 2007.12671, show it for the difference of two algorithms). How much other training images would have
 * changed is not counted, unlike in `compareFolds`, which `thaw compare` uses; of five folds of a dozen images that has four
 * degrees of freedom, and could not tell a good plan from chance.
 *
 * Without a proven difference, where test and interval both say so, the smaller plan is kept. That includes every difference
 * below one standard error.
 *
 * @param correct in the same order of the images
 * @param groups as `compareModels` takes them
 * @throws ThawError `internal` for lists of different length
 */
export function judgeTrial(
  correct: Record<TrialSide, readonly boolean[]>,
  { titles, smaller, ...options }: TrialSettings,
): TrialJudgement {
  const models = [
    { name: titles.challenger, correct: correct.challenger },
    { name: titles.recommended, correct: correct.recommended },
  ];
  const [pair] = compareModels(models, options);
  const { n, difference, low, high, pValue, outcome } = pair;
  const better = betterSide(outcome);
  const kept = better ?? smaller;
  const judged = { n, difference, low, high, pValue, better, smaller, kept };
  return { ...judged, verdict: trialVerdict(judged, titles) };
}

export interface TrialSettings {
  titles: Record<TrialSide, string>;
  smaller: TrialSide;
  groups?: readonly (string | number)[];
  seed?: number;
}

function betterSide(outcome: Outcome): TrialSide | null {
  if (outcome === 'aBetter') return 'challenger';
  return outcome === 'bBetter' ? 'recommended' : null;
}

/** The answer of a trial in words. The editor asks for it anew, in its own language and with its own titles. */
export function trialVerdict(judged: Omit<TrialJudgement, 'verdict'>, titles: TrialSettings['titles']): string {
  const { difference, low, high, pValue, n, kept } = judged;
  const forward = difference >= 0;
  const ahead = forward ? titles.challenger : titles.recommended;
  const points = formatPoints(Math.abs(difference));
  const range = forward ? formatPointRange(low, high) : formatPointRange(-high, -low);
  const images = countImages(n);
  const smaller = titles[kept];
  switch (outcomeOf({ difference, low, high, adjustedPValue: pValue })) {
    case 'aBetter':
    case 'bBetter':
      return t('"{0}" is better by {1} (95 %: {2}) on {3} and is kept.', ahead, points, range, images);
    case 'uncertain':
      return t(
        'Not certain: "{0}" is ahead by {1} (95 %: {2}) on {3}, but test and interval do not agree. The smaller plan is kept: "{4}".',
        ahead,
        points,
        range,
        images,
        smaller,
      );
    case 'noDifference':
      return difference === 0
        ? t(
            'No difference that {0} can show (95 %: {1} points). The smaller plan is kept: "{2}".',
            images,
            range,
            smaller,
          )
        : t(
            'No difference that {0} can show: "{1}" is ahead by {2} (95 %: {3}). The smaller plan is kept: "{4}".',
            images,
            ahead,
            points,
            range,
            smaller,
          );
  }
}

/** Seconds to open and save the network of a run and to check what stayed frozen, besides what `predictCost` counts. */
const SECONDS_A_RUN = 1;

/**
 * About how long a trial takes, from what was measured of the network of the plan; null where `predictCost` cannot say. The
 * features of an image are computed once for all folds. A head on an earlier block is counted as if it sat at the end.
 */
export function trialSeconds(
  { recommended, challenger }: Record<TrialSide, Pick<TrialPlan, 'plan'>>,
  { basis, images }: { basis: CostBasis; images: ImageCounts },
  folds = TRIAL_FOLDS,
): number | null {
  const all = images.train + images.validation;
  const validation = Math.round(all / folds);
  const costs = [recommended, challenger].map(({ plan }) =>
    predictCost(shortened(plan), basis, { train: all - validation, validation }),
  );
  let seconds = 0;
  for (const cost of costs) {
    if (!cost) return null;
    const once = cost.phases.reduce((sum, phase) => sum + phase.cacheSeconds, 0);
    seconds += folds * (cost.totalSeconds - once + SECONDS_A_RUN) + once;
  }
  return seconds;
}
