import { t } from '@vscode/l10n';
import type { ComponentChildren, JSX } from 'preact';
import { formatList } from '../../src/shared/format.ts';
import { AUGMENT_PRESETS, BATCH_NORM_POLICIES, type BatchNormPolicy, type Plan } from '../../src/shared/plan.ts';
import type { PlanEdit } from '../../src/shared/planEdits.ts';
import type { TermId } from '../../src/shared/terms.ts';
import { post } from '../host.ts';
import { plan, stale } from '../store.ts';
import { NumberInput } from './numberInput.tsx';
import { Term } from './term.tsx';

type Path = Extract<PlanEdit, { kind: 'setting' }>['path'];

/** The phases of the plan and the few settings that are changed most; the rest is text. */
export function SchedulePanel(): JSX.Element {
  const { value: shownPlan } = plan;
  if (!shownPlan) return <p class="quiet">{t('The schedule appears here once the text of the plan is valid.')}</p>;
  return (
    <div class="schedule">
      <Phases plan={shownPlan} />
      <Settings plan={shownPlan} />
    </div>
  );
}

function Phases({ plan: { phases } }: { plan: Plan }): JSX.Element {
  return (
    <table class="phase-table">
      <thead>
        <tr>
          <th scope="col">
            <Term id="phase">{t('Phase')}</Term>
          </th>
          <th scope="col">
            <Term id="epoch">{t('Epochs')}</Term>
          </th>
          <th scope="col">{t('What trains')}</th>
        </tr>
      </thead>
      <tbody>
        {phases.map(({ name, epochs, unfreeze }, index) => (
          <tr key={`${index}:${name}`}>
            <th scope="row">{name}</th>
            <td>
              <NumberInput
                label={t('Epochs of phase {0}', name)}
                value={epochs}
                min={1}
                max={100_000}
                disabled={stale.value}
                onCommit={(value) => set(['phases', index, 'epochs'], value)}
              />
            </td>
            <td>{whatTrains(unfreeze)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function whatTrains(unfreeze: readonly string[] | undefined): string {
  if (unfreeze === undefined) return t('the head and every unfrozen block');
  return unfreeze.length === 0 ? t('the head') : t('the head and {0}', formatList(unfreeze));
}

function Settings({ plan: shown }: { plan: Plan }): JSX.Element {
  const { batchSize, batchNorm, augment, earlyStopping, head } = shown;
  const preset: AugmentChoice = typeof augment === 'string' ? augment : 'custom';
  return (
    <div class="settings">
      <Setting term="batchSize" title={t('Batch size')}>
        <NumberInput
          label={t('Batch size')}
          value={batchSize}
          min={1}
          max={4096}
          disabled={stale.value}
          onCommit={(value) => set(['batchSize'], value)}
        />
      </Setting>
      <Setting term="augmentation" title={t('Augmentation')}>
        <Choice
          label={t('Augmentation')}
          value={preset}
          options={preset === 'custom' ? ['custom', ...AUGMENT_PRESETS] : AUGMENT_PRESETS}
          words={AUGMENT_WORDS}
          onChoose={(value) => value !== 'custom' && set(['augment'], value)}
        />
      </Setting>
      <Setting term="batchNorm" title={t('Batch normalization')}>
        <Choice
          label={t('Batch normalization')}
          value={batchNorm}
          options={BATCH_NORM_POLICIES}
          words={BATCH_NORM_WORDS}
          onChoose={(value) => set(['batchNorm'], value)}
        />
      </Setting>
      <Setting term="earlyStopping" title={t('Early stopping after')}>
        <NumberInput
          label={t('Epochs without improvement before a phase ends; 0 never ends one early')}
          value={earlyStopping?.patience ?? 0}
          min={0}
          max={1000}
          disabled={stale.value}
          onCommit={(patience) => set(['earlyStopping'], patience === 0 ? null : { patience })}
        />
      </Setting>
      <Setting term="dropout" title={t('Dropout in the head')}>
        <NumberInput
          label={t('Dropout in the head')}
          value={head.dropout}
          min={0}
          max={0.95}
          step={0.05}
          disabled={stale.value}
          onCommit={(value) => set(['head', 'dropout'], value)}
        />
      </Setting>
    </div>
  );
}

function Setting({ term, title, children }: { term: TermId; title: string; children: ComponentChildren }): JSX.Element {
  return (
    <div class="setting">
      <Term id={term}>{title}</Term>
      {children}
    </div>
  );
}

/** Augmentation as the plan states it, or in numbers of its own. */
type AugmentChoice = (typeof AUGMENT_PRESETS)[number] | 'custom';

const AUGMENT_WORDS: Record<AugmentChoice, () => string> = {
  none: () => t({ message: 'none', comment: 'No augmentation' }),
  light: () => t({ message: 'light', comment: 'A little augmentation' }),
  strong: () => t({ message: 'strong', comment: 'Much augmentation' }),
  custom: () => t({ message: 'custom', comment: 'Augmentation set by numbers' }),
};

const BATCH_NORM_WORDS: Record<BatchNormPolicy, () => string> = {
  locked: () => t({ message: 'locked', comment: 'Batch normalization' }),
  affine: () => t({ message: 'affine', comment: 'Batch normalization' }),
  adapt: () => t({ message: 'adapt', comment: 'Batch normalization' }),
};

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly T[];
  words: Record<T, () => string>;
  onChoose: (value: T) => void;
}

function Choice<T extends string>({ label, value, options, words, onChoose }: ChoiceProps<T>): JSX.Element {
  return (
    <select
      aria-label={label}
      value={value}
      disabled={stale.value}
      onChange={(event) => onChoose(event.currentTarget.value as T)}
    >
      {options.map((option) => (
        <option key={option} value={option}>
          {words[option]()}
        </option>
      ))}
    </select>
  );
}

function set(path: Path, value: unknown): void {
  post({ type: 'edit', edit: { kind: 'setting', path, value } });
}
