import * as tf from '@tensorflow/tfjs-core';
import type { Engine } from '../engine/engine.ts';
import { inferSteps, trainSteps, type TrainingPass } from '../execution/runSteps.ts';
import type { Step, ValueId } from '../execution/steps.ts';
import { dropoutMask, type GradientProgram } from './gradientFunction.ts';

/** Seconds of each step of one pass. */
export type StepSeconds = ReadonlyMap<Step, number>;

/** Values at the cut of a program, [n, ...]; they stay the caller's. */
export type Given = ReadonlyMap<ValueId, tf.Tensor>;

class Stopwatch {
  readonly steps = new Map<Step, number>();
  private last = performance.now();

  /** The time since the last stop goes to `step`, or to none. */
  stop(step: Step | null): void {
    const now = performance.now();
    if (step) this.steps.set(step, (this.steps.get(step) ?? 0) + (now - this.last) / 1000);
    this.last = now;
  }
}

/** Times a pass without gradients, step by step. Operations compute before they return, so a clock between them is exact. */
export async function timeInference(engine: Engine, program: GradientProgram, given: Given): Promise<StepSeconds> {
  const { suffix, sequence, constants } = program;
  const watch = new Stopwatch();
  const [output] = inferSteps(engine, suffix, given, [sequence.output], constants, (step) => watch.stop(step));
  await engine.read(output);
  output.dispose();
  return watch.steps;
}

/**
 * Times a pass forward and back, step by step. Between two steps stands a mark that does nothing but look at the clock when
 * gradients come by; since the tape is run backwards, what passes from one mark to the next is one step's.
 */
export async function timeTraining(engine: Engine, program: GradientProgram, given: Given): Promise<StepSeconds> {
  const { suffix, sequence, constants, variables } = program;
  const count = [...given.values()][0].shape[0];
  const watch = new Stopwatch();
  let current: Step | null = null;
  let seed = 1;
  const pass: TrainingPass = {
    trainable: (layer) => program.trainable.has(layer),
    differentiable: (value) => program.differentiable.has(value),
    dropoutMask: ({ rate, outputShape }) => (rate > 0 ? dropoutMask([count, ...outputShape], rate, seed++) : undefined),
    onStatistics: () => undefined,
    onStep: (step, output) => {
      const marked = mark(output, () => {
        watch.stop(current);
        current = step;
      });
      watch.stop(step);
      return marked;
    },
  };
  const logits: tf.Tensor[] = [];
  tf.tidy(() => {
    tf.variableGrads(() => {
      const output = trainSteps(engine, suffix, given, sequence.output, constants, pass);
      logits.push(tf.keep(output));
      const loss = tf.neg<tf.Scalar>(tf.mean(tf.logSoftmax(output as tf.Tensor2D)));
      watch.stop(null);
      return loss;
    }, variables);
    watch.stop(current);
  });
  await engine.read(logits[0]);
  tf.dispose(logits);
  return watch.steps;
}

/** The same values; calls `onGradient` when their gradient comes by. */
function mark(value: tf.Tensor, onGradient: () => void): tf.Tensor {
  return tf.customGrad((given) => ({
    value: tf.clone(given as tf.Tensor),
    gradFunc: (gradient: tf.Tensor) => {
      onGradient();
      return gradient;
    },
  }))(value);
}
