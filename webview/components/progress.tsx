import type { JSX } from 'preact';
import { formatDuration, formatPercent } from '../../src/shared/format.ts';
import type { PhaseBand, RunView } from '../../src/shared/runView.ts';
import { emphasis } from '../emphasis.ts';
import { post } from '../host.ts';
import { run, startState } from '../store.ts';
import { Icon } from './icons.tsx';
import { STATE_WORDS } from './runWords.ts';
import { Term } from './term.tsx';

/** Where the shown run stands: phases, epoch, time left and what is going on. */
export function Progress(): JSX.Element | null {
  const { value: view } = run;
  if (!view) return null;
  return (
    <div class="progress">
      <div class="progress-line">
        <span class={`run-state ${view.state}`}>{STATE_WORDS[view.state]}</span>
        <Phases view={view} />
        <span class="progress-epoch numbers">{epochText(view)}</span>
        <span class="progress-left numbers">{timeText(view)}</span>
      </div>
      <Activity view={view} />
      <Aftermath view={view} />
    </div>
  );
}

function Phases({ view }: { view: RunView }): JSX.Element | null {
  if (view.phases.length === 0) return null;
  const epoch = currentEpoch(view);
  return (
    <ol class="phases" aria-label="Phases">
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
  return `epoch ${currentEpoch(view)} of ${view.epochs}`;
}

/** How long an epoch takes, and the time left while it trains or taken when it is over. */
function timeText(view: RunView): string {
  const last = view.points.at(-1);
  const pace = last ? [`${formatDuration(last.seconds)} an epoch`] : [];
  if (view.state !== 'running') {
    const taken = view.seconds === null ? [] : [`took ${formatDuration(view.seconds)}`];
    return [...pace, ...taken].join(' · ');
  }
  if (view.secondsLeft === null) return pace.join('');
  const isLastPhase = currentEpoch(view) > view.epochs - (view.phases.at(-1)?.epochs ?? 0);
  // How fast the phases to come are is not known yet.
  const left = `${formatDuration(view.secondsLeft)} left${isLastPhase ? '' : ' in this phase'}`;
  return [...pace, left].join(' · ');
}

function Activity({ view }: { view: RunView }): JSX.Element | null {
  const { activity } = view;
  if (!activity) return null;
  const share = activity.total > 0 ? activity.done / activity.total : 0;
  return (
    <div class="activity">
      <span>{activity.text}</span>
      <div
        class="activity-bar"
        role="progressbar"
        aria-label={activity.text}
        aria-valuemin={0}
        aria-valuemax={activity.total}
        aria-valuenow={activity.done}
      >
        <div style={{ width: `${share * 100}%` }} />
      </div>
      <span class="numbers">
        {activity.done} of {activity.total}
      </span>
    </div>
  );
}

/** How the run ended and what can be done now. */
function Aftermath({ view }: { view: RunView }): JSX.Element | null {
  const canResume = (view.state === 'interrupted' || view.state === 'failed') && startState.value.state === 'ready';
  const best = view.points.findLast((point) => point.best);
  return (
    <div class="aftermath">
      {best && (
        <span class="numbers">
          Best: epoch {best.epoch}, <Term id="validation">validation</Term> accuracy{' '}
          {formatPercent(best.validationAccuracy)} ({formatPercent(best.low)} to {formatPercent(best.high)},{' '}
          <Term id="interval">95 % interval</Term> on {best.n} images)
        </span>
      )}
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
          Continue from Checkpoint
        </vscode-button>
      )}
    </div>
  );
}

function FreezeProof({ proof }: { proof: NonNullable<RunView['freezeProof']> }): JSX.Element {
  const kept = proof.changedTensors === 0;
  return (
    <span class={kept ? 'proof' : 'run-problem'}>
      <Icon name={kept ? 'snowflake' : 'error'} />{' '}
      {kept
        ? `All ${proof.frozenTensors} frozen tensors are bit-identical`
        : `${proof.changedTensors} of ${proof.frozenTensors} frozen tensors changed`}
    </span>
  );
}
