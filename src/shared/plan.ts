import * as z from 'zod';
import { scheduleSchema } from './schedule.ts';

/** The value ranges a network may expect its pixels in. */
export const VALUE_RANGES = ['-1..1', '0..1', '0..255', 'imagenet', 'caffe'] as const;
export const RESIZE_MODES = ['crop', 'pad', 'stretch'] as const;
export const CHANNEL_MODES = ['rgb', 'gray'] as const;
export const BATCH_NORM_POLICIES = ['locked', 'affine', 'adapt'] as const;
export const OPTIMIZER_NAMES = ['adam', 'adamw', 'sgd', 'rmsprop'] as const;
export const AUGMENT_PRESETS = ['none', 'light', 'medium', 'strong'] as const;

export const SAMPLINGS = ['shuffle', 'balanced'] as const;

export type ValueRange = (typeof VALUE_RANGES)[number];
export type ResizeMode = (typeof RESIZE_MODES)[number];
export type ChannelMode = (typeof CHANNEL_MODES)[number];
export type BatchNormPolicy = (typeof BATCH_NORM_POLICIES)[number];

const name = z.string().min(1);
const learningRate = z.number().positive().max(100).describe('Learning rate, greater than 0.');

const inputSchema = z
  .strictObject({
    range: z.enum(VALUE_RANGES).describe('Range of pixel values the network was trained with.'),
    resize: z.enum(RESIZE_MODES).describe('How an image is brought to the size of the network.'),
    channels: z.enum(CHANNEL_MODES).describe('Colour channels the network sees.'),
  })
  .describe('How an image becomes the input of the network.');

const dataSchema = z
  .strictObject({
    train: name.describe('Folder of training images (one folder per class), or a CSV file path,label[,split][,group].'),
    validation: z
      .union([z.number().gt(0).lt(1), name])
      .describe('Share of the training images held out for validation (stratified, seeded), or a folder.'),
    test: name.optional().describe('Folder of test images; only evaluate reads it.'),
    groups: z
      .literal('folder')
      .optional()
      .describe('"folder": images in the same folder below that of their class are never divided.'),
    split: name
      .optional()
      .describe('The split.json of a run: trains on and validates with exactly its images instead of dividing anew.'),
  })
  .describe('Where the images are. Relative paths are relative to this file.');

const headSchema = z
  .strictObject({
    after: name.optional().describe('Layer the new head sits on. Default: the input of the old output layer.'),
    classes: z.array(name).min(2).describe('Class names in the order of the outputs.'),
    hidden: z.array(z.number().int().positive().max(65536)).default([]).describe('Units of hidden layers in the head.'),
    dropout: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe('Share of features dropped before the last layer while training.'),
    l2: z.number().min(0).max(10).default(0).describe('L2 penalty on the kernels of the head.'),
  })
  .describe('The new output layers.');

const layerSchema = z.strictObject({
  frozen: z.boolean().describe('A frozen layer does not change while training.'),
  learningRate: learningRate.optional(),
});

const blockSchema = z
  .strictObject({
    frozen: z.boolean().describe('A frozen block does not change while training.'),
    learningRate: learningRate.optional(),
    layers: z.record(name, layerSchema).optional().describe('Layers that differ from their block.'),
  })
  .describe('One block of the network.');

const phaseSchema = z
  .strictObject({
    name,
    epochs: z.number().int().positive().max(100000),
    unfreeze: z
      .array(name)
      .optional()
      .describe('Blocks that train in this phase besides the head. Without this key: every block that is not frozen.'),
    headLearningRate: learningRate.optional().describe('Rate of the head in this phase.'),
    learningRates: z.record(name, learningRate).optional().describe('Rates of blocks in this phase.'),
    schedule: scheduleSchema
      .optional()
      .describe('How the rates change from step to step of this phase. Default: constant.'),
    restoreBest: z
      .boolean()
      .optional()
      .describe('Whether the phase begins with the best weights so far instead of the last ones. Default: true.'),
  })
  .describe('A stretch of epochs with the same trainable blocks, rates and schedule.');

