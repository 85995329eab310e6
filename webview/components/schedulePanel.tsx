import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { plan } from '../store.ts';
import { PhaseTable } from './phaseTable.tsx';
import { PresetChoice } from './presetChoice.tsx';

/** The phases of the plan: which blocks train when, and how the rates change meanwhile. */
export function SchedulePanel(): JSX.Element {
  const { value: shownPlan } = plan;
  if (!shownPlan) return <p class="quiet">{t('The schedule appears here once the text of the plan is valid.')}</p>;
  return (
    <div class="schedule">
      <PresetChoice plan={shownPlan} />
      <PhaseTable phases={shownPlan.phases} />
    </div>
  );
}
