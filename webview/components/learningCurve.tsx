import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { countImages } from '../../src/shared/counts.ts';
import { formatCount, formatPercent, formatPercentWithRange } from '../../src/shared/format.ts';
import type { CurvePoint } from '../../src/shared/learningCurve.ts';
import type { LearningCurveResult } from '../../src/shared/learningCurveResult.ts';
import { backTestSentence, learningCurveSentence } from '../../src/shared/learningCurveText.ts';
import type { CurveState } from '../../src/shared/webviewProtocol.ts';
import { post } from '../host.ts';
import { busy, learningCurve, plan, stale } from '../store.ts';
import { Icon } from './icons.tsx';
import { ProgressBar } from './progressBar.tsx';
import { Term } from './term.tsx';

/** Of the picture, in its own units; the plot leaves room for the figures beside and below it. */
const [WIDTH, HEIGHT] = [360, 164];
const PLOT = { left: 44, right: 350, top: 8, bottom: 126 };

/** Whether more images would help: measured when asked for. */
export function LearningCurve(): JSX.Element {
  return (
    <section class="learning-curve" aria-labelledby="learning-curve-title">
      <h3 id="learning-curve-title">
        <Term id="learningCurve">{t('Would more images help?')}</Term>
      </h3>
      <Content curve={learningCurve.value} />
    </section>
  );
}

function Content({ curve }: { curve: CurveState }): JSX.Element {
  return (
    <>
      {curve.state === 'ready' && <Result key="result" result={curve.value} />}
      <Measurement key="measurement" curve={curve} />
    </>
  );
}

/** One button, which keeps the focus, and how far the measurement is or why there is none. */
function Measurement({ curve }: { curve: CurveState }): JSX.Element {
  const isMeasuring = curve.state === 'measuring';
  const isBlocked = !isMeasuring && (busy.value || stale.value || plan.value === null);
  return (
    <div class="learning-curve-start">
      <vscode-button
        appearance="secondary"
        disabled={isBlocked}
        title={isBlocked && busy.value ? t('The machine is busy training: measure when it is done.') : ''}
        onClick={() => !isBlocked && post({ type: isMeasuring ? 'stopCurve' : 'measureCurve' })}
      >
        {actionText(curve.state)}
      </vscode-button>
      <Note curve={curve} />
    </div>
  );
}

function actionText(state: CurveState['state']): string {
  switch (state) {
    case 'none':
      return t('Measure');
    case 'measuring':
      return t('Stop');
    case 'failed':
      return t('Try again');
    case 'ready':
      return t('Measure again');
  }
}

function Note({ curve }: { curve: CurveState }): JSX.Element | null {
  switch (curve.state) {
    case 'none':
      return (
        <span class="quiet">
          {busy.value
            ? t('The machine is busy training: measure when it is done.')
            : t('Trains a simple classifier on parts of your images, on features that are computed once.')}
        </span>
      );
    case 'measuring': {
      const text = progressText(curve);
      return (
        <>
          <span class="quiet numbers">{text}</span>
          <ProgressBar label={t('Would more images help?')} text={text} done={curve.done} total={curve.total} />
        </>
      );
    }
    case 'failed':
      return (
        <span class="failure">
          <Icon name="error" /> {curve.problem}
        </span>
      );
    case 'ready':
      return null;
  }
}

function progressText({ part, done, total }: Extract<CurveState, { state: 'measuring' }>): string {
  if (total === 0) return t('Starting.');
  const [now, all] = [formatCount(done), formatCount(total)];
  switch (part) {
    case 'images':
      return t('Opening images: {0} of {1}', now, all);
    case 'measure':
      return t('Computing features: {0} of {1} images', now, all);
    case 'probe':
      return t('Training classifiers: {0} of {1}', now, all);
  }
}

