import { signal } from '@preact/signals';
import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { run } from '../store.ts';
import { epochTableShown, logScale, smoothing, SMOOTHING_LEVELS } from '../viewState.ts';
import { CompareTable } from './compareTable.tsx';
import { EpochAnnouncement, EpochTable } from './epochTable.tsx';
import { MeasureChart } from './measureChart.tsx';
import { Progress } from './progress.tsx';
import { Term } from './term.tsx';

/** Position in epochs under the pointer, in whichever chart. */
const hovered = signal<number | null>(null);

const SMOOTHING_WORDS: Record<(typeof SMOOTHING_LEVELS)[number], () => string> = {
  0: () => t('None'),
  0.6: () => t('Light'),
  0.9: () => t('Medium'),
  0.97: () => t('Strong'),
};

/** Whether it is working: where the run stands, its loss and its accuracy. */
export function Charts(): JSX.Element {
  const { value: view } = run;
  return (
    <section class="panel training-panel" aria-labelledby="training-title">
      <div class="panel-head">
        <h2 id="training-title">{t('Training')}</h2>
        {view && <ChartControls />}
      </div>
      {view ? (
        <>
          <Progress />
          <CompareTable hovered={hovered} />
          <div class="charts">
            <MeasureChart view={view} measure="loss" hovered={hovered} />
            <MeasureChart view={view} measure="accuracy" hovered={hovered} />
          </div>
          <EpochTable name={view.name} points={view.points} />
          <EpochAnnouncement view={view} />
        </>
      ) : (
        <p class="quiet">{t('Press Start to train this plan. Loss and accuracy appear here while it runs.')}</p>
      )}
    </section>
  );
}

function ChartControls(): JSX.Element {
  return (
    <div class="toolbar">
      <span class="select-label">
        <Term id="smoothing">{t('Smoothing')}</Term>
        <select
          aria-label={t('Smoothing')}
          value={smoothing.value}
          onChange={(event) => (smoothing.value = Number(event.currentTarget.value))}
        >
          {SMOOTHING_LEVELS.map((level) => (
            <option key={level} value={level}>
              {SMOOTHING_WORDS[level]()}
            </option>
          ))}
        </select>
      </span>
      <vscode-checkbox checked={logScale.value} onChange={(event) => (logScale.value = event.currentTarget.checked)}>
        {t('Log scale')}
      </vscode-checkbox>
      <button
        type="button"
        class="tool"
        aria-expanded={epochTableShown.value}
        onClick={() => (epochTableShown.value = !epochTableShown.value)}
      >
        {epochTableShown.value ? t('Hide table') : t('Show table')}
      </button>
    </div>
  );
}
