import { isAbsolute } from 'node:path';
import * as z from 'zod';

/**
 * The JSON of every command as other programs rely on it, written down a second time and apart from the types of the
 * product: a field that is renamed there must break a test here. More fields may be added.
 */

const path = z.string().refine(isAbsolute, 'must be an absolute path');
const count = z.number().int().nonnegative();
const share = z.number().min(0).max(1);
const warnings = z.array(z.looseObject({ code: z.string(), text: z.string() }));

export const inspectContract = z.looseObject({
  format: z.string(),
  inputShape: z.array(count).length(3),
  parameters: count,
  layers: z.array(
    z.looseObject({
      name: z.string(),
      type: z.string(),
      outputShape: z.array(count.nullable()),
      parameters: count,
      block: z.string().min(1),
    }),
  ),
  blocks: z.array(z.looseObject({ name: z.string(), layers: z.array(z.string()).min(1), parameters: count })),
});

export const dataContract = z.looseObject({
  classes: z.array(z.string()),
  images: count,
  perClass: z.record(z.string(), count),
  smallestClass: count,
  imbalance: z.number().min(1),
  problems: z.array(z.looseObject({ file: path, problem: z.string().min(1) })),
  channels: z.enum(['rgb', 'gray', 'mixed']),
  acrossSplits: z
    .looseObject({ images: count, file: path, split: z.string(), like: path, likeSplit: z.string() })
    .nullable(),
});

export const initContract = z.looseObject({ plan: path, warnings });

const curvePoint = z.looseObject({ images: count, accuracy: share, low: share, high: share });

export const adviseContract = z.looseObject({
  data: z.looseObject({ images: count, smallestClass: count, band: z.enum(['low', 'middle', 'high']) }),
  similarity: z.looseObject({
    bnDistance: z.number().nonnegative().nullable(),
    band: z.enum(['low', 'medium', 'high']),
    depthCurve: z.array(z.looseObject({ block: z.string(), accuracy: share, low: share, high: share })),
  }),
  quadrant: z.looseObject({ data: z.enum(['low', 'high']), similarity: z.enum(['low', 'high']), sentence: z.string() }),
  recommendation: z.looseObject({
    unfrozenBlocks: z.array(z.string()),
    headLearningRate: z.number().positive(),
    blockLearningRates: z.record(z.string(), z.number().positive()),
    phases: z.array(z.looseObject({ name: z.string(), epochs: count })).min(1),
    reasons: z.array(z.string()).min(1),
  }),
  challenger: z.looseObject({ unfrozenBlocks: z.array(z.string()), reason: z.string() }).nullable(),
  warnings,
  learningCurve: z
    .looseObject({
      points: z.array(curvePoint).length(4),
      forecast: curvePoint,
      perClass: z.array(z.looseObject({ class: z.string(), n: count, accuracy: share, low: share, high: share })),
      backTest: z.looseObject({ ...curvePoint.shape, forecast: share, within: z.boolean() }),
    })
    .optional(),
  seconds: z.number().positive(),
});

export const checkContract = z.looseObject({
  valid: z.boolean(),
  problems: z.array(
    z.looseObject({
      path: z.string(),
      line: z.number().int().positive(),
      problem: z.string(),
      nearest: z.string().optional(),
    }),
  ),
  trainableParameters: count,
  cost: z
    .looseObject({
      secondsPerEpoch: z.number().positive(),
      cacheSeconds: z.number().nonnegative(),
      memoryBytes: z.number().positive(),
      downloadBytes: count.nullable(),
      microBatch: count,
      totalSeconds: z.number().positive(),
      phases: z.array(
        z.looseObject({
          name: z.string(),
          epochs: count,
          secondsPerEpoch: z.number().positive(),
          cacheSeconds: z.number().nonnegative(),
          memoryBytes: z.number().positive(),
          microBatch: count,
        }),
      ),
    })
    .nullable(),
  guard: z.array(
    z.looseObject({
      change: z.string(),
      effect: z.enum(['keeps', 'reinitialises', 'impossible']),
      layers: z.array(z.string()),
      reason: z.string(),
    }),
  ),
  warnings,
});

const best = z.looseObject({
  epoch: z.number().int().positive(),
  validationLoss: z.number(),
  validationAccuracy: share,
  n: count,
  low: share,
  high: share,
});

export const eventContracts = {
  start: z.looseObject({ event: z.literal('start'), run: path, engine: z.string() }),
  phase: z.looseObject({ event: z.literal('phase'), phase: z.string() }),
  cache: z.looseObject({ event: z.literal('cache'), done: count, total: count }),
  step: z.looseObject({ event: z.literal('step'), epoch: count, step: count, steps: count, loss: z.number() }),
  epoch: z.looseObject({ event: z.literal('epoch'), ...best.shape, loss: z.number() }),
  checkpoint: z.looseObject({ event: z.literal('checkpoint'), epoch: count, path }),
  warning: z.looseObject({ event: z.literal('warning'), code: z.string(), text: z.string() }),
  result: z.looseObject({
    event: z.literal('result'),
    run: path,
    engine: z.string(),
    epochs: count,
    seconds: z.number().positive(),
    stopped: z.enum(['finished', 'earlyStopped', 'interrupted']),
    best: best.nullable(),
    freezeProof: z.looseObject({ frozenTensors: count, changedTensors: count }).nullable(),
    movement: z.record(z.string(), z.number().nonnegative()),
    cache: z.looseObject({ hits: count, misses: count, fromDisk: count, bytes: count }),
    peakMemoryBytes: z.number().positive(),
  }),
};

