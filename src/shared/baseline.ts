import type { Plan } from './plan.ts';

/** What a plan is compared with to see what the pretrained weights are worth. */
export const BASELINES = ['scratch', 'random-features'] as const;
export type Baseline = (typeof BASELINES)[number];

/**
 * The plan of a baseline under the same budget: the same data, head, optimizer, batches and number of epochs.
 *
 * - `scratch` trains the architecture from random weights: every block at the head's rate in one phase, with batch
 *   normalization that gathers statistics, since random weights have none (as in "Rethinking ImageNet Pre-training", He et
 *   al., arXiv 1811.08883).
 * - `random-features` trains the head alone on frozen random weights, which tells what the architecture by itself is worth
 *   (Saxe et al., "On random weights and unsupervised feature learning", ICML 2011).
 *
 * @param blocks names of all blocks of the backbone, input to output
 */
export function baselinePlan(plan: Plan, blocks: readonly string[], baseline: Baseline): Plan {
  const epochs = plan.phases.reduce((sum, phase) => sum + phase.epochs, 0);
  const { headLearningRate } = plan.optimizer;
  const schedule = plan.phases.at(-1)?.schedule;
  const common = { epochs, ...(schedule === undefined ? {} : { schedule }) };
  const scratch = baseline === 'scratch';
  const block = scratch ? { frozen: false, learningRate: headLearningRate } : { frozen: true };
  return {
    ...plan,
    weights: 'random',
    blocks: Object.fromEntries(blocks.map((name) => [name, { ...block }])),
    phases: [scratch ? { name: 'all', ...common } : { name: 'head', unfreeze: [], ...common }],
    batchNorm: scratch ? 'adapt' : 'locked',
  };
}
