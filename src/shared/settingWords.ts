import { t } from '@vscode/l10n';
import { resolveAugmentation } from './augmentation.ts';
import { formatList } from './format.ts';
import {
  type AUGMENT_PRESETS,
  type BatchNormPolicy,
  DEFAULT_SGD_MOMENTUM,
  DEFAULT_WEIGHT_DECAY,
  type Plan,
  type PlanPhase,
} from './plan.ts';
import type { Schedule } from './schedule.ts';
import { termOf } from './terms.ts';

/*
 * Values of settings in words, wherever they are shown.
 */

export const BATCH_NORM_WORDS: Record<BatchNormPolicy, () => string> = {
  locked: () => t({ message: 'locked', comment: 'Batch normalization' }),
  affine: () => t({ message: 'affine', comment: 'Batch normalization' }),
  adapt: () => t({ message: 'adapt', comment: 'Batch normalization' }),
};

export const AUGMENT_WORDS: Record<(typeof AUGMENT_PRESETS)[number], () => string> = {
  none: () => t({ message: 'none', comment: 'No augmentation' }),
  light: () => t({ message: 'light', comment: 'A little augmentation' }),
  medium: () => t({ message: 'medium', comment: 'Augmentation' }),
  strong: () => t({ message: 'strong', comment: 'Much augmentation' }),
};

/** The kind of a phase's schedule; without one the rates are constant. */
export function scheduleName(schedule: PlanPhase['schedule']): Schedule['name'] {
  if (schedule === undefined) return 'constant';
  return typeof schedule === 'string' ? schedule : schedule.name;
}

/** `One-cycle`; one with numbers of its own says so. */
export function scheduleWords(schedule: PlanPhase['schedule']): string {
  const { title } = termOf(scheduleName(schedule));
  const hasNumbers = typeof schedule === 'object' && Object.keys(schedule).length > 1;
  return hasNumbers ? t('{0} with numbers of its own', title) : title;
}

/** What of the network a phase trains. */
export function whatTrains(
  { unfreeze }: PlanPhase,
  namesOf: (blocks: readonly string[]) => string = formatList,
): string {
  if (unfreeze === undefined) return t('the head and every unfrozen block');
  return unfreeze.length === 0 ? t('the head') : t('the head and {0}', namesOf(unfreeze));
}

/** `light`, or what is changed and how far: `crop up to 0.1, 4 variants`. */
export function augmentWords(augment: Plan['augment']): string {
  if (typeof augment === 'string') return AUGMENT_WORDS[augment]();
  const { flip, crop, rotate, color, erase, variants } = resolveAugmentation(augment);
  const changes = [
    ...(flip ? [t('mirror')] : []),
    ...(crop > 0 ? [t('crop up to {0}', crop)] : []),
    ...(rotate > 0 ? [t('rotate up to {0} degrees', rotate)] : []),
    ...(color > 0 ? [t('change colours up to {0}', color)] : []),
    ...(erase > 0 ? [t('erase up to {0}', erase)] : []),
  ];
  if (changes.length === 0) return AUGMENT_WORDS.none();
  return formatList([...changes, variants === 'recompute' ? t('new in every epoch') : t('{0} variants', variants)]);
}

/** `AdamW with weight decay 0.01`. */
export function optimizerWords({ name, momentum, weightDecay }: Plan['optimizer']): string {
  const { title } = termOf(name);
  if (name === 'adamw') return t('{0} with weight decay {1}', title, weightDecay ?? DEFAULT_WEIGHT_DECAY);
  const pace = momentum ?? (name === 'sgd' ? DEFAULT_SGD_MOMENTUM : 0);
  return (name === 'sgd' || name === 'rmsprop') && pace > 0 ? t('{0} with momentum {1}', title, pace) : title;
}

/** `after 5 epochs without improvement`. */
export function earlyStoppingWords(earlyStopping: Plan['earlyStopping']): string {
  if (!earlyStopping) return t({ message: 'never', comment: 'Early stopping' });
  const { patience } = earlyStopping;
  return patience === 1 ? t('after 1 epoch without improvement') : t('after {0} epochs without improvement', patience);
}
