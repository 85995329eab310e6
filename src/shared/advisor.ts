import { t } from '@vscode/l10n';
import { countImages } from './counts.ts';
import type { DataBand } from './dataBand.ts';
import { formatCount } from './format.ts';
import { decayingRates, geometricRates, HEAD_RATE, readableRate, ULMFIT_DECAY } from './learningRates.ts';
import type { Block } from './network.ts';
import { type BatchNormPolicy, DEFAULT_WEIGHT_DECAY, type Plan, type PlanPhase } from './plan.ts';
import { LEAST_BATCH_TO_ADAPT } from './planWarnings.ts';
import { thawPhases } from './schedulePresets.ts';
import { shareOfImages, type ValidationImages, validationWarnings } from './validationImages.ts';

export type Level = 'low' | 'high';

export interface AdviceInput {
  data: DataBand;
  /** Where the level of `data` is the user's word and not what was counted. */
  dataSource?: 'given';
  similarity: Level;
  similaritySource: 'assumed' | 'given' | 'measured';
  /** Blocks of the backbone, input to output, each with its number of weights. */
  blocks: readonly (Block & { parameters: number })[];
  /** Default 16. */
  batchSize?: number;
  /** Blocks behind the one whose features tell the classes apart best, where that was measured. */
  blocksAbovePeak?: number;
  /** Images to validate with, or the share of all images that is held out; default a share of 0.2. */
  validation?: ValidationImages | { share: number };
}

export interface AdviceWarning {
  code: 'tiny' | 'borderline' | 'capacity' | 'imbalanced' | 'fewValidationImages';
  text: string;
}

/** The parts of a plan that follow from data and similarity, and why they are as they are. */
export interface Recommendation {
  sentence: string;
  blocks: Plan['blocks'];
  phases: PlanPhase[];
  optimizer: Plan['optimizer'];
  batchNorm: BatchNormPolicy;
  augment: Plan['augment'];
  earlyStopping: Plan['earlyStopping'];
  head: { dropout: number; l2: number };
  /** Names, input to output. */
  unfrozenBlocks: string[];
  reasons: string[];
  /** What the quadrant asks for and this version cannot do; in English, since it is written into the plan. */
  leftOut: string[];
  warnings: AdviceWarning[];
  advice: NonNullable<Plan['advice']>;
}

/** What a strategy decides; the rest of a recommendation follows from it. */
interface Strategy {
  /** Rates of the unfrozen blocks, which are always the last ones, input to output. */
  rates: number[];
  phases: PlanPhase[];
  batchNorm: BatchNormPolicy;
  augment: Plan['augment'];
  earlyStopping: Plan['earlyStopping'];
  head: { dropout: number; l2: number };
  /** That of AdamW; without it the optimizer is Adam. */
  weightDecay?: number;
  reasons: string[];
  leftOut: string[];
}

const PATIENCE = 5;
const PARAMETERS_PER_IMAGE = 5000;
const VALIDATION_SHARE = 0.2;
const MAX_IMBALANCE = 10;

/** The sentence of a quadrant, word for word. */
export function quadrantSentence(data: Level, similarity: Level): string {
  if (data === 'low') {
    return similarity === 'low'
      ? t('Unfreeze more layers of the pretrained model')
      : t('Unfreeze fewer layers of the pretrained model');
  }
  return similarity === 'low'
    ? t('Initialize with pretrained weights and train completely')
    : t('Fine-tune completely');
}

/** The sentence of a quadrant as it stands among the reasons. */
export function quadrantReason(sentence: string): string {
  return t('{0}.', sentence);
}

/**
 * The recommended plan: a pure function of the amount of data, the similarity to the source data and the network.
 * Every block is listed in `blocks`, and no block's rate is as high as the head's in any phase.
 */
export function recommendPlan(input: AdviceInput): Recommendation {
  const { data, similarity, blocks } = input;
  const strategy = chooseStrategy(input);
  const firstUnfrozen = blocks.length - strategy.rates.length;
  const unfrozenBlocks = blocks.slice(firstUnfrozen).map((block) => block.name);
  const entries = blocks.map((block, index) => {
    const frozen = index < firstUnfrozen;
    return [
      block.name,
      frozen ? { frozen } : { frozen, learningRate: readableRate(strategy.rates[index - firstUnfrozen]) },
    ];
  });
  const warnings = findWarnings(input, blocks.slice(firstUnfrozen));
  const leftOut = [...strategy.leftOut];
  if (warnings.some((warning) => warning.code === 'fewValidationImages')) {
    leftOut.push(
      'Cross-validation, which judges by every image: a run holds one part out; thaw train --folds 5 does it.',
    );
  }
  const sentence = quadrantSentence(data.quadrantData, similarity);
  const { dataSource, similaritySource } = input;
  return {
    sentence,
    blocks: Object.fromEntries(entries) as Plan['blocks'],
    phases: strategy.phases,
    optimizer: optimizerOf(strategy),
    batchNorm: strategy.batchNorm,
    augment: strategy.augment,
    earlyStopping: strategy.earlyStopping,
    head: strategy.head,
    unfrozenBlocks,
    reasons: [...describeInputs(input), quadrantReason(sentence), ...strategy.reasons],
    leftOut,
    warnings,
    advice: { data: data.quadrantData, ...(dataSource && { dataSource }), similarity, similaritySource, leftOut },
  };
}

