import type * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { Plan } from '../../shared/plan.ts';
import { headRate, trainableSet } from '../../shared/trainableLayers.ts';
import { FoldedConstants } from '../execution/runSteps.ts';
import { layerWeights } from '../execution/layerWeights.ts';
import { boundaryAt, compileSteps, type Step, type StepSequence, type ValueId } from '../execution/steps.ts';
import { createOptimizer } from '../optimizers/createOptimizer.ts';
import type { NamedVariable, RateGroupOptimizer } from '../optimizers/slotOptimizer.ts';
import type { Penalty } from './gradientSum.ts';
import type { PreparedNetwork } from './prepareNetwork.ts';

/** One phase of a plan made ready to run: what trains at which rate, and where the constant part ends. */
export interface PhaseProgram {
  sequence: StepSequence;
  /** Steps below the cut: constant in this phase, computed once per image. */
  prefix: Step[];
  /** Steps from the cut to the logits. */
  suffix: Step[];
  boundary: ValueId[];
  /** Name of the last layer below the cut, or null where the cut is at the input. */
  cachedTo: string | null;
  /** Folded weights of the constant steps, below and above the cut. */
  constants: FoldedConstants;
  optimizers: RateGroupOptimizer[];
  penalties: Penalty[];
  /** Largest norm of the gradients of a step together, where there is one. */
  clipNorm: number | undefined;
  variables: tf.Variable[];
  /** Names of the layers whose weights gradients may change. */
  trainable: ReadonlySet<string>;
  /** Backbone layers unfrozen in this phase, also those without weights (their dropout is active). */
  unfrozen: ReadonlySet<string>;
  trainableParameters: number;
  differentiable: ReadonlySet<ValueId>;
  dispose(): void;
}

/** Weights of a layer that gradients may change under the plan's batch-norm policy. */
export function learnedWeights(layer: tfl.layers.Layer, plan: Plan): NamedVariable[] {
  if (layer.getClassName() === 'BatchNormalization' && plan.batchNorm === 'locked') return [];
  return layerWeights(layer).filter((weight) => weight.learned);
}

/** Learning rate of every layer that trains in a phase, the head's included. */
function phaseRates(plan: Plan, phase: number, network: PreparedNetwork): Map<string, number> {
  const rates = new Map(trainableSet(plan, phase, network.blocks));
  const rate = headRate(plan, phase);
  for (const layer of network.headLayers) rates.set(layer, rate);
  return rates;
}

/** Compiles one phase. The caller disposes of the program when the phase is over. */
export function compilePhase(plan: Plan, phase: number, network: PreparedNetwork): PhaseProgram {
  const rates = phaseRates(plan, phase, network);
  const sequence = compileSteps(network.model, {
    adaptive: (layer) => plan.batchNorm === 'adapt' && rates.has(layer),
    logits: network.logitsLayer,
  });
  const groups = new Map<number, NamedVariable[]>();
  const trainable = new Set<string>();
  for (const [name, rate] of rates) {
    const learned = learnedWeights(network.model.getLayer(name), plan);
    if (learned.length === 0) continue;
    trainable.add(name);
    groups.set(rate, [...(groups.get(rate) ?? []), ...learned]);
  }
  const optimizers = [...groups].map(([rate, weights]) => createOptimizer(plan.optimizer, weights, rate));
  const weights = [...groups.values()].flat();
  const variables = weights.map((weight) => weight.variable);
  const cut = sequence.steps.findIndex((step) => changes(step, trainable, rates));
  const prefix = sequence.steps.slice(0, cut);
  const constants = new FoldedConstants(sequence.steps, (step) => !step.layers.some((layer) => trainable.has(layer)));
  return {
    sequence,
    prefix,
    suffix: sequence.steps.slice(cut),
    boundary: boundaryAt(sequence, cut),
    cachedTo: prefix.at(-1)?.layers.at(-1) ?? null,
    constants,
    optimizers,
    penalties: penaltiesOf(plan, weights, network),
    clipNorm: plan.optimizer.clipNorm,
    variables,
    trainable,
    unfrozen: new Set(rates.keys()),
    trainableParameters: variables.reduce((sum, variable) => sum + variable.size, 0),
    differentiable: differentiableValues(sequence.steps, trainable),
    dispose: () => {
      constants.dispose();
      optimizers.forEach((optimizer) => optimizer.dispose());
    },
  };
}

/** L2 on the kernels of head and backbone, each at its own strength; none where that is 0. */
function penaltiesOf(plan: Plan, weights: readonly NamedVariable[], { model, headLayers }: PreparedNetwork): Penalty[] {
  const head = new Set(headLayers.flatMap((name) => layerWeights(model.getLayer(name)).map((weight) => weight.name)));
  return weights.flatMap(({ name, variable, isKernel }) => {
    const l2 = head.has(name) ? plan.head.l2 : plan.l2;
    return isKernel && l2 > 0 ? [{ variable, l2 }] : [];
  });
}

/** Whether a step's result for one image can differ from one training step to the next. */
function changes(step: Step, trainable: ReadonlySet<string>, rates: ReadonlyMap<string, number>): boolean {
  if (step.kind === 'dropout') return step.rate > 0 && step.layers.some((layer) => rates.has(layer));
  if (step.kind === 'normalization' && step.adaptive) return true;
  return step.layers.some((layer) => trainable.has(layer));
}

function differentiableValues(steps: readonly Step[], trainable: ReadonlySet<string>): Set<ValueId> {
  const values = new Set<ValueId>();
  for (const step of steps) {
    if (step.layers.some((layer) => trainable.has(layer)) || step.inputs.some((id) => values.has(id))) {
      values.add(step.output);
    }
  }
  return values;
}
