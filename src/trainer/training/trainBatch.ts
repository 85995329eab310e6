import * as tf from '@tensorflow/tfjs-core';
import { ThawError } from '../../shared/errors.ts';
import type { Random } from '../../shared/random.ts';
import type { Engine } from '../engine/engine.ts';
import { HeapExhausted, releaseAbandonedTape } from '../engine/portable/memoryGuard.ts';
import { weightOf } from '../execution/layerWeights.ts';
import type { ValueId } from '../execution/steps.ts';
import { type BatchStatistics, GradientFunction } from './gradientFunction.ts';
import { GradientSum } from './gradientSum.ts';
import type { PhaseProgram } from './phaseProgram.ts';

/** Labels of a batch and what each example counts. */
export interface BatchTargets {
  labels: readonly number[];
  /** Weight of each class. */
  classWeights: readonly number[];
  /** Share of each label that is spread evenly over all classes. */
  labelSmoothing: number;
  /** What the schedule multiplies every learning rate with in this step. */
  rateFactor: number;
}

export interface BatchResult {
  /** Sum of the cross-entropy over the examples, unweighted and without penalties, so that it compares with validation. */
  lossSum: number;
  correct: number;
  count: number;
}

/**
 * One optimizer step on a batch, in micro-batches whose gradients are added up. Starts with the whole batch and halves the
 * micro-batch for good when the engine's memory runs out; nothing is changed before all gradients are there.
 */
export class BatchTrainer {
  microBatch: number;
  private readonly gradients: GradientFunction;
  private readonly classes: number;

  constructor(
    private readonly engine: Engine,
    private readonly program: PhaseProgram,
    batchSize: number,
    private readonly onSmaller: (microBatch: number) => void,
  ) {
    this.microBatch = batchSize;
    this.gradients = new GradientFunction(engine, program);
    const { suffix, sequence } = program;
    this.classes = suffix.find((step) => step.output === sequence.output)?.outputShape.at(-1) ?? 0;
  }

  dispose(): void {
    this.gradients.dispose();
  }

  /** @param features values at the cut, [n, ...]; they stay the caller's. Throws `outOfMemory` when one image does not fit. */
  async train(features: ReadonlyMap<ValueId, tf.Tensor>, targets: BatchTargets, random: Random): Promise<BatchResult> {
    const state = random.save();
    for (;;) {
      try {
        return await this.trainInParts(features, targets, random);
      } catch (error) {
        if (!(error instanceof HeapExhausted)) throw error;
        releaseAbandonedTape();
        const used = Math.min(this.microBatch, targets.labels.length);
        if (used === 1) throw new ThawError({ reason: 'outOfMemory', microBatch: 1 });
        this.microBatch = Math.ceil(used / 2);
        random.restore(state);
        this.onSmaller(this.microBatch);
      }
    }
  }

  private async trainInParts(
    features: ReadonlyMap<ValueId, tf.Tensor>,
    targets: BatchTargets,
    random: Random,
  ): Promise<BatchResult> {
    const count = targets.labels.length;
    const total = new GradientSum();
    const statistics: BatchStatistics[] = [];
    const result: BatchResult = { lossSum: 0, correct: 0, count };
    try {
      for (let start = 0; start < count; start += this.microBatch) {
        const size = Math.min(this.microBatch, count - start);
        const labels = targets.labels.slice(start, start + size);
        const logits = this.addGradients(features, { ...targets, labels }, start, count, random, total, statistics);
        const values = await this.engine.read(logits);
        logits.dispose();
        const part = scoreLogits(values, labels);
        result.lossSum += part.lossSum;
        result.correct += part.correct;
      }
      if (Number.isFinite(result.lossSum)) await this.apply(total, statistics, targets.rateFactor);
      return result;
    } finally {
      total.dispose();
      for (const { mean, variance } of statistics) tf.dispose([mean, variance]);
    }
  }

