import * as z from 'zod';
import type { DataSummary } from './dataSummary.ts';
import { LEAST_FOLDS, MOST_FOLDS } from './foldPooling.ts';
import { planOverridesSchema } from './planOverrides.ts';
import type { PlanNetwork, Thumbnail } from './planView.ts';
import type {
  AdviseResult,
  CheckResult,
  CompareFoldsResult,
  CompareResult,
  CostResult,
  CrossValidationResult,
  EngineStatus,
  EvaluateResult,
  InitResult,
  ModelSummary,
  PredictResult,
  TrainResult,
  TrialResult,
} from './results.ts';
import type { LearningCurveResult } from './learningCurveResult.ts';
import type { SimilarityResult } from './similarityResult.ts';
import { MOST_THREADS } from './threads.ts';

/** The language between the trainer (a child process) and the program that started it. */
export const PROTOCOL_VERSION = 1;

const engineChoice = z.enum(['auto', 'native', 'portable']).default('auto');
const common = {
  /** Folder that relative references start from. */
  directory: z.string(),
  engine: engineChoice,
  /** Most memory for the trainer's process; 0 or nothing: what it finds fit. */
  memoryMB: z.number().min(0).optional(),
  /** Threads of the portable engine; where it is left out, the trainer decides. */
  threads: z.union([z.literal('auto'), z.number().int().min(1).max(MOST_THREADS)]).optional(),
};

/** Parameters of every request, validated where they arrive. */
export const requestSchemas = {
  inspect: z.object({ ...common, model: z.string() }),
  data: z.object({
    ...common,
    path: z.string(),
    /** Absolute paths of other splits, with whose images those of `path` are compared. */
    heldOut: z.object({ validation: z.string().optional(), test: z.string().optional() }).optional(),
  }),
  init: z.object({
    ...common,
    model: z.string(),
    data: z.string(),
    similarity: z.enum(['low', 'high']).optional(),
    output: z.string().optional(),
    seed: z.number().int().optional(),
  }),
  advise: z.object({
    ...common,
    model: z.string(),
    data: z.string(),
    /** To measure on; about as many of each class. */
    images: z.number().int().min(1).optional(),
    /** Default true. */
    measure: z.boolean().optional(),
    /** Whether to measure how accuracy grows with the images. */
    learningCurve: z.boolean().optional(),
  }),
  check: z.object({ ...common, plan: z.string() }),
  train: z.object({
    ...common,
    plan: z.string(),
    run: z.string().optional(),
    resume: z.string().optional(),
    from: z.string().optional(),
    ...planOverridesSchema.shape,
    /** Validates on one fold of the images and trains on all others; a run that is resumed knows its own. */
    fold: z
      .object({ index: z.number().int().min(0), count: z.number().int().min(2) })
      .refine(({ index, count }) => index < count, 'the index must be less than the count')
      .optional(),
  }),
  crossValidate: z.object({
    ...common,
    plan: z.string(),
    folds: z.number().int().min(LEAST_FOLDS).max(MOST_FOLDS),
    /** What the runs are called by; those that are there are finished. */
    run: z.string().optional(),
    ...planOverridesSchema.shape,
  }),
  /** The plan that follows from what was measured and its challenger, short and on the same folds. */
  trial: z.object({
    ...common,
    plan: z.string(),
    folds: z.number().int().min(LEAST_FOLDS).max(MOST_FOLDS).optional(),
    /** Folder of the runs; those that are there are finished. */
    run: z.string().optional(),
    seed: z.number().int().optional(),
  }),
  /** On labelled images, or on those that the run held out. */
  evaluate: z
    .object({ ...common, model: z.string(), data: z.string().optional(), heldOut: z.literal(true).optional() })
    .refine(({ data, heldOut }) => (data === undefined) === (heldOut === true), 'either data or heldOut must be given'),
  /** Runs and models on labelled images; without any, cross-validations on the images of their folds. */
  compare: z.object({
    ...common,
    models: z.array(z.string()).min(2),
    data: z.string().optional(),
    seed: z.number().int().optional(),
  }),
  predict: z.object({ ...common, model: z.string(), files: z.array(z.string()).min(1) }),
  engineStatus: z.object({ ...common }),
  /** The network of a plan that may not be saved yet: `text` is its content, `plan` where it lies. */
  describe: z.object({ ...common, plan: z.string(), text: z.string() }),
  /** What the cost of a plan that may not be saved yet follows from, measured where it is not known. */
  cost: z.object({ ...common, plan: z.string(), text: z.string() }),
  /** How like the images of a plan that may not be saved yet are to what its network knows. */
  similarity: z.object({ ...common, plan: z.string(), text: z.string() }),
  /** How accuracy grows with the images of a plan that may not be saved yet, on the features that its head gets. */
  learningCurve: z.object({ ...common, plan: z.string(), text: z.string() }),
  /** Images as the network sees them; from 1 on, `augmentation` numbers random variants under the plan's setting. */
  thumbnails: z.object({
    ...common,
    text: z.string(),
    /** Height, width, channels of the network's input. */
    inputShape: z.array(z.number().int().positive()).length(3),
    files: z.array(z.string()).max(60),
    augmentation: z.number().int().min(0),
  }),
} as const;

export type Method = keyof typeof requestSchemas;
export type Params<M extends Method> = z.output<(typeof requestSchemas)[M]>;

export interface Results {
  inspect: ModelSummary;
  data: DataSummary;
  init: InitResult;
  advise: AdviseResult;
  check: CheckResult;
  train: TrainResult;
  evaluate: EvaluateResult;
  crossValidate: CrossValidationResult;
  trial: TrialResult;
  compare: CompareResult | CompareFoldsResult;
  predict: PredictResult;
  engineStatus: EngineStatus;
  describe: { network: PlanNetwork };
  cost: CostResult;
  similarity: SimilarityResult;
  learningCurve: LearningCurveResult;
  thumbnails: { images: Thumbnail[] };
}

const version = z.literal(PROTOCOL_VERSION);
const problemSchema = z.looseObject({ reason: z.string() });

export const toTrainerSchema = z.union([
  z.object({ v: version, type: z.literal('request'), id: z.number().int(), method: z.string(), params: z.unknown() }),
  z.object({ v: version, type: z.literal('cancel'), id: z.number().int() }),
  /** The text of a plan that a training run takes over at its next epoch, as far as it can. */
  z.object({ v: version, type: z.literal('change'), id: z.number().int(), text: z.string() }),
]);
export type ToTrainer = z.output<typeof toTrainerSchema>;

export const fromTrainerSchema = z.union([
  z.object({ v: version, type: z.literal('ready'), version: z.string() }),
  z.object({ v: version, type: z.literal('heartbeat') }),
  z.object({ v: version, type: z.literal('event'), id: z.number().int(), event: z.looseObject({ event: z.string() }) }),
  z.object({ v: version, type: z.literal('result'), id: z.number().int(), result: z.unknown() }),
  z.object({ v: version, type: z.literal('error'), id: z.number().int(), problem: problemSchema }),
]);
export type FromTrainer = z.output<typeof fromTrainerSchema>;
