import { t } from '@vscode/l10n';
import { decayingRates, geometricRates, HEAD_RATE, readableRate, ULMFIT_DECAY } from './learningRates.ts';
import type { Plan, PlanPhase } from './plan.ts';

/** What every preset may be told. */
export interface PresetSettings {
  /** Rate of the new head, from which the rates of the blocks follow. */
  headRate?: number;
  /** Epochs of the last phase. */
  epochs?: number;
}

/** The parts of a plan that a preset decides. */
export interface PresetParts {
  blocks: Plan['blocks'];
  phases: PlanPhase[];
  /** For `optimizer.headLearningRate`. */
  headLearningRate: number;
}

export interface SchedulePreset {
  title: string;
  /** One sentence. */
  description: string;
  /** Paper or documentation. */
  source: string;
  /** `blocks` are the names of all blocks of the backbone, input to output. */
  parts: (blocks: readonly string[], settings?: PresetSettings) => PresetParts;
}

/** Only the head trains, on features that are computed once (Sharif Razavian et al., arXiv 1403.6382). */
export function featureExtraction(
  blocks: readonly string[],
  { headRate = HEAD_RATE, epochs = 30 }: PresetSettings = {},
): PresetParts {
  return {
    blocks: blockEntries(blocks, []),
    phases: [headPhase(epochs)],
    headLearningRate: readableRate(headRate),
  };
}

/** The head first, then all blocks at a tenth of its rate (keras.io/guides/transfer_learning). */
export function headThenAll(
  blocks: readonly string[],
  { headRate = HEAD_RATE, epochs = 10 }: PresetSettings = {},
): PresetParts {
  const rate = headRate / 10;
  return {
    blocks: blockEntries(
      blocks,
      blocks.map(() => rate),
    ),
    phases: [headPhase(5), { name: 'all', epochs }],
    headLearningRate: readableRate(headRate),
  };
}

/**
 * ULMFiT (Howard and Ruder, arXiv 1801.06146, section 3.3) with blocks as groups of layers: the head, then one block more
 * per phase from the last one downwards, a slanted triangle in each. Each group learns `decay` times slower than the one
 * above it, the head being the uppermost. Phases before the last take two epochs, since few images make short epochs; in
 * the paper they take one.
 */
export function gradualUnfreezing(
  blocks: readonly string[],
  { headRate = HEAD_RATE, epochs = 10, decay = ULMFIT_DECAY }: PresetSettings & { decay?: number } = {},
): PresetParts {
  const common = { epochs: 2, schedule: 'slantedTriangle' } as const;
  const phases = [{ ...headPhase(2), ...common }, ...thawPhases(blocks, blocks.length, common)];
  return {
    blocks: blockEntries(blocks, decayingRates(headRate / decay, 1 / decay, blocks.length)),
    phases: [...phases.slice(0, -1), { ...phases[phases.length - 1], epochs }],
    headLearningRate: readableRate(headRate),
  };
}

/**
 * LP-FT (Kumar et al., arXiv 2202.10054): the head is trained first, so that its random start does not distort the
 * backbone; then head and backbone train at one small rate, here a twentieth of the first, which warms up and falls
 * along a cosine.
 */
export function linearProbeThenFineTune(
  blocks: readonly string[],
  { headRate = HEAD_RATE, epochs = 10 }: PresetSettings = {},
): PresetParts {
  const rate = readableRate(headRate / 20);
  const schedule = { name: 'cosine', warmUp: 0.1 } as const;
  return {
    blocks: blockEntries(
      blocks,
      blocks.map(() => rate),
    ),
    phases: [headPhase(10), { name: 'all', epochs, headLearningRate: rate, schedule }],
    headLearningRate: readableRate(headRate),
  };
}

/**
 * `Learner.fine_tune` of fastai (docs.fast.ai/callback.schedule.html), `headRate` being its `base_lr`: an epoch of the head
 * in a one-cycle that rises to the end, then everything in one that peaks after 0.3 at `slice(base_lr / 200, base_lr / 2)`.
 *
 * The slice spreads over fastai's three groups of layers. The head is the last; the first half of the blocks, rounded up,
 * is the first and the other half the second, as fastai cuts a ResNet behind the second of its four stages. The blocks
 * have rates in the second phase only, so that in the first they stand at a tenth of the head's, as in `slice(base_lr)`.
 * Unlike fastai, frozen blocks keep their batch normalization as it is, and momentum stays constant.
 */
