import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { planWarnings } from '../../src/shared/planWarnings.ts';
import { splitDuplicateWarnings } from '../../src/shared/splitDuplicates.ts';
import { loadedData, plan } from '../store.ts';
import { Icon } from './icons.tsx';

/** What is doubtful about the plan as it stands and the images it names, whatever is advised. */
export function PlanWarnings(): JSX.Element | null {
  const warnings = [
    ...(plan.value ? planWarnings(plan.value) : []),
    ...splitDuplicateWarnings(loadedData.value?.acrossSplits ?? null),
  ];
  if (warnings.length === 0) return null;
  return (
    <ul class="reasons" aria-label={t('Warnings about this plan')}>
      {warnings.map(({ code, text }) => (
        <li key={code} class="reason-warning">
          <Icon name="warning" /> {text}
        </li>
      ))}
    </ul>
  );
}
