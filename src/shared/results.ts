import type { ReliabilityBin } from './calibration.ts';
import type { Challenger } from './challenger.ts';
import type { PairComparison } from './comparison.ts';
import type { DepthPoint } from './depthCurve.ts';
import type { LearningCurveResult } from './learningCurveResult.ts';
import type { FoldPairComparison } from './foldComparison.ts';
import type { PooledAccuracy } from './foldPooling.ts';
import type { PlanPhase, ValueRange } from './plan.ts';
import type { PlanChange } from './planEdits.ts';
import type { CostBasis, ImageCounts, PlanCost } from './predictCost.ts';
import type { SimilarityBand } from './similarity.ts';
import type { PlanSize, TrialJudgement, TrialSide } from './trial.ts';

/** Results of the trainer's requests, as the command line prints them (`thaw ... --json`). Field names are a contract. */

export interface LayerSummary {
  name: string;
  type: string;
  /** Without the batch dimension. */
  outputShape: (number | null)[];
  parameters: number;
  block: string;
}

export interface BlockSummary {
  name: string;
  layers: string[];
  parameters: number;
}

export interface ModelSummary {
  format: string;
  /** Height, width, channels. */
  inputShape: number[];
  parameters: number;
  layers: LayerSummary[];
  /** From input to output. */
  blocks: BlockSummary[];
  labels?: string[];
}

/** What `init` found out and decided, besides the file it wrote. */
export interface InitResult {
  plan: string;
  quadrant: { data: 'low' | 'high'; similarity: 'low' | 'high'; sentence: string };
  similaritySource: 'assumed' | 'given' | 'measured';
  range: {
    chosen: ValueRange;
    source: 'metadata' | 'catalog' | 'measured';
    distances?: Record<ValueRange, number>;
  };
  reasons: string[];
  leftOut: string[];
  warnings: { code: string; text: string }[];
}

export interface AdviseResult {
  data: { images: number; smallestClass: number; band: 'low' | 'middle' | 'high'; borderline: boolean };
  similarity: {
    /** Where it was not to be measured, or the measures say nothing, it is taken as high. */
    source: 'measured' | 'assumed';
    /** Null for a network without batch normalization and where nothing was measured, as is its 95 % interval. */
    bnDistance: number | null;
    low: number | null;
    high: number | null;
    /** Tells the network by its batch-normalization statistics. */
    fingerprint: string | null;
    /** Images measured on. */
    images: number;
    band: SimilarityBand;
    borderline: boolean;
    depthCurve: DepthPoint[];
    reasons: string[];
  };
  quadrant: { data: 'low' | 'high'; similarity: 'low' | 'high'; sentence: string };
  recommendation: {
    unfrozenBlocks: string[];
    headLearningRate: number;
    blockLearningRates: Record<string, number>;
    phases: PlanPhase[];
    reasons: string[];
  };
  challenger: Challenger | null;
  warnings: { code: string; text: string }[];
  /** Where it was asked for. */
  learningCurve?: LearningCurveResult;
  seconds: number;
}

export interface CheckResult {
  valid: boolean;
  problems: { path: string; line: number; problem: string; nearest?: string }[];
  trainableParameters: number;
  totalParameters: number;
  /** Null where no image can be read. */
  cost: (PlanCost & { downloadBytes: number | null }) | null;
  guard: { change: string; effect: 'keeps' | 'reinitialises' | 'impossible'; layers: string[]; reason: string }[];
  /** What is doubtful about a valid plan. */
  warnings: { code: string; text: string }[];
}

/** What the cost of any plan for the network and the images of one follows from; null where no image can be read. */
export interface CostResult {
  measured: { basis: CostBasis; images: ImageCounts } | null;
  /** What was not on this machine when the request began; null where its size is not known. */
  downloadBytes: number | null;
}

/** A share of n samples with its 95 % Wilson interval. */
export interface Best {
  epoch: number;
  validationLoss: number;
  validationAccuracy: number;
  n: number;
  low: number;
  high: number;
}

export interface TrainResult {
  run: string;
  engine: string;
  /** What computed, with its version and threads. */
  engineVersion: string;
  engineReason: string;
  epochs: number;
  seconds: number;
  stopped: 'finished' | 'earlyStopped' | 'interrupted';
  best: Best | null;
  freezeProof: { frozenTensors: number; changedTensors: number; changed: string[] } | null;
  /** ||w - w0|| / ||w0|| per block since the start of the run. */
  movement: Record<string, number>;
  /**
   * Features of the frozen part: `hits` were handed to training and validation, for which `misses` were computed in this run
   * and `fromDisk` taken from the cache on the disk.
   */
  cache: { hits: number; misses: number; fromDisk: number; bytes: number };
  peakMemoryBytes: number;
}

/** The images a model was judged on: the test split of a folder, all of a folder, or those that its run held out. */
export type JudgedImages = 'test' | 'all' | 'heldOut';

export interface EvaluateResult {
  n: number;
  accuracy: number;
  low: number;
  high: number;
  balancedAccuracy: number;
  loss: number;
  /** Mean of the classes' areas under the ROC curve, each against the rest; null where all images are of one class. */
  auc: number | null;
  calibration: Calibration;
  perClass: { class: string; n: number; precision: number; recall: number; auc: number | null }[];
  /** Rows are true classes, columns predicted ones. */
  confusion: number[][];
  classes: string[];
  problems: { file: string; problem: string }[];
  judgedOn: JudgedImages;
  warnings: { code: string; text: string }[];
  /** One entry an image, in the order of the listing; `confidence` is the probability of the predicted class. */
  images: { file: string; class: string; predicted: string; correct: boolean; confidence: number }[];
}

