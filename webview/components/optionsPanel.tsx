import { t } from '@vscode/l10n';
import type { JSX } from 'preact';
import {
  BATCH_NORM_POLICIES,
  DEFAULT_SGD_MOMENTUM,
  DEFAULT_WEIGHT_DECAY,
  OPTIMIZER_NAMES,
  type Plan,
  SAMPLINGS,
} from '../../src/shared/plan.ts';
import { BATCH_NORM_WORDS } from '../../src/shared/settingWords.ts';
import { termOf } from '../../src/shared/terms.ts';
import { plan, stale } from '../store.ts';
import { AugmentationOptions } from './augmentationOptions.tsx';
import { NumberInput } from './numberInput.tsx';
import { Choice, set, Setting } from './settingInputs.tsx';

type OptimizerName = Plan['optimizer']['name'];

/** What is set once for the whole training; whatever is not here is a line of the plan's text. */
export function OptionsPanel(): JSX.Element {
  const { value: shownPlan } = plan;
  if (!shownPlan) return <p class="quiet">{t('The options appear here once the text of the plan is valid.')}</p>;
  return (
    <div class="options">
      <OptimizerOptions plan={shownPlan} />
      <Regularization plan={shownPlan} />
      <Sampling plan={shownPlan} />
    </div>
  );
}

const OPTIMIZER_WORDS: Record<OptimizerName, () => string> = {
  adam: () => termOf('adam').title,
  adamw: () => termOf('adamw').title,
  sgd: () => termOf('sgd').title,
  rmsprop: () => termOf('rmsprop').title,
};

function OptimizerOptions({ plan: { optimizer, batchSize, batchNorm } }: { plan: Plan }): JSX.Element {
  const hasMomentum = optimizer.name === 'sgd' || optimizer.name === 'rmsprop';
  return (
    <section aria-labelledby="options-optimizer">
      <h3 id="options-optimizer">{t('Optimization')}</h3>
      <Setting term="optimizer" title={t('Optimizer')}>
        <Choice
          label={t('Optimizer')}
          value={optimizer.name}
          options={OPTIMIZER_NAMES}
          words={OPTIMIZER_WORDS}
          onChoose={(value) => set(['optimizer', 'name'], value)}
        />
      </Setting>
      {hasMomentum && (
        <Setting term="momentum" title={t('Momentum')}>
          <NumberInput
            label={t('Momentum')}
            value={optimizer.momentum ?? (optimizer.name === 'sgd' ? DEFAULT_SGD_MOMENTUM : 0)}
            min={0}
            max={0.999}
            step={0.01}
            disabled={stale.value}
            onCommit={(value) => set(['optimizer', 'momentum'], value)}
          />
        </Setting>
      )}
      {optimizer.name === 'adamw' && (
        <Setting term="weightDecay" title={t('Weight decay')}>
          <NumberInput
            label={t('Weight decay')}
            value={optimizer.weightDecay ?? DEFAULT_WEIGHT_DECAY}
            min={0}
            max={1}
            step={0.001}
            disabled={stale.value}
            onCommit={(value) => set(['optimizer', 'weightDecay'], value)}
          />
        </Setting>
      )}
      <Setting term="clipNorm" title={t('Clip gradients at')}>
        <NumberInput
          label={t('Largest norm of the gradients of a step; 0 does not limit it')}
          value={optimizer.clipNorm ?? 0}
          min={0}
          max={1e6}
          step={0.1}
          disabled={stale.value}
          onCommit={(value) => set(['optimizer', 'clipNorm'], value === 0 ? undefined : value)}
        />
      </Setting>
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
      <Setting term="batchNorm" title={t('Batch normalization')}>
        <Choice
          label={t('Batch normalization')}
          value={batchNorm}
          options={BATCH_NORM_POLICIES}
          words={BATCH_NORM_WORDS}
          onChoose={(value) => set(['batchNorm'], value)}
        />
      </Setting>
    </section>
  );
}

function Regularization({ plan: { head, l2, labelSmoothing, earlyStopping } }: { plan: Plan }): JSX.Element {
  return (
    <section aria-labelledby="options-regularization">
      <h3 id="options-regularization">{t('Against overfitting')}</h3>
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
      <Setting term="l2" title={t('L2 on the head')}>
        <NumberInput
          label={t('L2 on the head')}
          value={head.l2}
          min={0}
          max={10}
          step={0.0001}
          disabled={stale.value}
          onCommit={(value) => set(['head', 'l2'], value)}
        />
      </Setting>
      <Setting term="l2" title={t('L2 on unfrozen blocks')}>
        <NumberInput
          label={t('L2 on unfrozen blocks')}
          value={l2}
          min={0}
          max={10}
          step={0.0001}
          disabled={stale.value}
          onCommit={(value) => set(['l2'], value)}
        />
      </Setting>
      <Setting term="labelSmoothing" title={t('Label smoothing')}>
        <NumberInput
          label={t('Label smoothing')}
          value={labelSmoothing}
          min={0}
          max={0.99}
          step={0.05}
          disabled={stale.value}
          onCommit={(value) => set(['labelSmoothing'], value)}
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
    </section>
  );
}

function Sampling({ plan: { augment, sampling, classWeights } }: { plan: Plan }): JSX.Element {
  const weights: WeightChoice = typeof classWeights === 'string' ? classWeights : 'custom';
  return (
    <section aria-labelledby="options-images">
      <h3 id="options-images">{t('Images')}</h3>
      <AugmentationOptions augment={augment} />
      <Setting term="sampling" title={t('Sampling')}>
        <Choice
          label={t('Sampling')}
          value={sampling}
          options={SAMPLINGS}
          words={SAMPLING_WORDS}
          onChoose={(value) => set(['sampling'], value)}
        />
      </Setting>
      <Setting term="classWeights" title={t('Class weights')}>
        <Choice
          label={t('Class weights')}
          value={weights}
          options={weights === 'custom' ? ['custom', 'auto', 'none'] : ['auto', 'none']}
          words={WEIGHT_WORDS}
          onChoose={(value) => value !== 'custom' && set(['classWeights'], value)}
        />
      </Setting>
    </section>
  );
}

const SAMPLING_WORDS: Record<Plan['sampling'], () => string> = {
  shuffle: () => t({ message: 'shuffled', comment: 'Every image once an epoch' }),
  balanced: () => t({ message: 'balanced', comment: 'As many images of every class' }),
};

/** Class weights as the plan states them, or in numbers of its own. */
type WeightChoice = 'auto' | 'none' | 'custom';

const WEIGHT_WORDS: Record<WeightChoice, () => string> = {
  auto: () => t({ message: 'automatic', comment: 'Class weights' }),
  none: () => t({ message: 'none', comment: 'No class weights' }),
  custom: () => t({ message: 'custom', comment: 'Class weights set by numbers' }),
};
