import * as tf from '@tensorflow/tfjs-core';
import type { Random } from '../../shared/random.ts';
import type { CompiledFunction, Engine } from '../engine/engine.ts';
import { weightsRead } from '../execution/compiledSteps.ts';
import { trainSteps, type TrainingPass, valueOf } from '../execution/runSteps.ts';
import type { DropoutStep, NormalizationStep, ValueId } from '../execution/steps.ts';
import type { PhaseProgram } from './phaseProgram.ts';

/** Mean and biased variance of a batch at a normalization that adapts. */
export interface BatchStatistics {
  step: NormalizationStep;
  mean: tf.Tensor1D;
  variance: tf.Tensor1D;
}

/** What one pass forth and back through the suffix gives. The receiver disposes of all tensors. */
export interface Gradients {
  /** [n, classes] */
  logits: tf.Tensor2D;
  /** By the engine's name of the variable. */
  gradients: Map<string, tf.Tensor>;
  statistics: BatchStatistics[];
}

/** What of a phase's program its gradients follow from. */
export type GradientProgram = Pick<
  PhaseProgram,
  'sequence' | 'suffix' | 'boundary' | 'constants' | 'variables' | 'trainable' | 'unfrozen' | 'differentiable'
>;

/** The gradients of a phase's loss as one function of the engine; weights may change between its runs. */
export class GradientFunction {
  private readonly compiled: CompiledFunction;
  private readonly dropouts: DropoutStep[];
  private readonly adaptive: NormalizationStep[];

  constructor(
    private readonly engine: Engine,
    private readonly program: GradientProgram,
  ) {
    const { suffix, constants, unfrozen } = program;
    this.dropouts = suffix.flatMap((step) =>
      step.kind === 'dropout' && step.rate > 0 && step.layers.some((layer) => unfrozen.has(layer)) ? [step] : [],
    );
    this.adaptive = suffix.flatMap((step) => (step.kind === 'normalization' && step.adaptive ? [step] : []));
    this.compiled = engine.compile(weightsRead(suffix, constants), (inputs) => this.compute(inputs));
  }

  /**
   * @param features values at the cut, [n, ...]; they stay the caller's
   * @param share what each logit's log-probability counts in the loss, [n, classes]; stays the caller's
   */
  run(features: ReadonlyMap<ValueId, tf.Tensor>, share: tf.Tensor2D, random: Random): Gradients {
    const count = share.shape[0];
    const masks = this.dropouts.map((step) => dropoutMask([count, ...step.outputShape], step.rate, random.uint32()));
    try {
      return this.named(
        this.compiled.run([...this.program.boundary.map((id) => valueOf(features, id)), share, ...masks]),
      );
    } finally {
      tf.dispose(masks);
    }
  }

  dispose(): void {
    this.compiled.dispose();
  }

  /** In this order: logits, the gradient of each variable, mean and variance of each adaptive normalization. */
  private compute(inputs: readonly tf.Tensor[]): tf.Tensor[] {
    const { program, engine } = this;
    const { boundary, suffix, sequence, constants, variables } = program;
    const values = new Map(boundary.map((id, index) => [id, inputs[index]]));
    const share = inputs[boundary.length] as tf.Tensor2D;
    const masks = new Map(this.dropouts.map((step, index) => [step, inputs[boundary.length + 1 + index]]));
    const statistics = new Map<NormalizationStep, [tf.Tensor, tf.Tensor]>();
    const pass: TrainingPass = {
      trainable: (layer) => program.trainable.has(layer),
      differentiable: (value) => program.differentiable.has(value),
      dropoutMask: (step) => masks.get(step),
      onStatistics: (step, mean, variance) => statistics.set(step, [tf.keep(mean), tf.keep(variance)]),
    };
    // The tidy inside variableGrads would free the logits, and the tape must not see them kept by a clone.
    const kept: tf.Tensor2D[] = [];
    try {
      return tf.tidy(() => {
        const { grads } = tf.variableGrads(() => {
          const output = trainSteps(engine, suffix, values, sequence.output, constants, pass);
          kept.push(tf.keep(output) as tf.Tensor2D);
          return weightedLoss(kept[0], share);
        }, variables);
        const moments = this.adaptive.flatMap((step) => statistics.get(step) ?? []);
        return [kept[0], ...variables.map(({ name }) => grads[name]), ...moments];
      });
    } catch (error) {
      tf.dispose([kept, [...statistics.values()].flat()]);
      throw error;
    }
  }

  private named([logits, ...rest]: tf.Tensor[]): Gradients {
    const { variables } = this.program;
    const moments = rest.slice(variables.length) as tf.Tensor1D[];
    return {
      logits: logits as tf.Tensor2D,
      gradients: new Map(variables.map(({ name }, index) => [name, rest[index]])),
      statistics: this.adaptive.map((step, index) => ({
        ...{ step, mean: moments[2 * index], variance: moments[2 * index + 1] },
      })),
    };
  }
}

/** Cross-entropy in which each log-probability counts `share`, [n, classes] as the logits are. */
export function weightedLoss(logits: tf.Tensor2D, share: tf.Tensor2D): tf.Scalar {
  return tf.sum(tf.mul(tf.logSoftmax(logits), share));
}

/** 0 where a value is dropped, else 1 / (1 - rate) (Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html). */
export function dropoutMask(shape: number[], rate: number, seed: number): tf.Tensor {
  return tf.tidy(() => tf.dropout(tf.ones(shape), rate, undefined, seed));
}
