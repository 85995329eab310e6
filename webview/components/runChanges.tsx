import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { formatList } from '../../src/shared/format.ts';
import { planChangeWords } from '../../src/shared/planChangeWords.ts';
import type { RunView } from '../../src/shared/runView.ts';
import { post } from '../host.ts';
import { startState } from '../store.ts';
import { Icon } from './icons.tsx';
import { Term } from './term.tsx';

/** What was changed while the run trained, and what of the plan as it stands could still be. */
export function RunChanges({ view }: { view: RunView }): JSX.Element | null {
  const start = startState.value;
  const change = start.state === 'running' && start.run === view.run ? start.change : 'none';
  if (view.changes.length === 0 && change === 'none') return null;
  return (
    <div class="run-changes" aria-live="polite">
      {view.changes.map(({ epoch, changes }) => (
        <span key={epoch}>
          <Icon name="edit" /> {t('After epoch {0}: {1}', epoch, formatList(planChangeWords(changes)))}
        </span>
      ))}
      {change === 'possible' && (
        <span class="run-change-offer">
          <Term id="runChange">{t('The plan has changed since this run took it over.')}</Term>
          <vscode-button appearance="secondary" onClick={() => post({ type: 'changeRun' })}>
            {t('Apply at the Next Epoch')}
          </vscode-button>
        </span>
      )}
      {change === 'sent' && <span class="quiet">{t('The change takes effect at the next epoch.')}</span>}
    </div>
  );
}
