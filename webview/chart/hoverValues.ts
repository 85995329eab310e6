import type { EpochPoint, RunView } from '../../src/shared/runView.ts';

/** What a run had reached at a place of its charts. */
export interface HoverValues {
  epoch: number;
  trainingLoss: number | null;
  trainingAccuracy: number | null;
  point: EpochPoint | null;
}

/** The values at a position in epochs, or the latest where there is none. */
export function valuesAt(run: RunView, position: number | null): HoverValues {
  const { steps, points } = run;
  const end = steps.position.length - 1;
  const step = position === null ? end : nearest(steps.position, position);
  const epoch = position === null ? (steps.epoch[end] ?? 1) : Math.max(1, Math.ceil(position));
  const point = position === null ? points.at(-1) : points.find((each) => each.epoch === Math.round(position));
  return {
    epoch,
    trainingLoss: steps.loss[step] ?? null,
    trainingAccuracy: steps.accuracy[step] ?? null,
    point: point ?? null,
  };
}

/** Index of the value nearest to `wanted` in an ascending list; -1 in an empty one. */
function nearest(sorted: readonly number[], wanted: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low > 0 && wanted - sorted[low - 1] < sorted[low] - wanted ? low - 1 : Math.min(low, sorted.length - 1);
}
