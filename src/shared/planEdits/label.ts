import { quadrantSentence } from '../advisor.ts';
import { formatCount } from '../format.ts';
import { formatRate } from '../formatRate.ts';
import type { FreezeTarget, PlanEdit } from '../planEdits.ts';

const WAYS = {
  featureExtractor: 'Use the backbone as a fixed feature extractor',
  fineTune: 'Fine-tune the last blocks',
  plainStart: 'Train all blocks from the published weights',
};

/** What an edit does in a few words, for the undo stack. */
export function editLabel(edit: PlanEdit): string {
  switch (edit.kind) {
    case 'freeze':
      return `${freezeVerb(edit.frozen)} ${targetsLabel(edit.targets)}`;
    case 'freezeUpTo':
      return `Freeze up to ${edit.block}`;
    case 'freezeAll':
      return `${freezeVerb(edit.frozen)} all blocks`;
    case 'blockRate':
      return `Set the learning rate of ${edit.block} to ${formatRate(edit.rate)}`;
    case 'layerRate':
      return edit.rate === null
        ? `Give ${edit.layer} the learning rate of ${edit.block}`
        : `Set the learning rate of ${edit.layer} to ${formatRate(edit.rate)}`;
    case 'headRate':
      return `Set the learning rate of the head to ${formatRate(edit.rate)}`;
    case 'spreadRates':
      return `Spread learning rates from ${formatRate(edit.low)} to ${formatRate(edit.high)}`;
    case 'quadrant':
      return `Apply "${quadrantSentence(edit.data, edit.similarity)}"`;
    case 'way':
      return WAYS[edit.way];
    case 'setting':
      return `${edit.value === undefined ? 'Remove' : 'Change'} ${edit.path.join('.')}`;
  }
}

function freezeVerb(frozen: boolean): string {
  return frozen ? 'Freeze' : 'Unfreeze';
}

function targetsLabel(targets: readonly FreezeTarget[]): string {
  const [first] = targets;
  if (targets.length === 1) return first.layer ?? first.block;
  if (targets.every((target) => target.layer === undefined)) return formatCount(targets.length, 'block');
  const layers = targets.every((target) => target.layer !== undefined);
  return layers ? formatCount(targets.length, 'layer') : `${formatCount(targets.length)} blocks and layers`;
}
