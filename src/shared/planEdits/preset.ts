import { t } from '@vscode/l10n';
import { ThawError } from '../errors.ts';
import type { Plan } from '../plan.ts';
import type { PlanNetwork } from '../planView.ts';
import { schedulePreset, type SchedulePresetId } from '../schedulePresets.ts';

/** Rewrites blocks, phases and the head's rate as a preset has them. Throws `usage` without the network. */
export function applyPreset(draft: Plan, network: PlanNetwork | null, preset: SchedulePresetId): void {
  if (!network) {
    const message = t('The network of the plan is not known, so no preset fits it. Mend "model" first.');
    throw new ThawError({ reason: 'usage', message });
  }
  const names = network.blocks.map(({ name }) => name);
  const { blocks, phases, headLearningRate } = schedulePreset(preset).parts(names);
  draft.blocks = blocks;
  draft.phases = phases;
  draft.optimizer.headLearningRate = headLearningRate;
}