const augmentSchema = z.union([
  z.enum(AUGMENT_PRESETS),
  z.strictObject({
    flip: z.boolean().optional().describe('Mirror images left to right at random. Default: false.'),
    crop: z
      .number()
      .min(0)
      .max(0.5)
      .optional()
      .describe('Largest share of the width and height that a random crop cuts away. Default: 0.'),
    rotate: z.number().min(0).max(45).optional().describe('Largest angle of a rotation, in degrees. Default: 0.'),
    color: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('Largest change of brightness, contrast and saturation, as a share of each. Default: 0.'),
    erase: z
      .number()
      .min(0)
      .max(0.5)
      .optional()
      .describe('Largest share of the area that a rectangle at a random place covers. Default: 0.'),
    variants: z
      .union([z.number().int().min(1).max(64), z.literal('recompute')])
      .optional()
      .describe(
        'Variants cached of each image while the layers below are frozen; "recompute" draws new ones in every epoch. Default: 4, or fewer where there are not that many.',
      ),
  }),
]);

/** Momentum of `sgd` where a plan states none; that of `rmsprop` is 0. */
export const DEFAULT_SGD_MOMENTUM = 0.9;
/** Weight decay of `adamw` where a plan states none, as in PyTorch. */
export const DEFAULT_WEIGHT_DECAY = 0.01;

const optimizerSchema = z.strictObject({
  name: z.enum(OPTIMIZER_NAMES).describe('adamw is adam with decoupled weight decay.'),
  headLearningRate: learningRate,
  momentum: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe(`Momentum of sgd (default ${DEFAULT_SGD_MOMENTUM}) and rmsprop (default 0).`),
  weightDecay: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      `Decay of adamw: kernels shrink by this times their rate in every step. Default: ${DEFAULT_WEIGHT_DECAY}.`,
    ),
  clipNorm: z
    .number()
    .positive()
    .max(1e6)
    .optional()
    .describe('Largest norm of all gradients of a step together; longer ones are shortened to it.'),
});

/** The plan file. Names are a contract: other programs read and write them. */
export const planSchema = z.strictObject({
  $schema: z.string().optional(),
  version: z.literal(1).describe('Version of the plan format.'),
  model: name.describe('Folder, model.json, catalog name, or a run to start from.'),
  weights: z
    .enum(['pretrained', 'random'])
    .default('pretrained')
    .describe('"random" trains the same architecture from scratch, as a baseline.'),
  input: inputSchema,
  data: dataSchema,
  head: headSchema,
  blocks: z
    .record(name, blockSchema)
    .describe('What may train at all, and at which rate. A block not named is frozen.'),
  phases: z.array(phaseSchema).min(1),
  optimizer: optimizerSchema,
  batchSize: z.number().int().positive().max(4096).default(16),
  batchNorm: z.enum(BATCH_NORM_POLICIES).default('affine').describe('What unfrozen batch normalization may change.'),
  augment: augmentSchema.default('none'),
  labelSmoothing: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('Share of each label that is spread evenly over all classes while training.'),
  l2: z
    .number()
    .min(0)
    .max(10)
    .default(0)
    .describe('L2 penalty on the kernels of unfrozen blocks; head.l2 is that of the head.'),
  sampling: z
    .enum(SAMPLINGS)
    .default('shuffle')
    .describe('"balanced" draws as many images of every class in an epoch, those of small classes several times.'),
  classWeights: z
    .union([z.enum(['auto', 'none']), z.record(name, z.number().positive())])
    .default('auto')
    .describe(
      '"auto" weighs classes by their counts when the largest is over 1.5 times the smallest and sampling does not balance them.',
    ),
  earlyStopping: z
    .strictObject({ patience: z.number().int().positive() })
    .nullable()
    .default(null)
    .describe('Ends a phase when the validation loss has not improved for this many epochs.'),
  seed: z.number().int().min(0).max(4294967295).default(42),
  advice: z
    .strictObject({
      data: z.enum(['low', 'high']).describe('Amount of data.'),
      dataSource: z
        .literal('given')
        .optional()
        .describe('"given": the user chose the amount against the number of images. Default: as counted.'),
      similarity: z.enum(['low', 'high']).describe('Similarity to the images the network was trained on.'),
      similaritySource: z
        .enum(['assumed', 'given', 'measured'])
        .describe('"given": the user chose it. "assumed": it was neither chosen nor measured.'),
      leftOut: z.array(z.string()).describe("Parts of the quadrant's plan that this file does not contain, and why."),
    })
    .optional()
    .describe('What the recommended plan was made from.'),
});

export type Plan = z.output<typeof planSchema>;
export type PlanInput = z.input<typeof planSchema>;
export type PlanBlock = Plan['blocks'][string];
export type PlanPhase = Plan['phases'][number];
export type InputSettings = Plan['input'];

/** Rate of an unfrozen block that names none: a tenth of the head's. */
export const DEFAULT_BLOCK_RATE_SHARE = 0.1;
