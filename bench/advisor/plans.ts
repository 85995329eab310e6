import { type AdviceInput, recommendPlan, type Recommendation } from '../../src/shared/advisor.ts';
import { baselinePlan } from '../../src/shared/baseline.ts';
import { EARLIER_HEAD } from '../../src/shared/challenger.ts';
import type { Plan } from '../../src/shared/plan.ts';
import { fastaiFineTune } from '../../src/shared/schedulePresets.ts';

/** The plans that are tried on every task. */
export const PLANS = [
  'head',
  'lastBlock',
  'third',
  'half',
  'all',
  'oneCycle',
  'fastai',
  'earlierCut',
  'scratch',
] as const;
export type PlanName = (typeof PLANS)[number];

/** What a report calls them; `advised` is that of the advisor where it is none of the others. */
export const PLAN_TITLES: Readonly<Record<PlanName | 'advised', string>> = {
  head: 'head only',
  lastBlock: 'last block',
  third: 'last third',
  half: 'last half',
  all: 'all at one rate',
  oneCycle: 'all in one cycle',
  fastai: "fastai's recipe",
  earlierCut: 'head on an earlier block',
  scratch: 'from scratch',
  advised: 'as advised',
};

/** Policies that look at nothing but the number of images. */
export const POLICIES = ['head', 'all', 'fastai', 'ludwig'] as const;
export type Policy = (typeof POLICIES)[number];

export const POLICY_TITLES: Readonly<Record<Policy, string>> = {
  head: 'always head only',
  all: 'always all',
  fastai: "always fastai's recipe",
  ludwig: 'Ludwig: head only under 1,000 images, else all',
};

const ENOUGH_FOR_LUDWIG = 1000;

/** The plan that a policy takes for so many training images. */
export function policyPlan(policy: Policy, images: number): PlanName {
  switch (policy) {
    case 'all':
      return 'oneCycle';
    case 'ludwig':
      return images < ENOUGH_FOR_LUDWIG ? 'head' : 'oneCycle';
    default:
      return policy;
  }
}

export interface PlanInput {
  /** The plan the advisor has written, whose model, data, batches and seed all others share. */
  advised: Plan;
  blocks: AdviceInput['blocks'];
  data: AdviceInput['data'];
  /** Where the head of the earlier cut sits: a block, and its last layer. */
  cut: { block: string; layer: string };
}

/**
 * Every plan by its name. Those the advisor could have given are as it gives them, with their own schedules, so that its
 * choice is judged and not its manner; the others are as their authors describe them.
 */
export function candidatePlans({ advised, blocks, data, cut }: PlanInput): Record<PlanName, Plan> {
  const recommended = (amount: 'low' | 'middle' | 'high', similarity: 'low' | 'high'): Plan => {
    const quadrantData = amount === 'high' ? 'high' : 'low';
    const band = { ...data, band: amount, quadrantData, tiny: false } as const;
    const { batchSize } = advised;
    return withParts(advised, recommendPlan({ data: band, similarity, similaritySource: 'given', blocks, batchSize }));
  };
  const names = blocks.map(({ name }) => name);
  const [head, third, all] = [recommended('low', 'high'), recommended('low', 'low'), recommended('high', 'low')];
  const oneCycle = recommended('high', 'high');
  const kept = names.slice(0, names.indexOf(cut.block) + 1);
  const { blocks: entries, phases, headLearningRate } = fastaiFineTune(names);
  return {
    head,
    lastBlock: onlyLast(third, names),
    third,
    half: recommended('middle', 'low'),
    all,
    oneCycle,
    fastai: { ...oneCycle, blocks: entries, phases, optimizer: { name: 'adam', headLearningRate } },
    earlierCut: {
      ...head,
      phases: [{ name: 'head', epochs: EARLIER_HEAD.epochs, unfreeze: [] }],
      optimizer: { name: 'adam', headLearningRate: EARLIER_HEAD.headLearningRate },
      earlyStopping: { patience: EARLIER_HEAD.patience },
      head: { ...head.head, after: cut.layer },
      blocks: Object.fromEntries(kept.map((name) => [name, head.blocks[name]])),
    },
    scratch: baselinePlan(all, names, 'scratch'),
  };
}

/** The name of the candidate that a plan is, apart from what led to it; `advised` for none of them. */
export function nameOf(plan: Plan, candidates: Readonly<Record<PlanName, Plan>>): PlanName | 'advised' {
  return PLANS.find((name) => decisive(candidates[name]) === decisive(plan)) ?? 'advised';
}

/**
 * What is tried: the candidates, and the advised plan where it is none of them. What is the same in a small network is tried
 * once, and all at one rate, which is meant for many images, only with many.
 */
export function triedPlans(
  advised: Plan,
  candidates: Readonly<Record<PlanName, Plan>>,
  { quadrantData }: AdviceInput['data'],
): Partial<Record<PlanName | 'advised', Plan>> {
  const own = nameOf(advised, candidates);
  const isTried = (name: PlanName): boolean =>
    nameOf(candidates[name], candidates) === name && (name !== 'all' || quadrantData === 'high');
  const entries = PLANS.filter(isTried).map((name) => [name, candidates[name]] as const);
  return { ...Object.fromEntries(entries), ...(own === 'advised' ? { advised } : {}) };
}

function withParts(base: Plan, parts: Recommendation): Plan {
  const { blocks, phases, optimizer, batchNorm, augment, earlyStopping } = parts;
  const head = { ...base.head, ...parts.head };
  return { ...base, head, blocks, phases, optimizer, batchNorm, augment, earlyStopping };
}

/** Gradual unfreezing that ends with the last block. */
function onlyLast(gradual: Plan, names: readonly string[]): Plan {
  const last = names.at(-1);
  const blocks = names.map((name) => [name, name === last ? gradual.blocks[name] : { frozen: true }] as const);
  return { ...gradual, blocks: Object.fromEntries(blocks), phases: gradual.phases.slice(0, 2) };
}

function decisive({ weights, head, blocks, phases, optimizer, batchNorm, augment, earlyStopping }: Plan): string {
  const { after, dropout, l2 } = head;
  const sorted = Object.entries(blocks).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([
    weights ?? 'pretrained',
    [after, dropout, l2],
    ...[sorted, phases, optimizer, batchNorm, augment, earlyStopping],
  ]);
}
