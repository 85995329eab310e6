import { t } from '@vscode/l10n';
import type { PlanChange } from '../planEdits.ts';

/** What the advisor decides, as people call it, by the beginning of its path in the plan; in the order of the plan. */
const PARTS: readonly (readonly [path: string, words: () => string])[] = [
  ['weights', () => t('the starting weights')],
  ['blocks', () => t('which blocks train and how fast')],
  ['phases', () => t('the phases')],
  ['optimizer.headLearningRate', () => t('the learning rate of the head')],
  ['optimizer', () => t('the optimizer')],
  ['batchNorm', () => t('batch normalization')],
  ['augment', () => t('augmentation')],
  ['earlyStopping', () => t('early stopping')],
  ['head', () => t('dropout and L2 of the head')],
];

/** The parts of a plan that changes touch, in words; what a plan only says about its advice is none of them. */
export function changedParts(changes: readonly PlanChange[]): string[] {
  const paths = changes.map(({ path }) => path.join('.'));
  const found = new Set<() => string>();
  for (const path of paths) {
    const part = PARTS.find(([start]) => path === start || path.startsWith(`${start}.`));
    if (part) found.add(part[1]);
  }
  return PARTS.flatMap(([, words]) => (found.has(words) ? [words()] : []));
}

/** Whether changes leave alone which blocks train when: what tells one quadrant's plan from another's. */
export function keepsWhatTrains(changes: readonly PlanChange[]): boolean {
  return changes.every(({ path }) => {
    const [part] = path;
    if (part === 'blocks') return path.at(-1) === 'learningRate';
    if (part === 'phases') return path.length > 1 && path[2] !== 'unfreeze';
    return part !== 'weights';
  });
}
