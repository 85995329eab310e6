import { computed } from '@preact/signals';
import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { formatDuration } from '../../src/shared/format.ts';
import { TRIAL_FOLDS, trialPlans, type TrialPlans, trialSeconds, trialVerdict } from '../../src/shared/trial.ts';
import type { TrialState } from '../../src/shared/webviewProtocol.ts';
import { post } from '../host.ts';
import { cost, editPlan, loadedNetwork, plan, planSources, stale, trial } from '../store.ts';
import { Icon } from './icons.tsx';
import { ProgressBar } from './progressBar.tsx';
import { Term } from './term.tsx';

const plans = computed(() => (plan.value && loadedNetwork.value ? trialPlans(plan.value, planSources.value) : null));

/** The plan that is worth a try beside the recommended one, and the trial of both. */
export function ChallengerPlan(): JSX.Element | null {
  const { value: both } = plans;
  const { is: state } = trial.value;
  if (!both && state.state !== 'running') return null;
  return (
    <section class="challenger" aria-labelledby="challenger-title">
      <div class="challenger-head">
        <h3 id="challenger-title">
          <Term id="challenger">{t('Worth a try')}</Term>
        </h3>
        {both && <Apply both={both} isKept={state.state === 'finished' && state.result.kept === 'challenger'} />}
      </div>
      {both && <p class="quiet">{both.found.reason}</p>}
      <p class="trial-answer" role="status">
        {both && answerOf(state, both)}
      </p>
      <Trial both={both} state={state} />
    </section>
  );
}

function Apply({ both: { challenger }, isKept }: { both: TrialPlans; isKept: boolean }): JSX.Element {
  return (
    <>
      <span class="challenger-name">{challenger.title}</span>
      <vscode-button
        appearance={isKept ? 'primary' : 'secondary'}
        disabled={stale.value}
        aria-label={t('Apply "{0}"', challenger.title)}
        onClick={() => !stale.value && editPlan(challenger.edit)}
      >
        {t('Apply')}
      </vscode-button>
    </>
  );
}

function answerOf(state: TrialState, { recommended, challenger }: TrialPlans): JSX.Element | string {
  switch (state.state) {
    case 'finished':
      return (
        <>
          <Icon name="check" />{' '}
          {trialVerdict(state.result, { recommended: recommended.title, challenger: challenger.title })}
        </>
      );
    case 'failed':
      return (
        <>
          <Icon name="warning" /> {t('The trial has no answer: {0}', state.problem)}
        </>
      );
    default:
      return '';
  }
}

/** How far the trial is, and one button that starts and stops it, which keeps the focus. */
function Trial({ both, state }: { both: TrialPlans | null; state: TrialState }): JSX.Element {
  const isRunning = state.state === 'running';
  const { refusal } = trial.value;
  const isBlocked = !isRunning && (refusal !== null || stale.value);
  return (
    <div class={isRunning ? 'activity' : 'trial-actions'}>
      {isRunning && <Progress key="progress" state={state} />}
      <vscode-button
        appearance="secondary"
        disabled={isBlocked}
        aria-label={isRunning ? t('Stop the trial') : labelOf(state)}
        aria-describedby={isRunning ? undefined : 'trial-note'}
        onClick={() => !isBlocked && post({ type: isRunning ? 'stopTrial' : 'try' })}
      >
        {isRunning ? t('Stop') : labelOf(state)}
      </vscode-button>
      {!isRunning && both && (
        <span key="note" id="trial-note" class="quiet">
          {refusal ?? durationOf(both)}
        </span>
      )}
    </div>
  );
}

function Progress({ state: { fold, folds } }: { state: Extract<TrialState, { state: 'running' }> }): JSX.Element {
  const text = fold === 0 ? t('Both plans are being opened') : t('Fold {0} of {1}', fold, folds);
  return (
    <>
      <span>{text}</span>
      <ProgressBar label={t('Trial of both plans')} text={text} done={Math.max(0, fold - 1)} total={folds} />
    </>
  );
}

function labelOf({ state }: TrialState): string {
  if (state === 'stopped') return t('Go on trying both');
  return state === 'finished' ? t('Try both again') : t('Try both');
}

function durationOf(both: TrialPlans): string {
  const measured = cost.value.state === 'ready' ? cost.value.value.measured : null;
  const seconds = measured && trialSeconds(both, measured);
  return seconds === null
    ? t('Both plans, short, on the same {0} folds. How long that takes is not known yet.', TRIAL_FOLDS)
    : t('About {0}: both plans, short, on the same {1} folds.', formatDuration(seconds), TRIAL_FOLDS);
}