export const evaluateContract = z.looseObject({
  n: count,
  accuracy: share,
  low: share,
  high: share,
  balancedAccuracy: share,
  loss: z.number().nonnegative(),
  auc: share.nullable(),
  calibration: z.looseObject({
    meanConfidence: share,
    expectedCalibrationError: share,
    brierScore: z.number().min(0).max(2),
    negativeLogLikelihood: z.number().nonnegative(),
    bins: z.array(
      z.looseObject({
        from: share,
        to: share,
        n: count,
        confidence: share.nullable(),
        accuracy: share.nullable(),
        low: share,
        high: share,
      }),
    ),
  }),
  perClass: z.array(
    z.looseObject({ class: z.string(), n: count, precision: share, recall: share, auc: share.nullable() }),
  ),
  confusion: z.array(z.array(count)),
  classes: z.array(z.string()),
  judgedOn: z.enum(['test', 'all', 'heldOut']),
  warnings,
  images: z.array(
    z.looseObject({ file: path, class: z.string(), predicted: z.string(), correct: z.boolean(), confidence: share }),
  ),
});

export const crossValidationContract = z.looseObject({
  event: z.literal('result'),
  run: path,
  stopped: z.literal('finished'),
  folds: z.array(
    z.looseObject({
      fold: z.number().int().positive(),
      run: path,
      n: count,
      accuracy: share,
      low: share,
      high: share,
      epochs: count,
      seconds: z.number().positive(),
      stopped: z.enum(['finished', 'earlyStopped']),
      best: best.nullable(),
    }),
  ),
  n: count,
  accuracy: share,
  low: share,
  high: share,
  mean: share,
  standardDeviation: z.number().nonnegative(),
  balancedAccuracy: share,
  classes: z.array(z.string()),
  confusion: z.array(z.array(count)),
  images: z.array(
    z.looseObject({ file: path, class: z.string(), predicted: z.string(), correct: z.boolean(), fold: count }),
  ),
});

export const compareContract = z.looseObject({
  n: count,
  groups: count.nullable(),
  warnings,
  runs: z.array(z.looseObject({ run: path, name: z.string().min(1), accuracy: share, low: share, high: share })),
  pairs: z.array(
    z.looseObject({
      a: path,
      b: path,
      difference: z.number().min(-1).max(1),
      low: z.number().min(-1).max(1),
      high: z.number().min(-1).max(1),
      pValue: share,
      adjustedPValue: share,
      onlyA: count,
      onlyB: count,
      outcome: z.enum(['aBetter', 'bBetter', 'uncertain', 'noDifference']),
      verdict: z.string().min(1),
    }),
  ),
  problems: z.array(z.looseObject({ file: path, problem: z.string().min(1) })),
});

const trialSide = z.enum(['recommended', 'challenger']);
const triedPlan = z.looseObject({
  title: z.string().min(1),
  epochs: count,
  trainableParameters: count,
  blocks: count,
  run: path,
  accuracy: share,
  low: share,
  high: share,
  foldAccuracies: z.array(share),
});

export const trialContract = z.looseObject({
  event: z.literal('result'),
  run: path,
  folds: count,
  stopped: z.literal('finished'),
  challenger: z.looseObject({ kind: z.enum(['earlierHead', 'neighbour']), headAfter: z.string().nullable() }),
  plans: z.strictObject({ recommended: triedPlan, challenger: triedPlan }),
  n: count,
  groups: count.nullable(),
  difference: z.number().min(-1).max(1),
  low: z.number().min(-1).max(1),
  high: z.number().min(-1).max(1),
  pValue: share,
  better: trialSide.nullable(),
  smaller: trialSide,
  kept: trialSide,
  verdict: z.string().min(1),
  problems: z.array(z.looseObject({ file: path, problem: z.string().min(1) })),
  seconds: z.number().positive(),
});

export const predictContract = z.looseObject({
  predictions: z.array(
    z.looseObject({
      file: path,
      top: z.array(z.looseObject({ class: z.string(), probability: share })),
      unfamiliar: z.number().nullable(),
    }),
  ),
});

export const runsContract = z.looseObject({
  runs: z.array(
    z.looseObject({ run: path, name: z.string(), state: z.string(), epochs: count, best: best.nullable() }),
  ),
});

export const engineContract = z.looseObject({
  directory: path,
  engines: z.array(
    z.looseObject({
      name: z.string(),
      available: z.boolean(),
      version: z.string().nullable(),
      reason: z.string().min(1),
    }),
  ),
});