/** Whether probabilities mean what they say; see calibration.ts for each number. */
export interface Calibration {
  meanConfidence: number;
  expectedCalibrationError: number;
  brierScore: number;
  negativeLogLikelihood: number;
  bins: ReliabilityBin[];
}

export interface CompareResult {
  /** Images that every model could read; all numbers are of these. */
  n: number;
  /** Independent groups of these images, where the data states groups. */
  groups: number | null;
  /** In the order given, with 95 % Wilson intervals; `name` is what verdicts call it. */
  runs: { run: string; name: string; accuracy: number; low: number; high: number }[];
  /** Every two of them; `a` and `b` are as in `runs[].run`. */
  pairs: PairComparison[];
  problems: { file: string; problem: string }[];
  warnings: { code: string; text: string }[];
}

/** Two and more cross-validations on the same folds; `accuracy`, `low` and `high` are pooled. */
export interface CompareFoldsResult extends Omit<CompareResult, 'runs' | 'pairs'> {
  runs: (CompareResult['runs'][number] & Pick<PooledAccuracy, 'mean' | 'standardDeviation' | 'foldAccuracies'>)[];
  pairs: FoldPairComparison[];
}

/** One fold of a cross-validation: a run, and how it did on the images that it did not train on. */
export interface FoldResult {
  /** From 1 on. */
  fold: number;
  run: string;
  n: number;
  accuracy: number;
  low: number;
  high: number;
  epochs: number;
  seconds: number;
  stopped: TrainResult['stopped'];
  best: Best | null;
}

/** Every image judged once, by the model that was trained on the other folds. */
export interface PooledResult extends PooledAccuracy {
  balancedAccuracy: number;
  classes: string[];
  /** Rows are true classes, columns predicted ones. */
  confusion: number[][];
  images: (EvaluateResult['images'][number] & { fold: number })[];
}

export type CrossValidationResult = {
  /** What the folders of the runs have in common: what `--run` and `thaw compare` take. */
  run: string;
  /** Those that are done, in order. */
  folds: FoldResult[];
  problems: { file: string; problem: string }[];
} & (({ stopped: 'finished' } & PooledResult) | { stopped: 'interrupted'; unfinished: number });

/** One plan of a trial in short, cross-validated; `accuracy`, `low` and `high` are pooled over the folds. */
export interface TrialPlanResult
  extends PlanSize, Pick<PooledAccuracy, 'accuracy' | 'low' | 'high' | 'foldAccuracies'> {
  title: string;
  /** Of all phases. */
  epochs: number;
  /** What the folders of its runs have in common: what `thaw compare` takes. */
  run: string;
}

export type TrialResult = {
  /** Folder of the runs: what `--run` takes. */
  run: string;
  folds: number;
  challenger: Challenger;
  seconds: number;
} & (
  | ({
      stopped: 'finished';
      plans: Record<TrialSide, TrialPlanResult>;
      /** Independent groups of the images, where the data states groups. */
      groups: number | null;
      problems: { file: string; problem: string }[];
    } & TrialJudgement)
  | { stopped: 'interrupted'; unfinished: { side: TrialSide; fold: number } }
);

export interface PredictResult {
  predictions: {
    file: string;
    top: { class: string; probability: number }[];
    unfamiliar: number | null;
    problem?: string;
  }[];
}

export interface EngineStatus {
  /** `auto`: whether this is the one that is taken where none is asked for. */
  engines: { name: string; available: boolean; version: string | null; reason: string; auto: boolean }[];
}

/**
 * What happens while a long request runs; of a cross-validation with the number of the fold, from 1 to `folds`, and of a
 * trial with the plan that is tried.
 */
export type TrainEvent = TrainStep & { fold?: number; folds?: number; trial?: TrialSide };

type TrainStep =
  | {
      event: 'start';
      run: string;
      engine: string;
      /** Why it is this one; runs of earlier versions do not say it. */
      engineReason?: string;
      images: { train: number; validation: number };
      classes: string[];
      epochs: number;
      trainableParameters: number;
      totalParameters: number;
      resumed: boolean;
      /** What the process may take; a run that is resumed keeps it. Older runs have none. */
      memoryBudgetBytes?: number;
    }
  /** Images are opened before the run begins, to divide them. */
  | { event: 'images'; done: number; total: number }
  | { event: 'cache'; phase: string; done: number; total: number; bytes: number }
  | {
      event: 'phase';
      phase: string;
      index: number;
      epochs: number;
      trainable: string[];
      trainableParameters: number;
      /** Last layer whose values are computed once per training image and variant; null where none are kept. */
      cachedTo: string | null;
      /** Images computed at a time; fewer than the batch where memory would not do for it. Older runs do not say. */
      microBatch?: number;
    }
  | {
      event: 'step';
      phase: string;
      epoch: number;
      step: number;
      steps: number;
      loss: number;
      accuracy: number;
      /** Of the head in this step, after the schedule. */
      learningRate: number;
      secondsLeft: number | null;
    }
  | {
      event: 'epoch';
      phase: string;
      epoch: number;
      epochs: number;
      loss: number;
      accuracy: number;
      validationLoss: number;
      validationAccuracy: number;
      n: number;
      low: number;
      high: number;
      seconds: number;
      best: boolean;
      movement: Record<string, number>;
    }
  | { event: 'checkpoint'; epoch: number; path: string }
  /** The run has taken over another plan; `epoch` are its complete epochs. */
  | { event: 'change'; epoch: number; changes: PlanChange[]; trainableParameters: number }
  /** Of images that a network is looked at with. */
  | { event: 'measure'; done: number; total: number }
  /** Of classifiers that learn from features to find a learning curve. */
  | { event: 'probe'; done: number; total: number }
  | { event: 'download'; file: string; received: number; total: number | null }
  | { event: 'warning'; code: string; text: string };
