import uPlot from 'uplot';
import { formatPercent } from '../../src/shared/format.ts';
import type { PhaseBand } from '../../src/shared/runView.ts';
import type { Emphasis } from '../emphasis.ts';
import type { ChartTheme } from './chartTheme.ts';
import { areaPath, linePath, pointsPath } from './curvePaths.ts';
import type { Curves, Measure } from './curves.ts';
import { drawPhaseBands } from './phaseBands.ts';

const HEIGHT = 220;
/** Both charts show the same place of the run under the pointer. */
const SYNC_KEY = 'run';
const VALIDATION_DASH = [6, 4];
const AXIS_WIDTH = 46;
/** Steps, interval, smoothed steps, validation, its points. */
const SERIES_OF_RUN = 5;

/** What a plot is made with; `state` is asked for again at every drawing. */
export interface PlotOptions {
  measure: Measure;
  width: number;
  theme: ChartTheme;
  logScale: boolean;
  /** Runs drawn above each other. */
  runs: number;
  state: () => { phases: readonly PhaseBand[]; emphasis: Emphasis | null; epochs: number };
  /** Position in epochs under the pointer; null when it left. */
  onHover: (position: number | null) => void;
}

/**
 * The chart of one measure. uPlot keeps scales, axes, the pointer and the styles of the lines; their paths come from here,
 * since every curve has places of its own and joining them would cost more than drawing them.
 */
export class LinePlot {
  private curves: readonly Curves[] = [];
  private readonly plot: uPlot;

  constructor(parent: HTMLElement, options: PlotOptions) {
    this.plot = new uPlot(this.plotOptions(options), dummyData(options.runs), parent);
  }

  /** Draws the curves of one run or several. */
  draw(curves: readonly Curves[]): void {
    this.curves = curves;
    this.plot.setData(dummyData(curves.length));
  }

  /** Draws again what lies behind the curves. */
  redraw(): void {
    this.plot.redraw(false);
  }

  destroy(): void {
    this.plot.destroy();
  }

  private plotOptions(options: PlotOptions): uPlot.Options {
    const { measure, theme, logScale, width } = options;
    return {
      width,
      height: HEIGHT,
      padding: [20, 8, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { setScale: false, x: false, y: false },
        sync: { key: SYNC_KEY, setSeries: false },
        points: { show: false },
      },
      scales: {
        x: { time: false, range: () => [0, Math.max(1, options.state().epochs)] },
        y: { ...(logScale ? { distr: 3 } : {}), range: () => yRange(measure, logScale, this.curves) },
      },
      axes: axesOf(measure, theme),
      series: [{}, ...Array.from({ length: options.runs }, (_, run) => this.seriesOfRun(run, theme)).flat()],
      hooks: {
        drawClear: [
          (plot) => {
            const { phases, emphasis } = options.state();
            drawPhaseBands(plot, phases, emphasis, theme);
          },
        ],
        setCursor: [(plot) => options.onHover(positionOf(plot))],
      },
    };
  }

  private seriesOfRun(run: number, theme: ChartTheme): uPlot.Series[] {
    const { highContrast, training, validation, background } = theme;
    const width = highContrast ? 2 : 1.6;
    const curvesOfRun = (): Curves | undefined => this.curves[run];
    const series = (
      style: uPlot.Series,
      paths: (plot: uPlot, curves: Curves) => uPlot.Series.Paths | null,
    ): uPlot.Series => ({
      ...style,
      points: { show: false },
      paths: (plot) => {
        const curves = curvesOfRun();
        return curves ? paths(plot, curves) : null;
      },
    });
    return [
      series({ stroke: withAlpha(training, highContrast ? 0.5 : 0.3), width: 1 }, (plot, { raw }) => ({
        stroke: linePath(plot, raw),
      })),
      series({ fill: withAlpha(validation, 0.16), width: 0 }, (plot, { validation: { x }, interval }) =>
        interval ? { fill: areaPath(plot, x, interval.low, interval.high) } : null,
      ),
      series({ stroke: training, width }, (plot, curves) => ({ stroke: linePath(plot, curves.training) })),
      series({ stroke: validation, width, dash: VALIDATION_DASH }, (plot, curves) => ({
        stroke: linePath(plot, curves.validation),
      })),
      series({ stroke: background, fill: validation, width: 1 }, (plot, curves) => {
        const points = pointsPath(plot, curves.validation);
        return { stroke: points, fill: points };
      }),
    ];
  }
}

/** uPlot wants values to draw anything; the paths never look at them. */
function dummyData(runs: number): uPlot.AlignedData {
  return [[0, 1], ...Array.from({ length: runs * SERIES_OF_RUN }, () => [1, 1])];
}

function yRange(measure: Measure, logScale: boolean, curves: readonly Curves[]): uPlot.Range.MinMax {
  let least = Infinity;
  let greatest = -Infinity;
  for (const { raw, validation, interval } of curves) {
    for (const values of [raw.y, validation.y, interval?.low ?? []]) {
      for (const value of values) {
        if (!Number.isFinite(value) || (logScale && value <= 0)) continue;
        if (value < least) least = value;
        if (value > greatest) greatest = value;
      }
    }
  }
  if (least > greatest) return logScale ? [0.01, 1] : [0, 1];
  if (logScale) return uPlot.rangeLog(least, greatest, 10, false);
  // From the tenth below the least accuracy up to 100 %; losses from 0.
  return measure === 'loss' ? [0, greatest * 1.05] : [Math.max(0, Math.floor(least * 10) / 10), 1];
}

function axesOf(measure: Measure, theme: ChartTheme): uPlot.Axis[] {
  const common: uPlot.Axis = {
    stroke: theme.axis,
    font: theme.font,
    grid: { stroke: withAlpha(theme.grid, 0.35), width: 1 },
    ticks: { show: false },
  };
  return [
    {
      ...common,
      grid: { show: false },
      size: 24,
      gap: 2,
      incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
      space: 40,
    },
    {
      ...common,
      size: AXIS_WIDTH,
      gap: 4,
      space: 32,
      values: (_plot, splits) => splits.map((value) => axisText(measure, value)),
    },
  ];
}

function axisText(measure: Measure, value: number | null): string {
  // uPlot gives null for the labels a log scale leaves out.
  if (value === null) return '';
  return measure === 'loss' ? String(Number(value.toPrecision(3))) : formatPercent(value).replace(/\.0 %/, ' %');
}

function positionOf(plot: uPlot): number | null {
  const { left } = plot.cursor;
  return left === undefined || left < 0 ? null : plot.posToVal(left, 'x');
}

function withAlpha(color: string, alpha: number): string {
  return `color-mix(in srgb, ${color} ${alpha * 100}%, transparent)`;
}
