import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import type { Plan } from '../../src/shared/plan.ts';
import { applyPlanEdit } from '../../src/shared/planEdits.ts';
import type { PlanNetwork } from '../../src/shared/planView.ts';
import { SCHEDULE_PRESET_IDS, schedulePreset, type SchedulePresetId } from '../../src/shared/schedulePresets.ts';
import { editPlan, loadedNetwork, stale } from '../store.ts';
import { Term } from './term.tsx';

const OWN = 'own';

/** The recipe of the phases by name; choosing another rewrites phases and rates in one undo step. */
export function PresetChoice({ plan }: { plan: Plan }): JSX.Element | null {
  const { value: network } = loadedNetwork;
  if (!network) return null;
  const present = SCHEDULE_PRESET_IDS.find((id) => follows(plan, network, id));
  return (
    <div class="preset">
      <label class="select-label">
        <Term id="preset">{t('Preset')}</Term>
        <select
          aria-label={t('Preset')}
          value={present ?? OWN}
          disabled={stale.value}
          onChange={(event) => choose(event.currentTarget.value)}
        >
          {!present && (
            <option value={OWN}>{t({ message: 'own', comment: 'Phases that are those of no preset' })}</option>
          )}
          {SCHEDULE_PRESET_IDS.map((id) => (
            <option key={id} value={id}>
              {schedulePreset(id).title}
            </option>
          ))}
        </select>
      </label>
      <p class="quiet">{present ? describe(present) : t('Phases and rates of its own.')}</p>
    </div>
  );
}

function describe(id: SchedulePresetId): string {
  const { description, source } = schedulePreset(id);
  return `${description} (${source})`;
}

function choose(value: string): void {
  const preset = SCHEDULE_PRESET_IDS.find((id) => id === value);
  if (preset) editPlan({ kind: 'preset', preset });
}

/** Whether choosing this preset would change nothing. */
function follows(plan: Plan, network: PlanNetwork, preset: SchedulePresetId): boolean {
  return applyPlanEdit(plan, { kind: 'preset', preset }, { network }).changes.length === 0;
}
