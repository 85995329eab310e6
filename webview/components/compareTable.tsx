import type { ReadonlySignal } from '@preact/signals';
import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { formatPercentWithRange } from '../../src/shared/format.ts';
import type { RunView } from '../../src/shared/runView.ts';
import { valuesAt } from '../chart/hoverValues.ts';
import { drawnRuns, highlightedRun, isComparing } from '../comparison.ts';
import { post } from '../host.ts';
import { run } from '../store.ts';
import { Icon } from './icons.tsx';
import { runDate } from './runDate.ts';
import { RunMark } from './runMark.tsx';
import { Sentence } from './sentence.tsx';
import { Term } from './term.tsx';

/** The runs on the charts with their values under the pointer, or their latest; a row under the pointer stands out. */
export function CompareTable({ hovered }: { hovered: ReadonlySignal<number | null> }): JSX.Element | null {
  if (!isComparing.value) return null;
  return (
    <table class="compared">
      <caption class="visually-hidden">{t('Runs on the charts')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('Run')}</th>
          <th scope="col" class="number">
            {t('Epoch')}
          </th>
          <th scope="col" class="number">
            <Sentence
              text={t('<0>Training</0> loss')}
              marks={[(words) => <span class="key key-solid">{words}</span>]}
            />
          </th>
          <th scope="col" class="number">
            <Sentence
              text={t('<0>Validation</0> loss')}
              marks={[(words) => <span class="key key-dashed">{words}</span>]}
            />
          </th>
          <th scope="col" class="number">
            <Sentence
              text={t('Validation accuracy (<0>95 %</0>)')}
              marks={[(words) => <Term id="interval">{words}</Term>]}
            />
          </th>
          <th scope="col">
            <span class="visually-hidden">{t('Remove')}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {drawnRuns.value.map((view) => (
          <Row key={view.run} view={view} position={hovered.value} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ view, position }: { view: RunView; position: number | null }): JSX.Element {
  const { epoch, trainingLoss, point } = valuesAt(view, position);
  const isShown = view.run === run.value?.run;
  const standOut = (): void => {
    highlightedRun.value = view.run;
  };
  const stepBack = (): void => {
    highlightedRun.value = null;
  };
  return (
    <tr onMouseEnter={standOut} onMouseLeave={stepBack} onFocusCapture={standOut} onBlurCapture={stepBack}>
      <th scope="row">
        <RunMark run={view.run} />{' '}
        <span title={view.name}>{view.startedAt === null ? view.name : runDate(view.startedAt)}</span>
      </th>
      <td class="number numbers">{epoch}</td>
      <td class="number numbers">{trainingLoss?.toFixed(3) ?? '–'}</td>
      <td class="number numbers">{point?.validationLoss.toFixed(3) ?? '–'}</td>
      <td class="number numbers">
        {point ? formatPercentWithRange(point.validationAccuracy, point.low, point.high) : '–'}
      </td>
      <td class="compared-remove">
        {!isShown && (
          <button
            type="button"
            class="icon-button"
            aria-label={t('Take {0} off the charts', view.name)}
            title={t('Take off the charts')}
            onClick={() => post({ type: 'compare', run: view.run, compared: false })}
          >
            <Icon name="close" />
          </button>
        )}
      </td>
    </tr>
  );
}
