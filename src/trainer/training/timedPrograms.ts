import * as tf from '@tensorflow/tfjs-core';
import { Random } from '../../shared/random.ts';
import type { Engine } from '../engine/engine.ts';
import { CompiledSteps } from '../execution/compiledSteps.ts';
import { layerWeights } from '../execution/layerWeights.ts';
import { FoldedConstants } from '../execution/runSteps.ts';
import { boundaryAt, type Step, type StepSequence, type ValueId } from '../execution/steps.ts';
import type { NamedVariable } from '../optimizers/slotOptimizer.ts';
import { GradientFunction, type GradientProgram } from './gradientFunction.ts';
import type { Given } from './passTimes.ts';
import type { PreparedNetwork } from './prepareNetwork.ts';
import { type BatchTargets, BatchTrainer } from './trainBatch.ts';

/** Weights of some layers that gradients may change. */
export function variablesOf({ model }: PreparedNetwork, trains: (layer: string) => boolean): NamedVariable[] {
  return model.layers
    .filter((layer) => trains(layer.name))
    .flatMap((layer) => layerWeights(layer).filter(({ learned }) => learned));
}

/** Whether a layer has weights that gradients may change. */
function learns({ model }: PreparedNetwork, layer: string): boolean {
  return layerWeights(model.getLayer(layer)).some(({ learned }) => learned);
}

/** Every layer trains. The caller disposes of `constants`. */
export function allTrain(network: PreparedNetwork, sequence: StepSequence): GradientProgram {
  return programOf(network, sequence, 0, () => true);
}

/** Only the first layer with weights trains, so that gradients pass through everything else. */
export function firstTrains(network: PreparedNetwork, sequence: StepSequence): GradientProgram {
  const first = new Set(sequence.steps.find((step) => step.layers.some((layer) => learns(network, layer)))?.layers);
  return programOf(network, sequence, 0, (layer) => first.has(layer));
}

/** Only the last steps, from the first one of the head that changes: what comes with a batch when there is hardly a step in it. */
export function headTrains(network: PreparedNetwork, sequence: StepSequence): GradientProgram {
  const head = new Set(network.headLayers);
  const trains = (layer: string): boolean => head.has(layer);
  const cut = sequence.steps.findIndex(
    (step) =>
      step.layers.some(trains) && (step.kind === 'dropout' || step.layers.some((layer) => learns(network, layer))),
  );
  return programOf(network, sequence, cut, trains);
}

function programOf(
  network: PreparedNetwork,
  sequence: StepSequence,
  cut: number,
  trains: (layer: string) => boolean,
): GradientProgram {
  const suffix = sequence.steps.slice(cut);
  const layers = network.model.layers.map(({ name }) => name);
  const learning = new Set(layers.filter((layer) => trains(layer) && learns(network, layer)));
  const learnsHere = (layer: string): boolean => learning.has(layer);
  return {
    sequence,
    suffix,
    boundary: boundaryAt(sequence, cut),
    constants: new FoldedConstants(suffix, (step) => !step.layers.some(learnsHere)),
    variables: variablesOf(network, trains).map(({ variable }) => variable),
    trainable: learning,
    unfrozen: new Set(layers),
    differentiable: carryingValues(suffix, learnsHere),
  };
}

function carryingValues(steps: readonly Step[], trains: (layer: string) => boolean): Set<ValueId> {
  const values = new Set<ValueId>();
  for (const step of steps) {
    const adaptive = step.kind === 'normalization' && step.adaptive;
    if (adaptive || step.layers.some(trains) || step.inputs.some((id) => values.has(id))) values.add(step.output);
  }
  return values;
}

/** Values for a program to begin with, for so many images: random ones for images, else zeros. */
export function valuesFor(network: PreparedNetwork, { boundary, sequence }: GradientProgram, count: number): Given {
  const shapes = new Map(sequence.steps.map((step) => [step.output, step.outputShape]));
  return new Map(
    boundary.map((id) => {
      const shape = shapes.get(id);
      return [id, shape ? tf.zeros([count, ...shape]) : randomImages(network, count)] as const;
    }),
  );
}

function randomImages({ input }: PreparedNetwork, count: number): tf.Tensor {
  const random = Random.seeded(count, 'times');
  const shape = [count, input.height, input.width, input.channels];
  return tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.uniform()),
    shape,
  );
}

/** A pass as training and judging run it, in the engine's compiled form. */
export interface WholePass {
  /** Seconds of one run. */
  run(): Promise<number>;
  dispose(): void;
}

/** A batch as it is trained on, but for the optimizers. */
export function trainingPass(
  engine: Engine,
  network: PreparedNetwork,
  program: GradientProgram,
  given: Given,
): WholePass {
  const count = countOf(given);
  const trainer = new BatchTrainer(
    engine,
    { ...program, optimizers: [], penalties: [], clipNorm: undefined },
    count,
    () => undefined,
  );
  const targets: BatchTargets = {
    labels: Array.from({ length: count }, (_, image) => image % network.classes.length),
    classWeights: network.classes.map(() => 1),
    labelSmoothing: 0,
    rateFactor: 1,
  };
  const random = Random.seeded(1, 'times/dropout');
  return {
    async run() {
      const started = performance.now();
      await trainer.train(given, targets, random);
      return (performance.now() - started) / 1000;
    },
    dispose: () => trainer.dispose(),
  };
}

/** The gradients of one pass by the engine's name of the variable; the receiver disposes of them. */
export function gradientsOf(
  engine: Engine,
  network: PreparedNetwork,
  program: GradientProgram,
  given: Given,
): ReadonlyMap<string, tf.Tensor> {
  const compiled = new GradientFunction(engine, program);
  const share = tf.fill<tf.Rank.R2>([countOf(given), network.classes.length], -1);
  try {
    const { logits, gradients, statistics } = compiled.run(given, share, Random.seeded(1, 'times/dropout'));
    tf.dispose([logits, ...statistics.flatMap(({ mean, variance }) => [mean, variance])]);
    return gradients;
  } finally {
    compiled.dispose();
    share.dispose();
  }
}

export function countOf(given: Given): number {
  return [...given.values()][0].shape[0];
}

/** Without gradients, all weights folded. */
export function inferencePass(engine: Engine, program: GradientProgram, given: Given): WholePass {
  const { suffix: steps, boundary, sequence } = program;
  const constants = new FoldedConstants(steps);
  const compiled = new CompiledSteps(engine, { steps, given: boundary, wanted: [sequence.output], constants }, []);
  return {
    async run() {
      const started = performance.now();
      const [output] = compiled.run(given);
      await engine.read(output);
      output.dispose();
      return (performance.now() - started) / 1000;
    },
    dispose() {
      compiled.dispose();
      constants.dispose();
    },
  };
}