export function fastaiFineTune(
  blocks: readonly string[],
  { headRate = 2e-3, epochs = 5 }: PresetSettings = {},
): PresetParts {
  const [early, late, head] = geometricRates(headRate / 2 / 100, headRate / 2, 3).map(readableRate);
  const rates = blocks.map((name, index) => [name, index < Math.ceil(blocks.length / 2) ? early : late] as const);
  return {
    blocks: Object.fromEntries(blocks.map((name) => [name, { frozen: false }])),
    phases: [
      { ...headPhase(1), schedule: { name: 'oneCycle', peakAt: 0.99 } },
      {
        name: 'all',
        epochs,
        headLearningRate: head,
        learningRates: Object.fromEntries(rates),
        schedule: { name: 'oneCycle', peakAt: 0.3, start: 5 },
      },
    ],
    headLearningRate: readableRate(headRate),
  };
}

/**
 * Layer decay (`param_groups_layer_decay` of timm; BEiT, arXiv 2106.08254): each block learns at `decay` of the rate of the
 * one above it, the head being the uppermost. Blocks that would learn at less than `least` of the head's rate are frozen
 * instead, timm's `no_opt_scale`.
 */
export function layerDecay(
  blocks: readonly string[],
  {
    headRate = HEAD_RATE,
    epochs = 20,
    decay = 0.75,
    least = 0.01,
  }: PresetSettings & { decay?: number; least?: number } = {},
): PresetParts {
  const shares = decayingRates(decay, decay, blocks.length).filter((share) => share >= least);
  return {
    blocks: blockEntries(
      blocks,
      shares.map((share) => headRate * share),
    ),
    phases: [{ name: 'all', epochs, schedule: { name: 'cosine', warmUp: 0.1 } }],
    headLearningRate: readableRate(headRate),
  };
}

/**
 * A phase for each of the last `count` blocks, which unfreezes it and all above it, from the last one downwards; `settings`
 * is what they have in common.
 */
export function thawPhases(
  blocks: readonly string[],
  count: number,
  { epochs, ...settings }: Omit<PlanPhase, 'name' | 'unfreeze'>,
): PlanPhase[] {
  return Array.from({ length: count }, (_, index) => {
    const unfreeze = blocks.slice(blocks.length - index - 1);
    return { name: `thaw ${unfreeze[0]}`, epochs, unfreeze, ...settings };
  });
}

function headPhase(epochs: number): PlanPhase {
  return { name: 'head', epochs, unfreeze: [] };
}

/** All blocks: the last ones train at `rates`, input to output, those before them are frozen. */
function blockEntries(blocks: readonly string[], rates: readonly number[]): Plan['blocks'] {
  const frozen = blocks.length - rates.length;
  return Object.fromEntries(
    blocks.map((name, index) => [
      name,
      index < frozen ? { frozen: true } : { frozen: false, learningRate: readableRate(rates[index - frozen]) },
    ]),
  );
}

/** Every preset, in the order of a menu. */
export const SCHEDULE_PRESET_IDS = [
  'featureExtraction',
  'headThenAll',
  'gradualUnfreezing',
  'linearProbeThenFineTune',
  'fastaiFineTune',
  'layerDecay',
] as const;
export type SchedulePresetId = (typeof SCHEDULE_PRESET_IDS)[number];

const presets: Readonly<Record<SchedulePresetId, () => SchedulePreset>> = {
  featureExtraction: () => ({
    title: t('Feature extraction'),
    description: t('Trains only the new head, on features of the frozen backbone that are computed once.'),
    source: t('CNN features off the shelf, arXiv 1403.6382'),
    parts: featureExtraction,
  }),
  headThenAll: () => ({
    title: t('Head, then all'),
    description: t('Trains the new head first and then all blocks with it, at a tenth of its rate.'),
    source: t('guide of Keras, keras.io/guides/transfer_learning'),
    parts: headThenAll,
  }),
  gradualUnfreezing: () => ({
    title: t('Gradual unfreezing'),
    description: t(
      'Unfreezes one block more per phase, from the last one downwards, each slower than the one above it.',
    ),
    source: t('ULMFiT, arXiv 1801.06146'),
    parts: gradualUnfreezing,
  }),
  linearProbeThenFineTune: () => ({
    title: t('Linear probe, then fine-tune'),
    description: t('Trains the new head first and then everything at one small rate that warms up and falls.'),
    source: t('LP-FT, arXiv 2202.10054'),
    parts: linearProbeThenFineTune,
  }),
  fastaiFineTune: () => ({
    title: t('One-cycle fine-tuning'),
    description: t('Trains the new head for one epoch and then everything in one cycle, early blocks least.'),
    source: t('fine_tune of fastai, docs.fast.ai/callback.schedule.html'),
    parts: fastaiFineTune,
  }),
  layerDecay: () => ({
    title: t('Layer decay'),
    description: t('Trains everything at once, each block at three quarters of the rate of the one above it.'),
    source: t('timm and BEiT, arXiv 2106.08254'),
    parts: layerDecay,
  }),
};

/** A preset of phases and rates, in the language of the user. */
export function schedulePreset(id: SchedulePresetId): SchedulePreset {
  return presets[id]();
}
