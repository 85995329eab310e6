import { downsample, smooth } from '../../src/shared/chartSeries.ts';
import type { RunView } from '../../src/shared/runView.ts';

/** What one chart shows of a run. */
export type Measure = 'loss' | 'accuracy';

export interface Curve {
  x: number[];
  y: number[];
}

/** The curves of one chart; x is the position in epochs. */
export interface Curves {
  /** Every step, as noisy as it is. */
  raw: Curve;
  /** The smoothed steps; without smoothing the same as `raw`. */
  training: Curve;
  /** One point an epoch. */
  validation: Curve;
  /** The interval of each validation point, of accuracies only. */
  interval: { low: number[]; high: number[] } | null;
}

/** Prepares a run for a chart with room for `limit` points a curve. */
export function curvesOf(run: RunView, measure: Measure, smoothing: number, limit: number): Curves {
  const { steps, points } = run;
  const raw = downsample(steps.position, steps[measure], limit);
  const isLoss = measure === 'loss';
  return {
    raw,
    training: smoothing === 0 ? raw : downsample(steps.position, smooth(steps[measure], smoothing), limit),
    validation: {
      x: points.map((point) => point.epoch),
      y: points.map((point) => (isLoss ? point.validationLoss : point.validationAccuracy)),
    },
    interval: isLoss ? null : { low: points.map((point) => point.low), high: points.map((point) => point.high) },
  };
}
