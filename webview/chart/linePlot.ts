import { t } from '@vscode/l10n';
import uPlot from 'uplot';
import type { PhaseBand, RunView } from '../../src/shared/runView.ts';
import type { Emphasis } from '../emphasis.ts';
import type { ChartTheme } from './chartTheme.ts';
import type { Curves, Measure } from './curves.ts';
import { drawChangeMarks, drawPhaseBands } from './phaseBands.ts';
import { drawRunNumbers } from './runNumbers.ts';
import { type RunStyle, SERIES_OF_RUN, seriesOfRun, withAlpha } from './runSeries.ts';

const HEIGHT = 220;
/** Pixels to the right of the curves; more where the numbers of runs stand there. */
const RIGHT = 8;
const RIGHT_OF_NUMBERS = 18;
/** Both charts show the same place of the run under the pointer. */
const SYNC_KEY = 'run';
const AXIS_WIDTH = 46;

/** Of a run that has just been taken away: its curves are gone at the next drawing. */
const NO_STYLE: RunStyle = {
  training: 'transparent',
  validation: 'transparent',
  detailed: false,
  highlighted: null,
  number: null,
};

/** What a plot is made with; `state` is asked for again at every drawing. */
export interface PlotOptions {
  measure: Measure;
  width: number;
  theme: ChartTheme;
  logScale: boolean;
  /** Runs drawn above each other. */
  runs: number;
  state: () => {
    phases: readonly PhaseBand[];
    changes: RunView['changes'];
    emphasis: Emphasis | null;
    epochs: number;
    /** One for each run, in the order of the curves. */
    styles: readonly RunStyle[];
  };
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
      padding: [20, options.runs > 1 ? RIGHT_OF_NUMBERS : RIGHT, 0, 0],
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
      series: [
        {},
        ...Array.from({ length: options.runs }, (_, run) =>
          seriesOfRun(
            () => this.curves[run],
            () => options.state().styles[run] ?? NO_STYLE,
            theme,
          ),
        ).flat(),
      ],
      hooks: {
        draw: [(plot) => drawRunNumbers(plot, this.curves, options.state().styles, theme)],
        drawClear: [
          (plot) => {
            const { phases, changes, emphasis } = options.state();
            drawPhaseBands(plot, phases, emphasis, theme);
            drawChangeMarks(plot, changes, theme);
          },
        ],
        setCursor: [(plot) => options.onHover(positionOf(plot))],
      },
    };
  }
}

/** uPlot wants values to draw anything; the paths never look at them. */
function dummyData(runs: number): uPlot.AlignedData {
  return [[0, 1], ...Array.from({ length: runs * SERIES_OF_RUN }, () => [1, 1])];
}

function yRange(measure: Measure, logScale: boolean, curves: readonly Curves[]): uPlot.Range.MinMax {
  const least = Math.min(...curves.map(({ extent }) => (logScale ? extent.leastPositive : extent.least)));
  const greatest = Math.max(...curves.map(({ extent }) => extent.greatest));
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
  return measure === 'loss' ? String(Number(value.toPrecision(3))) : t('{0} %', Number((value * 100).toFixed(1)));
}

function positionOf(plot: uPlot): number | null {
  const { left } = plot.cursor;
  return left === undefined || left < 0 ? null : plot.posToVal(left, 'x');
}