function optimizerOf({ weightDecay }: Strategy): Plan['optimizer'] {
  return weightDecay === undefined
    ? { name: 'adam', headLearningRate: HEAD_RATE }
    : { name: 'adamw', headLearningRate: HEAD_RATE, weightDecay };
}

function chooseStrategy(input: AdviceInput): Strategy {
  const { data, similarity } = input;
  if (data.tiny) return tooLittleForMore();
  if (input.blocks.length === 0) return headOnly();
  if (data.quadrantData === 'low') return similarity === 'high' ? headOnly() : gradual(input);
  return similarity === 'high' ? fineTune(input) : trainCompletely(input);
}

/** Low data, high similarity: the backbone is a fixed feature extractor. */
function headOnly(): Strategy {
  return {
    rates: [],
    phases: [{ name: 'head', epochs: 30, unfreeze: [] }],
    batchNorm: 'locked',
    augment: 'light',
    earlyStopping: { patience: PATIENCE },
    head: { dropout: 0.2, l2: 0 },
    reasons: [
      t('Only the new head trains, on features that are computed once.'),
      t('If that falls short, unfreeze the last block.'),
    ],
    leftOut: [],
  };
}

function tooLittleForMore(): Strategy {
  const strategy = headOnly();
  const reason = t(
    'With fewer than 20 images in a class more than the head cannot be trained reliably, whatever the similarity.',
  );
  return { ...strategy, reasons: [strategy.reasons[0], reason] };
}

/**
 * Low data, low similarity: the top third thaws block by block, as in ULMFiT; down to the peak of the depth curve where that
 * lies deeper, and half of the blocks at most, as in the middle band.
 */
function gradual({ data, blocks, blocksAbovePeak = 0 }: AdviceInput): Strategy {
  const [third, half] = [Math.ceil(blocks.length / 3), Math.ceil(blocks.length / 2)];
  const count = data.band === 'middle' ? half : Math.min(half, Math.max(third, blocksAbovePeak));
  const names = blocks.map((block) => block.name);
  return {
    rates: decayingRates(1e-4, 1 / ULMFIT_DECAY, count),
    phases: [
      { name: 'head', epochs: 10, unfreeze: [] },
      ...thawPhases(names, count, { epochs: 5, headLearningRate: HEAD_RATE / 2 }),
    ],
    batchNorm: 'affine',
    augment: 'strong',
    earlyStopping: { patience: PATIENCE },
    head: { dropout: 0.2, l2: 0 },
    reasons: [
      lastBlocksReason(count, blocks.length),
      t(
        'The head comes first, so that its random start does not distort the backbone; then one block more per phase, downwards.',
      ),
      t('Each block learns {0} times slower than the one above it.', ULMFIT_DECAY),
    ],
    leftOut: ['A head on an earlier layer, the alternative for dissimilar images: thaw trial compares both.'],
  };
}

function lastBlocksReason(count: number, blocks: number): string {
  if (blocks === 1) return t('The only block trains.');
  return count === 1
    ? t('The last of {0} blocks trains: what is specific to the source images sits at the top.', formatCount(blocks))
    : t(
        'The last {0} of {1} blocks train: what is specific to the source images sits at the top.',
        count,
        formatCount(blocks),
      );
}

/** High data, low similarity: everything trains from the pretrained start at one rate, which falls along a cosine. */
function trainCompletely({ blocks, batchSize = 16 }: AdviceInput): Strategy {
  const batchNorm = batchSize >= LEAST_BATCH_TO_ADAPT ? 'adapt' : 'affine';
  return {
    rates: blocks.map(() => 3e-4),
    phases: [
      { name: 'head', epochs: 1, unfreeze: [] },
      { name: 'all', epochs: 20, schedule: 'cosine' },
    ],
    batchNorm,
    augment: 'light',
    earlyStopping: null,
    head: { dropout: 0.2, l2: 0 },
    weightDecay: DEFAULT_WEIGHT_DECAY,
    reasons: [
      t('All blocks train at the same rate, after one epoch of the head alone.'),
      t('The rates fall along a cosine to nothing, so that large steps come first and small ones last.'),
      noEarlyStopping(),
      batchNorm === 'adapt'
        ? t('Batch normalization adapts its statistics to the new images.')
        : t('Batches of {0} are too small for new batch-normalization statistics: they stay.', batchSize),
      t('Weight decay of {0} (AdamW) keeps the weights from growing while everything trains.', DEFAULT_WEIGHT_DECAY),
    ],
    leftOut: [],
  };
}

/**
 * High data, high similarity: everything moves in one cycle, the first layers least. The geometric spread includes the
 * head as its uppermost group, as in fastai: its peak stays the rate its first epoch had, and all blocks stay below it.
 */
