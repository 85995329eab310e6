import type uPlot from 'uplot';
import type { ChartTheme } from './chartTheme.ts';
import { areaPath, linePath, pointsPath } from './curvePaths.ts';
import type { Curves } from './curves.ts';

/** How the curves of one run look. */
export interface RunStyle {
  training: string;
  validation: string;
  /** Every single step and the interval of each validation point: too much where several runs are drawn. */
  detailed: boolean;
  /** Drawn above all others; `false` steps back behind the one that stands out, null where none does. */
  highlighted: boolean | null;
  /** Written beside the end of its curve; null where there is one run. */
  number: number | null;
}

/** Steps, interval, smoothed steps, validation, its points. */
export const SERIES_OF_RUN = 5;

const VALIDATION_DASH = [6, 4];
const FADED = 0.22;

/** The series of one run. `style` is asked for again at every drawing. */
export function seriesOfRun(
  curves: () => Curves | undefined,
  style: () => RunStyle,
  { highContrast, background }: ChartTheme,
): uPlot.Series[] {
  const width = highContrast ? 2 : 1.6;
  const series = (
    look: uPlot.Series,
    paths: (plot: uPlot, curves: Curves) => uPlot.Series.Paths | null,
  ): uPlot.Series => ({
    ...look,
    points: { show: false },
    paths: (plot) => {
      const present = curves();
      return present ? paths(plot, present) : null;
    },
  });
  const training = (): string => faded(style().training, style());
  const validation = (): string => faded(style().validation, style());
  const stepOpacity = highContrast ? 0.5 : 0.3;
  return [
    series({ stroke: () => withAlpha(style().training, stepOpacity), width: 1 }, (plot, { raw }) =>
      style().detailed ? { stroke: linePath(plot, raw) } : null,
    ),
    series({ fill: () => withAlpha(style().validation, 0.16), width: 0 }, (plot, { validation: { x }, interval }) =>
      style().detailed && interval ? { fill: areaPath(plot, x, interval.low, interval.high) } : null,
    ),
    series({ stroke: training, width }, (plot, present) => ({ stroke: linePath(plot, present.training) })),
    series({ stroke: validation, width, dash: VALIDATION_DASH }, (plot, present) => ({
      stroke: linePath(plot, present.validation),
    })),
    series({ stroke: background, fill: validation, width: 1 }, (plot, present) => {
      if (!style().detailed) return null;
      const points = pointsPath(plot, present.validation);
      return { stroke: points, fill: points };
    }),
  ];
}

/** A CSS colour with this opacity. */
export function withAlpha(color: string, alpha: number): string {
  return `color-mix(in srgb, ${color} ${alpha * 100}%, transparent)`;
}

function faded(color: string, { highlighted }: RunStyle): string {
  return highlighted === false ? withAlpha(color, FADED) : color;
}
