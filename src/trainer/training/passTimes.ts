import * as tf from '@tensorflow/tfjs-core';
import type { Engine } from '../engine/engine.ts';
import { FoldedConstants, inferSteps, trainSteps, type TrainingPass } from '../execution/runSteps.ts';
import type { Step, StepSequence, ValueId } from '../execution/steps.ts';

/** Seconds of each step of one pass, and of the pass as a whole. */
export interface PassTimes {
  steps: Map<Step, number>;
  whole: number;
}

/** A pass through a network that is timed step by step. */
export interface TimedPass {
  sequence: StepSequence;
  /** What the steps begin with, [n, ...]; stays the caller's. */
  given: ReadonlyMap<ValueId, tf.Tensor>;
  /** Layers whose weights train. */
  trains: (layer: string) => boolean;
  /** Weights of these layers. */
  variables: tf.Variable[];
}

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

/** Times a pass without gradients. Kernels compute before they return, so a clock around each of them is exact. */
export async function timeInference(engine: Engine, { sequence, given }: TimedPass): Promise<PassTimes> {
  const constants = new FoldedConstants(sequence.steps);
  try {
    const started = performance.now();
    const watch = new Stopwatch();
    const [output] = inferSteps(engine, sequence.steps, given, [sequence.output], constants, (step) =>
      watch.stop(step),
    );
    await engine.read(output);
    output.dispose();
    return { steps: watch.steps, whole: (performance.now() - started) / 1000 };
  } finally {
    constants.dispose();
  }
}

/**
 * Times a pass forward and back, as training makes it. Between two steps stands a mark that does nothing but look at the
 * clock when gradients come by; since the tape is run backwards, what passes from one mark to the next is one step's.
 *
 * @param use gets the gradients by the engine's variable name; they are freed afterwards
 */
export async function timeTraining(
  engine: Engine,
  pass: TimedPass,
  use: (gradients: tf.NamedTensorMap) => void = () => undefined,
): Promise<PassTimes> {
  const { sequence, given, trains, variables } = pass;
  const constants = new FoldedConstants(sequence.steps, (step) => !step.layers.some(trains));
  const differentiable = carryingValues(sequence.steps, trains);
  let seed = 1;
  try {
    const started = performance.now();
    const watch = new Stopwatch();
    let current: Step | null = null;
    const settings: TrainingPass = {
      trainable: trains,
      differentiable: (value) => differentiable.has(value),
      dropoutActive: () => true,
      dropoutSeed: () => seed++,
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
      const { grads } = tf.variableGrads(() => {
        const output = trainSteps(engine, sequence.steps, given, sequence.output, constants, settings);
        logits.push(tf.keep(output));
        const loss = tf.neg<tf.Scalar>(tf.mean(tf.logSoftmax(output as tf.Tensor2D)));
        watch.stop(null);
        return loss;
      }, variables);
      watch.stop(current);
      use(grads);
    });
    await engine.read(logits[0]);
    tf.dispose(logits);
    return { steps: watch.steps, whole: (performance.now() - started) / 1000 };
  } finally {
    constants.dispose();
  }
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

function carryingValues(steps: readonly Step[], trains: (layer: string) => boolean): Set<ValueId> {
  const values = new Set<ValueId>();
  for (const step of steps) {
    const adaptive = step.kind === 'normalization' && step.adaptive;
    if (adaptive || step.layers.some(trains) || step.inputs.some((id) => values.has(id))) values.add(step.output);
  }
  return values;
}