function fineTune({ blocks }: AdviceInput): Strategy {
  return {
    rates: geometricRates(1e-5, HEAD_RATE, blocks.length + 1).slice(0, -1),
    phases: [
      { name: 'head', epochs: 1, unfreeze: [] },
      { name: 'all', epochs: 20, schedule: 'oneCycle' },
    ],
    batchNorm: 'affine',
    augment: 'light',
    earlyStopping: null,
    head: { dropout: 0, l2: 0 },
    reasons: [
      t('All blocks train, after one epoch of the head alone.'),
      t(
        'Peak rates rise geometrically from the first block (1e-5) to the head (1e-3): a similar source needs small steps, the smallest in its general first layers.',
      ),
      t(
        'One cycle: the rates climb to their peaks in the first quarter of the epochs and then fall to almost nothing.',
      ),
      noEarlyStopping(),
    ],
    leftOut: [],
  };
}

function noEarlyStopping(): string {
  return t('No early stopping: it could end the training before the rates have come down.');
}

function describeInputs({ data, dataSource, similarity, similaritySource }: AdviceInput): string[] {
  const amount =
    dataSource === 'given'
      ? GIVEN_AMOUNTS[data.quadrantData]()
      : AMOUNTS[data.band](countImages(data.images), formatCount(data.smallestClass));
  return [amount, SIMILARITIES[similarity][similaritySource]()];
}

const AMOUNTS: Record<DataBand['band'], (images: string, smallest: string) => string> = {
  low: (images, smallest) => t('{0}, {1} in the smallest class: the amount of data is low.', images, smallest),
  middle: (images, smallest) =>
    t('{0}, {1} in the smallest class: the amount of data is between low and high, taken as low.', images, smallest),
  high: (images, smallest) => t('{0}, {1} in the smallest class: the amount of data is high.', images, smallest),
};

const GIVEN_AMOUNTS: Record<Level, () => string> = {
  low: () => t('The amount of data is taken as low.'),
  high: () => t('The amount of data is taken as high.'),
};

const SIMILARITIES: Record<Level, Record<AdviceInput['similaritySource'], () => string>> = {
  low: {
    assumed: () => t('The similarity to the images the network was trained on is low (assumed, not measured).'),
    given: () => t('The similarity to the images the network was trained on is taken as low.'),
    measured: () => t('The similarity to the images the network was trained on is low (measured).'),
  },
  high: {
    assumed: () => t('The similarity to the images the network was trained on is high (assumed, not measured).'),
    given: () => t('The similarity to the images the network was trained on is taken as high.'),
    measured: () => t('The similarity to the images the network was trained on is high (measured).'),
  },
};

function findWarnings(input: AdviceInput, unfrozen: AdviceInput['blocks']): AdviceWarning[] {
  const { data, similarity, validation = { share: VALIDATION_SHARE } } = input;
  const warnings: AdviceWarning[] = [];
  if (data.tiny) warnings.push({ code: 'tiny', text: tinyText(data.smallestClass) });
  if (data.borderline) {
    const text = t(
      'With 200 to 499 images a class the next recommendation may serve as well: "{0}". Compare both.',
      quadrantSentence('high', similarity),
    );
    warnings.push({ code: 'borderline', text });
  }
  const parameters = unfrozen.reduce((sum, block) => sum + block.parameters, 0);
  if (data.quadrantData === 'low' && parameters > PARAMETERS_PER_IMAGE * data.images) {
    warnings.push({ code: 'capacity', text: capacityText(parameters, data.images) });
  }
  if (data.largestClass > MAX_IMBALANCE * data.smallestClass) {
    warnings.push({ code: 'imbalanced', text: imbalanceText(data) });
  }
  const planned = 'share' in validation ? shareOfImages(data, validation.share) : validation;
  return [...warnings, ...validationWarnings(planned)];
}

function tinyText(images: number): string {
  return images === 1
    ? t(
        'The smallest class has 1 image, fewer than 20: only the head is trained, and results will vary. More images help most.',
      )
    : t(
        'The smallest class has {0} images, fewer than 20: only the head is trained, and results will vary. More images help most.',
        formatCount(images),
      );
}

function capacityText(parameters: number, images: number): string {
  return images === 1
    ? t(
        '{0} weights would train on 1 image: the network can learn them by heart. Freeze more blocks or add images.',
        formatCount(parameters),
      )
    : t(
        '{0} weights would train on {1} images: the network can learn them by heart. Freeze more blocks or add images.',
        formatCount(parameters),
        formatCount(images),
      );
}

function imbalanceText({ largestClass, smallestClass }: DataBand): string {
  return largestClass === 1
    ? t(
        'The largest class has 1 image, the smallest {0}. Class weights even this out only in part.',
        formatCount(smallestClass),
      )
    : t(
        'The largest class has {0} images, the smallest {1}. Class weights even this out only in part.',
        formatCount(largestClass),
        formatCount(smallestClass),
      );
}
