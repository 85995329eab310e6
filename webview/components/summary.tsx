import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { countClasses, countImages } from '../../src/shared/counts.ts';
import { formatBytes, formatCount, formatDuration, formatList } from '../../src/shared/format.ts';
import { parameterCounts } from '../../src/shared/networkRows.ts';
import type { StartState } from '../../src/shared/webviewProtocol.ts';
import { post } from '../host.ts';
import {
  cost,
  engine,
  loadedData,
  loadedNetwork,
  network,
  plan,
  planCost,
  stale,
  startState,
  title,
} from '../store.ts';
import { Icon } from './icons.tsx';
import { Sentence } from './sentence.tsx';
import { Term } from './term.tsx';

/** What is trained on what, in one line, and the buttons that matter. It stays in view. */
export function Summary(): JSX.Element {
  return (
    <header class="summary">
      <div class="summary-text">
        <h1>{loadedNetwork.value?.title ?? title.value}</h1>
        <Facts />
      </div>
      <Actions start={startState.value} />
      <StartNote start={startState.value} />
    </header>
  );
}

function Facts(): JSX.Element {
  const images = loadedData.value;
  return (
    <ul class="facts">
      {images && <li>{formatList([countImages(images.band.images), countClasses(images.classes.length)])}</li>}
      {engine.value !== '' && (
        <li>
          <Term id="engine" onClick={() => post({ type: 'showEngines' })}>
            {engine.value}
          </Term>
        </li>
      )}
      <ParameterFact />
      <CostFact />
    </ul>
  );
}

function ParameterFact(): JSX.Element | null {
  const { value: shownPlan } = plan;
  if (network.value.state !== 'ready' || !shownPlan) return null;
  const { trainable, total } = parameterCounts(shownPlan, network.value.value);
  return (
    <li class="numbers">
      <span aria-live="polite" aria-atomic="true">
        <Sentence
          text={t('<0>{0}</0> of {1} <1>parameters</1> train')}
          values={[formatCount(trainable), formatCount(total)]}
          marks={[(words) => <b>{words}</b>, (words) => <Term id="parameters">{words}</Term>]}
        />
      </span>
    </li>
  );
}

/** What the plan costs as it stands; during a run its own times are told below. */
function CostFact(): JSX.Element | null {
  if (!plan.value || startState.value.state === 'running') return null;
  if (cost.value.state === 'loading') {
    return (
      <li class="cost numbers">
        <Term id="cost">{t('cost is being measured…')}</Term>
      </li>
    );
  }
  if (!planCost.value) return null;
  const { secondsPerEpoch, cacheSeconds, memoryBytes } = planCost.value;
  return (
    <li class="cost numbers">
      <Sentence
        text={t('about <0>{0} an epoch</0>, {1} to prepare, {2}')}
        values={[formatDuration(secondsPerEpoch), formatDuration(cacheSeconds), formatBytes(memoryBytes)]}
        marks={[(words) => <Term id="cost">{words}</Term>]}
      />
    </li>
  );
}

/** Both buttons are always there, so that nothing moves under the pointer when training starts. */
function Actions({ start }: { start: StartState }): JSX.Element {
  const isRunning = start.state === 'running';
  const canStart = (start.state === 'ready' || isRunning) && !stale.value;
  return (
    <div class="actions">
      <vscode-button
        appearance={isRunning ? 'secondary' : 'primary'}
        disabled={!canStart}
        title={isRunning ? t('Trains the plan again when this run has ended') : undefined}
        aria-describedby={noteOf(start) === '' ? undefined : 'start-note'}
        onClick={() => canStart && post({ type: 'start' })}
      >
        <span slot="start" class="button-icon">
          <Icon name="play" />
        </span>
        {t('Start')}
      </vscode-button>
      <vscode-button
        appearance="secondary"
        disabled={!isRunning}
        title={t('Ends the run and keeps the best weights')}
        onClick={() => isRunning && post({ type: 'stop' })}
      >
        <span slot="start" class="button-icon">
          <Icon name="stop" />
        </span>
        {t('Stop')}
      </vscode-button>
      <vscode-button appearance="secondary" onClick={() => post({ type: 'openAsText' })}>
        {t('Open as Text')}
      </vscode-button>
    </div>
  );
}

function StartNote({ start }: { start: StartState }): JSX.Element | null {
  const text = noteOf(start);
  if (text === '') return null;
  return (
    <p id="start-note" class="start-note">
      <Icon name="warning" /> {text}
    </p>
  );
}

function noteOf(start: StartState): string {
  if (start.state === 'queued') return t('Waits until the run before it has ended.');
  return start.state === 'blocked' ? start.reason : '';
}
