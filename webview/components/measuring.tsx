import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import type { Measurable } from '../../src/shared/planView.ts';
import { post } from '../host.ts';
import { busy } from '../store.ts';
import { ProgressBar } from './progressBar.tsx';

/** That the similarity is not known (yet), why, and what can be done about it: one button, which keeps the focus. */
export function Measuring({ state }: { state: Exclude<Measurable<unknown>, { state: 'ready' }> }): JSX.Element {
  const isLoading = state.state === 'loading';
  const progress = 'progress' in state ? state.progress : undefined;
  return (
    // Numbers that change all the time are read out by the progress bar, to who asks for them.
    <div class="measuring quiet" aria-live={isLoading ? 'off' : 'polite'}>
      <p class="numbers">{stateText(state)}</p>
      <div class="measuring-action">
        {isLoading && <ProgressBar key="bar" label={t('The similarity is being measured.')} {...progress} />}
        <button
          key="action"
          type="button"
          class="link"
          onClick={() => post({ type: 'measureSimilarity', wanted: !isLoading })}
        >
          {actionText(state.state)}
        </button>
      </div>
    </div>
  );
}

function stateText(state: Exclude<Measurable<unknown>, { state: 'ready' }>): string {
  switch (state.state) {
    case 'loading':
      if (busy.value) return t('The similarity is measured once the training has ended.');
      if (!('progress' in state) || !state.progress) return t('The similarity is being measured.');
      return t('The similarity is being measured: {0} of {1} images.', state.progress.done, state.progress.total);
    case 'stopped':
      return t('The similarity is not measured.');
    case 'failed':
      return t('The similarity cannot be measured: {0}', state.problem);
  }
}

function actionText(state: 'loading' | 'stopped' | 'failed'): string {
  switch (state) {
    case 'loading':
      return t('Stop measuring');
    case 'stopped':
      return t('Measure');
    case 'failed':
      return t('Try again');
  }
}
