/**
 * `count` learning rates from `low` to `high`, each the same multiple of the one before, as fastai's `slice(low, high)`
 * spreads them over layer groups (docs.fast.ai/learner.html). A single rate is `high`.
 */
export function geometricRates(low: number, high: number, count: number): number[] {
  if (count === 1) return [high];
  return Array.from({ length: count }, (_, index) => low * (high / low) ** (index / (count - 1)));
}

/** Three significant digits: what a person would write into a plan. */
export function readableRate(rate: number): number {
  return Number(rate.toPrecision(3));
}
