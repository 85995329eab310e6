import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import { resolveAugmentation } from '../../src/shared/augmentation.ts';
import { AUGMENT_PRESETS, type Plan } from '../../src/shared/plan.ts';
import { AUGMENT_WORDS } from '../../src/shared/settingWords.ts';
import { stale } from '../store.ts';
import { NumberInput } from './numberInput.tsx';
import { Choice, set, Setting } from './settingInputs.tsx';

/** Augmentation as the plan states it, or in numbers of its own. */
type AugmentChoice = (typeof AUGMENT_PRESETS)[number] | 'custom';
const CHOICES: readonly AugmentChoice[] = [...AUGMENT_PRESETS, 'custom'];

const WORDS: Record<AugmentChoice, () => string> = {
  ...AUGMENT_WORDS,
  custom: () => t({ message: 'custom', comment: 'Augmentation set by numbers' }),
};

/** A preset of augmentation, or each change by itself; the data tab shows what they do to the images. */
export function AugmentationOptions({ augment }: Pick<Plan, 'augment'>): JSX.Element {
  const choice: AugmentChoice = typeof augment === 'string' ? augment : 'custom';
  return (
    <>
      <Setting term="augmentation" title={t('Augmentation')}>
        <Choice
          label={t('Augmentation')}
          value={choice}
          options={CHOICES}
          words={WORDS}
          // The numbers of the preset are where one's own begin.
          onChoose={(value) => set(['augment'], value === 'custom' ? itemised(augment) : value)}
        />
      </Setting>
      {typeof augment !== 'string' && <Changes augment={augment} />}
    </>
  );
}

function itemised(augment: Plan['augment']): Exclude<Plan['augment'], string> {
  const { variants, ...changes } = resolveAugmentation(augment);
  return { ...changes, variants: variants === 'recompute' ? variants : Math.max(1, variants) };
}

function Changes({ augment }: { augment: Exclude<Plan['augment'], string> }): JSX.Element {
  const { flip, crop, rotate, color, erase } = resolveAugmentation(augment);
  const numbers = [
    { key: 'crop', title: t('Crop up to'), value: crop, max: 0.5, step: 0.05 },
    { key: 'rotate', title: t('Rotate up to (degrees)'), value: rotate, max: 45, step: 5 },
    { key: 'color', title: t('Change colours up to'), value: color, max: 1, step: 0.05 },
    { key: 'erase', title: t('Erase up to'), value: erase, max: 0.5, step: 0.05 },
  ] as const;
  return (
    <>
      <Setting term="augmentFlip" title={t('Mirror')}>
        <input
          type="checkbox"
          aria-label={t('Mirror')}
          checked={flip}
          disabled={stale.value}
          onChange={(event) => set(['augment', 'flip'], event.currentTarget.checked)}
        />
      </Setting>
      {numbers.map(({ key, title, value, max, step }) => (
        <Setting key={key} term={TERMS[key]} title={title}>
          <NumberInput
            label={title}
            value={value}
            min={0}
            max={max}
            step={step}
            disabled={stale.value}
            onCommit={(changed) => set(['augment', key], changed)}
          />
        </Setting>
      ))}
    </>
  );
}

const TERMS = {
  crop: 'augmentCrop',
  rotate: 'augmentRotate',
  color: 'augmentColor',
  erase: 'augmentErase',
} as const;
