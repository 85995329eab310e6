import { type Curve, smoothAndDownsample } from '../../src/shared/chartSeries.ts';
import type { RunView } from '../../src/shared/runView.ts';

/** What one chart shows of a run. */
export type Measure = 'loss' | 'accuracy';

/** The curves of one chart; x is the position in epochs. */
export interface Curves {
  /** Every step, as noisy as it is; the same as `training` where that is not asked for. */
  raw: Curve;
  /** The smoothed steps. */
  training: Curve;
  /** One point an epoch. */
  validation: Curve;
  /** The interval of each validation point, of accuracies only and where asked for. */
  interval: { low: number[]; high: number[] } | null;
  extent: Extent;
}

/** Where the values of all curves lie; infinite where there are none. */
export interface Extent {
  least: number;
  greatest: number;
  /** Of those above 0. */
  leastPositive: number;
}

/** How runs are prepared for a chart. */
export interface CurveSettings {
  measure: Measure;
  /** Weight of the past, from 0 (none) to under 1. */
  smoothing: number;
  /** Most points of a curve. */
  limit: number;
  /** With every step and the intervals, as a run alone is drawn. */
  detailed: boolean;
}

/** Prepares a run for a chart. */
export function curvesOf(run: RunView, { measure, smoothing, limit, detailed }: CurveSettings): Curves {
  const { steps, points } = run;
  const isLoss = measure === 'loss';
  const prepared = (weight: number): Curve => smoothAndDownsample(steps.position, steps[measure], weight, limit);
  const training = prepared(smoothing);
  const raw = detailed && smoothing !== 0 ? prepared(0) : training;
  const validation = {
    x: points.map((point) => point.epoch),
    y: points.map((point) => (isLoss ? point.validationLoss : point.validationAccuracy)),
  };
  const interval =
    isLoss || !detailed ? null : { low: points.map((point) => point.low), high: points.map((point) => point.high) };
  return { raw, training, validation, interval, extent: extentOf([raw.y, validation.y, interval?.low ?? []]) };
}

function extentOf(lists: readonly (readonly number[])[]): Extent {
  const extent = { least: Infinity, greatest: -Infinity, leastPositive: Infinity };
  for (const values of lists) {
    for (const value of values) {
      if (!Number.isFinite(value)) continue;
      if (value < extent.least) extent.least = value;
      if (value > extent.greatest) extent.greatest = value;
      if (value > 0 && value < extent.leastPositive) extent.leastPositive = value;
    }
  }
  return extent;
}

/** Prepares runs again only where they or the settings have changed: of several that are drawn mostly one gains points. */
export class CurveCache {
  private readonly known = new WeakMap<RunView, { key: string; curves: Curves }>();

  of(run: RunView, settings: CurveSettings): Curves {
    const key = JSON.stringify(settings);
    const present = this.known.get(run);
    if (present?.key === key) return present.curves;
    const curves = curvesOf(run, settings);
    this.known.set(run, { key, curves });
    return curves;
  }
}
