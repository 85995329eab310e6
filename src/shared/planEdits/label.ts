import { t } from '@vscode/l10n';
import { quadrantSentence } from '../advisor.ts';
import { challengerTitle } from '../challenger.ts';
import { formatCount } from '../format.ts';
import { formatRate } from '../formatRate.ts';
import type { FreezeTarget, PlanEdit } from '../planEdits.ts';
import { schedulePreset } from '../schedulePresets.ts';

/** What an edit does in a few words, for the undo stack. */
export function editLabel(edit: PlanEdit): string {
  switch (edit.kind) {
    case 'freeze':
      return edit.frozen ? freezeLabel(edit.targets) : unfreezeLabel(edit.targets);
    case 'freezeUpTo':
      return t('Freeze up to {0}', edit.block);
    case 'cutAfter':
      return t('Cut after {0}', edit.block);
    case 'freezeAll':
      return edit.frozen ? t('Freeze all blocks') : t('Unfreeze all blocks');
    case 'blockRate':
      return t('Set the learning rate of {0} to {1}', edit.block, formatRate(edit.rate));
    case 'layerRate':
      return edit.rate === null
        ? t('Give {0} the learning rate of {1}', edit.layer, edit.block)
        : t('Set the learning rate of {0} to {1}', edit.layer, formatRate(edit.rate));
    case 'headRate':
      return t('Set the learning rate of the head to {0}', formatRate(edit.rate));
    case 'spreadRates':
      return t('Spread learning rates from {0} to {1}', formatRate(edit.low), formatRate(edit.high));
    case 'quadrant':
      return t('Apply "{0}"', quadrantSentence(edit.data, edit.similarity));
    case 'challenger':
      return t('Apply "{0}"', challengerTitle({ headAfter: edit.headAfter, quadrant: edit }));
    case 'way':
      return wayLabel(edit.way);
    case 'preset':
      return t('Apply "{0}"', schedulePreset(edit.preset).title);
    case 'setting':
      return edit.value === undefined ? t('Remove {0}', edit.path.join('.')) : t('Change {0}', edit.path.join('.'));
  }
}

function wayLabel(way: Extract<PlanEdit, { kind: 'way' }>['way']): string {
  switch (way) {
    case 'featureExtractor':
      return t('Use the backbone as a fixed feature extractor');
    case 'fineTune':
      return t('Fine-tune the last blocks');
    case 'plainStart':
      return t('Train all blocks from the published weights');
  }
}

function freezeLabel(targets: readonly FreezeTarget[]): string {
  const [first] = targets;
  if (targets.length === 1) return t('Freeze {0}', first.layer ?? first.block);
  const count = formatCount(targets.length);
  switch (kindOf(targets)) {
    case 'blocks':
      return t('Freeze {0} blocks', count);
    case 'layers':
      return t('Freeze {0} layers', count);
    case 'both':
      return t('Freeze {0} blocks and layers', count);
  }
}

function unfreezeLabel(targets: readonly FreezeTarget[]): string {
  const [first] = targets;
  if (targets.length === 1) return t('Unfreeze {0}', first.layer ?? first.block);
  const count = formatCount(targets.length);
  switch (kindOf(targets)) {
    case 'blocks':
      return t('Unfreeze {0} blocks', count);
    case 'layers':
      return t('Unfreeze {0} layers', count);
    case 'both':
      return t('Unfreeze {0} blocks and layers', count);
  }
}

function kindOf(targets: readonly FreezeTarget[]): 'blocks' | 'layers' | 'both' {
  if (targets.every((target) => target.layer === undefined)) return 'blocks';
  return targets.every((target) => target.layer !== undefined) ? 'layers' : 'both';
}
