import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { formatPercent } from '../../src/shared/format.ts';
import { MOST_COMPARED, type Snapshot } from '../../src/shared/webviewProtocol.ts';
import { isComparing } from '../comparison.ts';
import { post } from '../host.ts';
import { compared, run, runs } from '../store.ts';
import { runDate } from './runDate.ts';
import { RunMark } from './runMark.tsx';
import { runStateWord } from './runWords.ts';
import { Sentence } from './sentence.tsx';
import { Term } from './term.tsx';

/** The runs of this plan; choosing one shows its charts. */
export function RunsPanel(): JSX.Element {
  if (runs.value.length === 0)
    return <p class="quiet">{t('No runs yet. Start trains the plan and keeps every run.')}</p>;
  return (
    <table class="runs">
      <thead>
        <tr>
          <th scope="col">{t('Charts')}</th>
          <th scope="col">{t('Run')}</th>
          <th scope="col">{t('State')}</th>
          <th scope="col" class="number">
            <Sentence text={t('Best <0>accuracy</0>')} marks={[(words) => <Term id="validation">{words}</Term>]} />
          </th>
          <th scope="col">{t('Started')}</th>
        </tr>
      </thead>
      <tbody>
        {runs.value.map((each) => (
          <Row key={each.run} summary={each} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ summary }: { summary: Snapshot['runs'][number] }): JSX.Element {
  const isShown = summary.run === run.value?.run;
  return (
    <tr class={isShown ? 'shown' : ''}>
      <td>
        <OnCharts summary={summary} isShown={isShown} />
      </td>
      <td class="run-name" title={summary.name}>
        <button
          type="button"
          class="link"
          aria-current={isShown ? 'true' : undefined}
          onClick={() => post({ type: 'showRun', run: summary.run })}
        >
          {summary.name}
        </button>
      </td>
      <td>{runStateWord(summary.state)}</td>
      <td class="number numbers">{summary.accuracy === null ? t('none yet') : formatPercent(summary.accuracy)}</td>
      <td class="numbers">{summary.startedAt === null ? '' : runDate(summary.startedAt)}</td>
    </tr>
  );
}

/** Draws a run beside the shown one; the shown one is always on the charts. */
function OnCharts({ summary, isShown }: { summary: Snapshot['runs'][number]; isShown: boolean }): JSX.Element {
  const isCompared = compared.value.some((each) => each.run === summary.run);
  const isFull = compared.value.length >= MOST_COMPARED && !isCompared;
  return (
    <span class="on-charts">
      <input
        type="checkbox"
        aria-label={t('{0} on the charts', summary.name)}
        title={isFull ? t('At most {0} runs fit on the charts', MOST_COMPARED + 1) : undefined}
        checked={isShown || isCompared}
        disabled={isShown || isFull || run.value === null}
        onChange={(event) => post({ type: 'compare', run: summary.run, compared: event.currentTarget.checked })}
      />
      {isComparing.value && <RunMark run={summary.run} />}
    </span>
  );
}
