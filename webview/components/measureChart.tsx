import type { Signal } from '@preact/signals';
import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { formatPercent, formatPercentWithRange } from '../../src/shared/format.ts';
import type { RunView } from '../../src/shared/runView.ts';
import { chartTheme, type ChartTheme } from '../chart/chartTheme.ts';
import { CurveCache, type Measure } from '../chart/curves.ts';
import { valuesAt, type HoverValues } from '../chart/hoverValues.ts';
import { LinePlot } from '../chart/linePlot.ts';
import { phaseAt } from '../chart/phaseBands.ts';
import type { RunStyle } from '../chart/runSeries.ts';
import { drawnRuns, highlightedRun, isComparing, runMarks } from '../comparison.ts';
import { emphasis } from '../emphasis.ts';
import { logScale, smoothing } from '../viewState.ts';
import { Term } from './term.tsx';

const TITLES: Record<Measure, () => string> = { loss: () => t('Loss'), accuracy: () => t('Accuracy') };
/** Points drawn for each pixel of width: a least and a greatest value; of several runs half as many, since none is noisy. */
const POINTS_PER_PIXEL = 2;
const POINTS_PER_PIXEL_COMPARED = 1;

interface MeasureChartProps {
  view: RunView;
  measure: Measure;
  hovered: Signal<number | null>;
}

/** Loss or accuracy over the epochs of a run: training as a line per step, validation as a dashed one per epoch. */
export function MeasureChart({ view, measure, hovered }: MeasureChartProps): JSX.Element {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<LinePlot | null>(null);
  /** The plot that has curves already. */
  const drawn = useRef<LinePlot | null>(null);
  const width = useWidth(holder);
  const latest = useRef(view);
  latest.current = view;
  const cache = useMemo(() => new CurveCache(), []);
  const { value: theme } = chartTheme;
  const { value: views } = drawnRuns;
  const { value: comparing } = isComparing;
  const isLog = measure === 'loss' && logScale.value;

  useLayoutEffect(() => {
    if (!holder.current || width === 0) return;
    const created = new LinePlot(holder.current, {
      measure,
      width,
      theme,
      logScale: isLog,
      runs: views.length,
      state: () => ({
        phases: latest.current.phases,
        changes: latest.current.changes,
        emphasis: emphasis.peek(),
        epochs: Math.max(...drawnRuns.peek().map(({ epochs }) => epochs)),
        styles: runStyles(theme),
      }),
      onHover: (position) => hover(hovered, latest.current, position),
    });
    plot.current = created;
    return () => created.destroy();
  }, [width, theme, isLog, views.length]);

  const { value: smoothingWeight } = smoothing;
  useLayoutEffect(() => {
    if (!plot.current || width === 0) return;
    const limit = (comparing ? POINTS_PER_PIXEL_COMPARED : POINTS_PER_PIXEL) * width;
    const settings = { measure, smoothing: smoothingWeight, limit, detailed: !comparing };
    const draw = (): void => plot.current?.draw(views.map((each) => cache.of(each, settings)));
    if (drawn.current !== plot.current) {
      drawn.current = plot.current;
      return draw();
    }
    // Where steps come faster than the browser draws, each frame shows the latest.
    const frame = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(frame);
  }, [views, smoothingWeight, width, theme, isLog]);

  const [shownEmphasis, highlighted] = [emphasis.value, highlightedRun.value];
  useEffect(() => plot.current?.redraw(), [shownEmphasis, highlighted]);

  const values = valuesAt(view, hovered.value);
  return (
    <div class="chart">
      <div class="chart-head">
        <h3>
          <Term id={measure}>{TITLES[measure]()}</Term>
        </h3>
        <span class="readout-epoch numbers" aria-hidden="true">
          {t('epoch {0}', values.epoch)}
        </span>
        {!comparing && <Readout values={values} measure={measure} />}
      </div>
      <div ref={holder} class="chart-canvas" role="figure" aria-label={describe(valuesAt(view, null), measure)} />
    </div>
  );
}

/** One run in the colours of training and validation, several each in its own. */
function runStyles(theme: ChartTheme): RunStyle[] {
  const views = drawnRuns.peek();
  const { training, validation } = theme;
  if (views.length === 1) return [{ training, validation, detailed: true, highlighted: null, number: null }];
  const standsOut = highlightedRun.peek();
  return views.map(({ run }) => {
    const { color = training, number = null } = runMarks.peek().get(run) ?? {};
    const highlighted = standsOut === null ? null : standsOut === run;
    return { training: color, validation: color, detailed: false, highlighted, number };
  });
}

/** Values under the pointer, or the latest; each column keeps its width. */
function Readout({ values, measure }: { values: HoverValues; measure: Measure }): JSX.Element {
  const { training, validation, interval } = textsOf(values, measure);
  return (
    <div class="readout numbers" aria-hidden="true">
      <span class="key">{t('training')}</span>
      <span class="readout-value">{training}</span>
      <span class="key key-validation">{t('validation')}</span>
      <span class="readout-value">{validation}</span>
      {measure === 'accuracy' && <span class="readout-interval quiet">{interval}</span>}
    </div>
  );
}

function describe(values: HoverValues, measure: Measure): string {
  const { training, validation } = textsOf(values, measure);
  const { point } = values;
  const epoch = point?.epoch ?? 0;
  if (measure === 'loss') {
    return t('Loss by epoch. After epoch {0}: training {1}, validation {2}', epoch, training, validation);
  }
  const withRange = point ? formatPercentWithRange(point.validationAccuracy, point.low, point.high) : validation;
  return t('Accuracy by epoch. After epoch {0}: training {1}, validation {2}', epoch, training, withRange);
}

function textsOf(values: HoverValues, measure: Measure): { training: string; validation: string; interval: string } {
  const { point } = values;
  const number = (value: number | null | undefined): string => {
    if (value === null || value === undefined) return '–';
    return measure === 'loss' ? value.toFixed(3) : formatPercent(value);
  };
  const isLoss = measure === 'loss';
  return {
    training: number(isLoss ? values.trainingLoss : values.trainingAccuracy),
    validation: number(isLoss ? point?.validationLoss : point?.validationAccuracy),
    interval: point && !isLoss ? t('({0} to {1})', formatPercent(point.low), formatPercent(point.high)) : '',
  };
}

function hover(hovered: Signal<number | null>, view: RunView, position: number | null): void {
  if (hovered.peek() === position) return;
  hovered.value = position;
  const phase = position === null ? undefined : phaseAt(view.phases, position);
  if (phase?.name === emphasis.peek()?.phase) return;
  emphasis.value = phase ? { phase: phase.name, blocks: phase.trainable } : null;
}

/** The width of an element in whole pixels, as it changes. */
function useWidth(element: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const { current } = element;
    if (!current) return;
    const observer = new ResizeObserver(() => setWidth(Math.floor(current.clientWidth)));
    observer.observe(current);
    setWidth(Math.floor(current.clientWidth));
    return () => observer.disconnect();
  }, []);
  return width;
}