  /** Once weights change, running out of memory can no longer be answered with a second attempt at the batch. */
  private async apply(total: GradientSum, statistics: readonly BatchStatistics[], rateFactor: number): Promise<void> {
    const { penalties, clipNorm } = this.program;
    total.addPenalties(penalties);
    if (clipNorm !== undefined) await total.clip(clipNorm);
    try {
      for (const optimizer of this.program.optimizers) optimizer.apply(this.engine, total.gradients, rateFactor);
      statistics.forEach(moveStatistics);
    } catch (error) {
      if (!(error instanceof HeapExhausted)) throw error;
      throw new ThawError({ reason: 'outOfMemory', microBatch: this.microBatch });
    }
  }

  /** Adds the gradients of one micro-batch to `total` and returns its logits [size, classes], which the caller disposes of. */
  private addGradients(
    features: ReadonlyMap<ValueId, tf.Tensor>,
    targets: BatchTargets,
    start: number,
    count: number,
    random: Random,
    total: GradientSum,
    statistics: BatchStatistics[],
  ): tf.Tensor2D {
    const size = targets.labels.length;
    const given = new Map<ValueId, tf.Tensor>();
    const own: tf.Tensor[] = [];
    try {
      for (const [id, value] of features) {
        const part = size === count ? value : sliceRows(value, start, size);
        if (part !== value) own.push(part);
        given.set(id, part);
      }
      const share = shareInLoss(targets, this.classes, count);
      own.push(share);
      const { logits, gradients, statistics: moments } = this.gradients.run(given, share, random);
      statistics.push(...moments);
      try {
        total.add(gradients);
        return logits;
      } catch (error) {
        logits.dispose();
        throw error;
      } finally {
        tf.dispose([...gradients.values()]);
      }
    } finally {
      tf.dispose(own);
    }
  }
}

function sliceRows(value: tf.Tensor, start: number, size: number): tf.Tensor {
  const rest = value.shape.slice(1);
  return tf.slice(value, [start, ...rest.map(() => 0)], [size, ...rest]);
}

/**
 * What the log-probabilities [n, classes] of a part of a batch of `count` examples count in the loss of the batch: weighted
 * cross-entropy with smoothed labels (Szegedy et al. 2015, https://arxiv.org/abs/1512.00567, section 7). An example's weight
 * is that of its class.
 */
export function shareInLoss(targets: BatchTargets, classes: number, count: number): tf.Tensor2D {
  const { labels, classWeights, labelSmoothing } = targets;
  const share = new Float32Array(labels.length * classes);
  labels.forEach((label, row) => {
    const weight = -classWeights[label] / count;
    const first = row * classes;
    if (labelSmoothing > 0) share.fill((weight * labelSmoothing) / classes, first, first + classes);
    share[first + label] += weight * (1 - labelSmoothing);
  });
  return tf.tensor2d(share, [labels.length, classes]);
}

/** Cross-entropy (summed) and number of right answers of logits [n, classes] in row order. */
export function scoreLogits(values: Float32Array, labels: readonly number[]): { lossSum: number; correct: number } {
  const classes = values.length / labels.length;
  let lossSum = 0;
  let correct = 0;
  labels.forEach((label, row) => {
    const logits = values.subarray(row * classes, (row + 1) * classes);
    const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
    const normalizer = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
    lossSum += Math.log(normalizer) + largest - logits[label];
    if (logits.indexOf(largest) === label) correct++;
  });
  return { lossSum, correct };
}

/** Exponential moving average of the batch's statistics, as Keras keeps it. */
function moveStatistics({ step, mean, variance }: BatchStatistics): void {
  const momentum = Number(step.normalization.getConfig().momentum ?? 0.99);
  const move = (role: string, value: tf.Tensor1D): void => {
    const variable = weightOf(step.normalization, role);
    if (variable) tf.tidy(() => variable.assign(tf.add(tf.mul(variable, momentum), tf.mul(value, 1 - momentum))));
  };
  move('moving_mean', mean);
  move('moving_variance', variance);
}
