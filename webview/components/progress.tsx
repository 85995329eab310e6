import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { formatDuration, formatPercent } from '../../src/shared/format.ts';
import type { EpochPoint, PhaseBand, RunView } from '../../src/shared/runView.ts';
import { emphasis } from '../emphasis.ts';
import { post } from '../host.ts';
import { run, startState } from '../store.ts';
import { Icon } from './icons.tsx';
import { ProgressBar } from './progressBar.tsx';
import { RunChanges } from './runChanges.tsx';
import { runStateWord } from './runWords.ts';
import { Sentence } from './sentence.tsx';
import { Term } from './term.tsx';

/** Where the shown run stands: phases, epoch, time left and what is going on. */
export function Progress(): JSX.Element | null {
  const { value: view } = run;
  if (!view) return null;
  return (
    <div class="progress">
      <div class="progress-line">
        <span class={`run-state ${view.state}`}>{runStateWord(view.state)}</span>
        <Phases view={view} />
        <span class="progress-epoch numbers">{epochText(view)}</span>
        <span class="progress-left numbers">{timeText(view)}</span>
      </div>
      <Activity view={view} />
      <RunChanges view={view} />
      <Aftermath view={view} />
    </div>
  );
}

function Phases({ view }: { view: RunView }): JSX.Element | null {
  if (view.phases.length === 0) return null;
  const epoch = currentEpoch(view);
  return (
    <ol class="phases" aria-label={t('Phases')}>
      {view.phases.map((phase, index) => (
        <li
          key={`${phase.name}:${phase.from}`}
          class={`phase ${phaseState(phase, epoch)} ${emphasis.value?.phase === phase.name ? 'emphasized' : ''}`}
          aria-current={phaseState(phase, epoch) === 'current' ? 'step' : undefined}
          onMouseEnter={() => (emphasis.value = { phase: phase.name, blocks: phase.trainable })}
          onMouseLeave={() => (emphasis.value = null)}
        >
          {view.phases.length > 1 && <span class="phase-number numbers">{index + 1}</span>}
          {phase.name}
        </li>
      ))}
    </ol>
  );
}

function phaseState(phase: PhaseBand, epoch: number): 'past' | 'current' | 'coming' {
  if (epoch < phase.from) return 'coming';
  return epoch < phase.from + phase.epochs ? 'current' : 'past';
}

function currentEpoch(view: RunView): number {
  return Math.max(view.steps.epoch.at(-1) ?? 1, view.points.at(-1)?.epoch ?? 1);
}

function epochText(view: RunView): string {
  if (view.epochs === 0) return '';
  return t('epoch {0} of {1}', currentEpoch(view), view.epochs);
}

/** How long an epoch takes, and the time left while it trains or taken when it is over. */
function timeText(view: RunView): string {
  const last = view.points.at(-1);
  const pace = last ? [t('{0} an epoch', formatDuration(last.seconds))] : [];
  if (view.state !== 'running') {
    const taken = view.seconds === null ? [] : [t('took {0}', formatDuration(view.seconds))];
    return [...pace, ...taken].join(' · ');
  }
  if (view.secondsLeft === null) return pace.join('');
  const isLastPhase = currentEpoch(view) > view.epochs - (view.phases.at(-1)?.epochs ?? 0);
  // How fast the phases to come are is not known yet.
  const time = formatDuration(view.secondsLeft);
  const left = isLastPhase ? t('{0} left', time) : t('{0} left in this phase', time);
  return [...pace, left].join(' · ');
}

function Activity({ view }: { view: RunView }): JSX.Element | null {
  const { activity } = view;
  if (!activity) return null;
  return (
    <div class="activity">
      <span>{activity.text}</span>
      <ProgressBar label={activity.text} done={activity.done} total={activity.total} />
      <span class="numbers">{t('{0} of {1}', activity.done, activity.total)}</span>
    </div>
  );
}

/** How the run ended and what can be done now. */
function Aftermath({ view }: { view: RunView }): JSX.Element | null {
  const canResume = (view.state === 'interrupted' || view.state === 'failed') && startState.value.state === 'ready';
  const best = view.points.findLast((point) => point.best);
  return (
    <div class="aftermath">
      {best && <BestEpoch best={best} />}
      {view.freezeProof && <FreezeProof proof={view.freezeProof} />}
      {view.problem !== null && (
        <span class="run-problem">
          <Icon name="error" /> {view.problem}
        </span>
      )}
      {view.warnings.map((warning) => (
        <span key={warning} class="run-warning">
          <Icon name="warning" /> {warning}
        </span>
      ))}
      {canResume && (
        <vscode-button appearance="secondary" onClick={() => post({ type: 'resume', run: view.run })}>
          {t('Continue from Checkpoint')}
        </vscode-button>
      )}
    </div>
  );
}

function BestEpoch({ best }: { best: EpochPoint }): JSX.Element {
  const { epoch, validationAccuracy, low, high, n } = best;
  return (
    <span class="numbers">
      <Sentence
        text={t('Best: epoch {0}, <0>validation</0> accuracy {1} ({2} to {3}, <1>95 % interval</1> on {4} images)')}
        values={[epoch, formatPercent(validationAccuracy), formatPercent(low), formatPercent(high), n]}
        marks={[(words) => <Term id="validation">{words}</Term>, (words) => <Term id="interval">{words}</Term>]}
      />
    </span>
  );
}

function FreezeProof({ proof }: { proof: NonNullable<RunView['freezeProof']> }): JSX.Element {
  const kept = proof.changedTensors === 0;
  return (
    <span class={kept ? 'proof' : 'run-problem'}>
      <Icon name={kept ? 'snowflake' : 'error'} />{' '}
      {kept
        ? t('All {0} frozen tensors are bit-identical', proof.frozenTensors)
        : t('{0} of {1} frozen tensors changed', proof.changedTensors, proof.frozenTensors)}
    </span>
  );
}