function Result({ result }: { result: LearningCurveResult }): JSX.Element {
  const { images, allImages, folds, perClass } = result;
  const used =
    images === allImages
      ? t('Each of {0} was judged by classifiers that had not seen it.', countImages(images))
      : t(
          'Each of {0} out of {1} was judged by classifiers that had not seen it.',
          formatCount(images),
          countImages(allImages),
        );
  return (
    <>
      <p class="learning-curve-answer" role="status">
        {learningCurveSentence(result)}
      </p>
      <div class="learning-curve-body">
        <Chart result={result} />
        <div class="learning-curve-words quiet">
          <p>{used}</p>
          <p>{backTestSentence(result)}</p>
          <p>
            {t(
              'They learn on frozen features, from {0} of {1} parts of the images at most; fine-tuning can end higher.',
              folds - 1,
              folds,
            )}
          </p>
        </div>
      </div>
      <details class="learning-curve-classes">
        <summary>{t('By class, now')}</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('Class')}</th>
              <th scope="col" class="number">
                {t('Images')}
              </th>
              <th scope="col" class="number">
                {t('Accuracy (95 % interval)')}
              </th>
            </tr>
          </thead>
          <tbody>
            {perClass.map(({ class: name, n, accuracy, low, high }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="number">{formatCount(n)}</td>
                <td class="number">{formatPercentWithRange(accuracy, low, high)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </>
  );
}

/** Accuracy over the images learned from, with intervals; what is forecast is dashed. */
function Chart({ result: { points, forecast } }: { result: LearningCurveResult }): JSX.Element {
  const all = [...points, forecast];
  const floor = Math.max(0, Math.floor(10 * Math.min(...all.map(({ low }) => low))) / 10);
  const x = (images: number): number => PLOT.left + (images / forecast.images) * (PLOT.right - PLOT.left - 6);
  const y = (share: number): number => PLOT.bottom - ((share - floor) / (1 - floor)) * (PLOT.bottom - PLOT.top);
  const at = ({ images, accuracy }: CurvePoint): string => `${x(images)},${y(accuracy)}`;
  const last = points[points.length - 1];
  return (
    <svg class="learning-curve-chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={chartText(all)}>
      {[floor, (1 + floor) / 2, 1].map((share) => (
        <g key={share}>
          <line class="grid" x1={PLOT.left} x2={PLOT.right} y1={y(share)} y2={y(share)} />
          <text class="axis-label end" x={PLOT.left - 6} y={y(share) + 4}>
            {t('{0} %', Math.round(share * 100))}
          </text>
        </g>
      ))}
      {all.map((point) => (
        <g key={point.images} class={point === forecast ? 'forecast' : undefined}>
          <line class="interval" x1={x(point.images)} x2={x(point.images)} y1={y(point.low)} y2={y(point.high)} />
          <text class="axis-label middle" x={x(point.images)} y={PLOT.bottom + 16}>
            {formatCount(point.images)}
          </text>
        </g>
      ))}
      <text class="axis-label end" x={PLOT.right} y={PLOT.bottom + 32}>
        {t('images learned from')}
      </text>
      <polyline class="curve" points={points.map(at).join(' ')} />
      <polyline class="curve forecast" points={`${at(last)} ${at(forecast)}`} />
      {all.map((point) => (
        <circle
          key={point.images}
          class={point === forecast ? 'forecast' : undefined}
          cx={x(point.images)}
          cy={y(point.accuracy)}
          r="3.5"
        >
          <title>{pointText(point)}</title>
        </circle>
      ))}
    </svg>
  );
}

function pointText({ images, accuracy, low, high }: CurvePoint): string {
  return t('Learned from {0}: {1}', countImages(images), formatPercentWithRange(accuracy, low, high));
}

/** All that the picture shows, for those who do not see it. */
function chartText(points: readonly CurvePoint[]): string {
  const [first, last] = [points[0], points[points.length - 2]];
  const forecast = points[points.length - 1];
  return t(
    'Accuracy by the number of images learned from: {0} with {1}, {2} with {3}, and a forecast of {4} with {5}.',
    formatPercent(first.accuracy),
    formatCount(first.images),
    formatPercent(last.accuracy),
    formatCount(last.images),
    formatPercent(forecast.accuracy),
    formatCount(forecast.images),
  );
}
