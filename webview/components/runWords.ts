import { t } from '@vscode/l10n';
import type { RunViewState } from '../../src/shared/runView.ts';

/** The state of a run as people read it. */
export function runStateWord(state: RunViewState): string {
  switch (state) {
    case 'queued':
      return t('Waiting');
    case 'running':
      return t('Running');
    case 'finished':
      return t('Finished');
    case 'earlyStopped':
      return t('Stopped early');
    case 'interrupted':
      return t('Interrupted');
    case 'failed':
      return t('Failed');
  }
}
