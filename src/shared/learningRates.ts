/**
 * `count` learning rates from `low` to `high`, each the same multiple of the one before, as fastai's `slice(low, high)`
 * spreads them over layer groups (docs.fast.ai/learner.html). A single rate is `high`.
 */
export function geometricRates(low: number, high: number, count: number): number[] {
  if (count === 1) return [high];
  return Array.from({ length: count }, (_, index) => low * (high / low) ** (index / (count - 1)));
}

/**
 * `count` learning rates, input to output, the last of which is `last` and each of which is `share` of the one after it:
 * layer decay (BEiT, arXiv 2106.08254; `param_groups_layer_decay` of timm) and the discriminative rates of ULMFiT.
 */
export function decayingRates(last: number, share: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => last * share ** (count - 1 - index));
}

/** Rate of a new head: the default of Adam in Keras. */
export const HEAD_RATE = 1e-3;

/** ULMFiT (arXiv 1801.06146): each group of layers learns at this fraction of the rate of the group above it. */
export const ULMFIT_DECAY = 2.6;

/** Three significant digits: what a person would write into a plan. */
export function readableRate(rate: number): number {
  return Number(rate.toPrecision(3));
}
