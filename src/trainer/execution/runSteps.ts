import * as tf from '@tensorflow/tfjs-core';
import type { Engine } from '../engine/engine.ts';
import { type FoldedWeights, foldWeights, normalizationAffine } from './folding.ts';
import { weightOf } from './layerWeights.ts';
import type { ConvolutionStep, DropoutStep, NormalizationStep, Step, ValueId } from './steps.ts';

/** How a taped pass differs from inference. */
export interface TrainingPass {
  /** Whether gradients may change any weight of this layer. */
  trainable: (layer: string) => boolean;
  /** Whether the value carries gradients, that is, depends on a trainable weight. */
  differentiable: (value: ValueId) => boolean;
  /** What a dropout multiplies its input with; undefined where it is not active. */
  dropoutMask: (step: DropoutStep) => tf.Tensor | undefined;
  /** Hears the batch statistics of adaptive normalization; the tensors belong to the current tidy. */
  onStatistics: (step: NormalizationStep, mean: tf.Tensor1D, variance: tf.Tensor1D) => void;
  /** Hears of each step that was computed and may put another tensor in the place of its output. */
  onStep?: (step: Step, output: tf.Tensor) => tf.Tensor;
}

/** Folded weights of steps that do not train, computed once. */
export class FoldedConstants {
  private readonly folded = new Map<Step, FoldedWeights>();

  /** Folds every convolution among `steps` that `constant` accepts. Call `dispose` when the weights change. */
  constructor(steps: Step[], constant: (step: Step) => boolean = () => true) {
    for (const step of steps) {
      if (step.kind !== 'convolution' || !constant(step)) continue;
      this.folded.set(
        step,
        tf.tidy(() => {
          const { filter, bias } = foldWeights(step);
          return { filter: tf.keep(tf.clone(filter)), bias: tf.keep(tf.clone(bias)) };
        }),
      );
    }
  }

  get(step: Step): FoldedWeights | undefined {
    return this.folded.get(step);
  }

  dispose(): void {
    for (const { filter, bias } of this.folded.values()) tf.dispose([filter, bias]);
    this.folded.clear();
  }
}

/**
 * Runs steps in inference mode on given values and returns the wanted ones. Intermediate tensors are freed as soon as
 * nothing needs them, so that the peak is a few layers, not the network. The caller owns inputs and results; `onStep` hears
 * of each step that was computed.
 */
export function inferSteps(
  engine: Engine,
  steps: Step[],
  given: ReadonlyMap<ValueId, tf.Tensor>,
  wanted: ValueId[],
  constants: FoldedConstants,
  onStep?: (step: Step) => void,
): tf.Tensor[] {
  const lastUse = new Map<ValueId, number>();
  steps.forEach((step, position) => step.inputs.forEach((id) => lastUse.set(id, position)));
  const kept = new Set<ValueId>([...given.keys(), ...wanted]);
  const values = new Map(given);
  try {
    steps.forEach((step, position) => {
      const output = tf.tidy(() => computeStep(engine, step, inputsOf(step, values), constants, null));
      values.set(step.output, output);
      for (const id of new Set(step.inputs)) {
        if (lastUse.get(id) !== position || kept.has(id)) continue;
        values.get(id)?.dispose();
        values.delete(id);
      }
      onStep?.(step);
    });
    // A value both given and wanted is returned as a copy, so that the caller may dispose of results without a look.
    return wanted.map((id) => (given.has(id) ? tf.clone(valueOf(values, id)) : valueOf(values, id)));
  } catch (error) {
    for (const [id, value] of values) if (!given.has(id)) value.dispose();
    throw error;
  }
}

/** Runs steps on the tape (inside `tf.variableGrads`) and returns the value `wanted`. */
export function trainSteps(
  engine: Engine,
  steps: Step[],
  given: ReadonlyMap<ValueId, tf.Tensor>,
  wanted: ValueId,
  constants: FoldedConstants,
  pass: TrainingPass,
): tf.Tensor {
  const values = new Map(given);
  for (const step of steps) {
    const output = computeStep(engine, step, inputsOf(step, values), constants, pass);
    values.set(step.output, pass.onStep ? pass.onStep(step, output) : output);
  }
  return valueOf(values, wanted);
}

/** Throws where the value is not there yet. */
export function valueOf(values: ReadonlyMap<ValueId, tf.Tensor>, id: ValueId): tf.Tensor {
  const value = values.get(id);
  if (!value) throw new Error(`value ${id} is used before it is computed`);
  return value;
}

function inputsOf(step: Step, values: ReadonlyMap<ValueId, tf.Tensor>): tf.Tensor[] {
  return step.inputs.map((id) => valueOf(values, id));
}

function computeStep(
  engine: Engine,
  step: Step,
  inputs: tf.Tensor[],
  constants: FoldedConstants,
  pass: TrainingPass | null,
): tf.Tensor {
  switch (step.kind) {
    case 'convolution':
      return convolve(engine, step, inputs[0] as tf.Tensor4D, constants, pass);
    case 'normalization':
      return normalize(engine, step, inputs[0], pass);
    case 'dropout':
      return dropOut(step, inputs[0], pass);
    case 'logits': {
      const kernel = weightOf(step.dense, 'kernel') as tf.Tensor2D;
      const bias = weightOf(step.dense, 'bias');
      const product = tf.matMul(inputs[0], kernel);
      return bias ? tf.add(product, bias) : product;
    }
    case 'layer': {
      const output = step.layer.apply(inputs.length === 1 ? inputs[0] : inputs, { training: false });
      const single = (Array.isArray(output) ? output[0] : output) as tf.Tensor;
      // A layer that changes nothing hands back its input, which is freed on its own account.
      return inputs.includes(single) ? tf.clone(single) : single;
    }
  }
}

function convolve(
  engine: Engine,
  step: ConvolutionStep,
  input: tf.Tensor4D,
  constants: FoldedConstants,
  pass: TrainingPass | null,
): tf.Tensor {
  const { filter, bias } = constants.get(step) ?? foldWeights(step);
  return engine.operations.convolution(input, filter, bias, {
    ...step.attributes,
    inputGradient: pass?.differentiable(step.inputs[0]) ?? false,
    filterGradient: pass !== null && step.layers.some(pass.trainable),
  });
}

function normalize(engine: Engine, step: NormalizationStep, input: tf.Tensor, pass: TrainingPass | null): tf.Tensor {
  if (!pass || !step.adaptive) {
    const { scale, shift } = normalizationAffine(step.normalization);
    return engine.operations.channelAffine(input, scale, shift, {
      inputGradient: pass?.differentiable(step.inputs[0]) ?? false,
      coefficientGradient: pass !== null && step.layers.some(pass.trainable),
    });
  }
  const channels = input.shape[input.shape.length - 1];
  const gamma = (weightOf(step.normalization, 'gamma') as tf.Tensor1D | undefined) ?? tf.ones([channels]);
  const beta = (weightOf(step.normalization, 'beta') as tf.Tensor1D | undefined) ?? tf.zeros([channels]);
  const epsilon = Number(step.normalization.getConfig().epsilon);
  const { output, mean, variance } = engine.operations.batchNormalization(input, gamma, beta, epsilon);
  pass.onStatistics(step, mean, variance);
  return output;
}

function dropOut(step: DropoutStep, input: tf.Tensor, pass: TrainingPass | null): tf.Tensor {
  const mask = pass?.dropoutMask(step);
  return mask ? tf.mul(input, mask) : tf.clone(input);
}
