import { setImmediate as nextTurn } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import type { Linear, NetworkTimes, StepTimes } from '../../shared/networkTimes.ts';
import { timeKey } from '../../shared/networkTimes.ts';
import { OPTIMIZER_NAMES } from '../../shared/plan.ts';
import { Random } from '../../shared/random.ts';
import type { Engine } from '../engine/engine.ts';
import { layerWeights } from '../execution/layerWeights.ts';
import { boundaryAt, compileSteps, type Step, type StepSequence } from '../execution/steps.ts';
import { createOptimizer } from '../optimizers/createOptimizer.ts';
import type { NamedVariable } from '../optimizers/slotOptimizer.ts';
import { GradientSum } from './gradientSum.ts';
import { timeDisk, timeImages, timeTransfer } from './machineTimes.ts';
import { type PassTimes, type TimedPass, timeInference, timeTraining } from './passTimes.ts';
import type { PreparedNetwork } from './prepareNetwork.ts';

/** Images of the smaller and, where that is quick enough, of the larger batch: what comes each time shows between them. */
const FEW = 2;
const MANY = 8;
/** Seconds that one pass of the larger batch may take. */
const LONGEST_PASS = 2;
/** Seconds after which passes are not repeated any more. */
const ENOUGH = 6;
const REPETITIONS = 3;

export interface MeasureOptions {
  /** Whether batch normalization that adapts is measured too. */
  adaptive: boolean;
  /** Folder in which a file may be written and removed. */
  scratch: string;
  signal?: AbortSignal;
}

type Pass = () => Promise<PassTimes>;

/**
 * Measures what a network takes on this machine, on random images: each step there and back, what comes with a batch, the
 * optimizers, images and the disk. Weights stay as they are. Rejects with the signal's reason when it aborts.
 */
export async function measureTimes(
  engine: Engine,
  network: PreparedNetwork,
  options: MeasureOptions,
): Promise<NetworkTimes> {
  const { signal } = options;
  const sequences = [compileSteps(network.model, { logits: network.logitsLayer })];
  if (options.adaptive) {
    sequences.push(compileSteps(network.model, { logits: network.logitsLayer, adaptive: () => true }));
  }
  const batches = [randomImages(network, FEW)];
  try {
    const [few] = batches;
    const warmUp = await timeTraining(engine, allTrain(network, sequences[0], few));
    signal?.throwIfAborted();
    const count = Math.min(MANY, Math.floor((LONGEST_PASS / warmUp.whole) * FEW));
    if (count > FEW) batches.push(randomImages(network, count));
    const folded = await timeSequence(engine, network, sequences[0], batches, signal);
    const adapted = options.adaptive ? await timeSequence(engine, network, sequences[1], batches, signal) : null;
    const weights = await timeWeights(engine, network, sequences[0], few);
    signal?.throwIfAborted();
    const rest = { ...timeImages(network.input), ...(await timeTransfer(engine)) };
    return {
      steps: { ...adapted?.steps, ...folded.steps },
      adaptive: options.adaptive,
      batch: folded.batch,
      judged: folded.judged,
      ...weights,
      ...rest,
      checkpoint: await timeDisk(options.scratch),
    };
  } finally {
    tf.dispose(batches);
  }
}

function randomImages({ input }: PreparedNetwork, count: number): tf.Tensor {
  const random = Random.seeded(count, 'times');
  const values = Float32Array.from({ length: count * input.height * input.width * input.channels }, () =>
    random.uniform(),
  );
  return tf.tensor4d(values, [count, input.height, input.width, input.channels]);
}

function variablesOf({ model }: PreparedNetwork, trains: (layer: string) => boolean): NamedVariable[] {
  return model.layers
    .filter((layer) => trains(layer.name))
    .flatMap((layer) => layerWeights(layer).filter(({ learned }) => learned));
}

function imagesFor({ input }: StepSequence, images: tf.Tensor): TimedPass['given'] {
  return new Map([[input, images]]);
}

function allTrain(network: PreparedNetwork, sequence: StepSequence, images: tf.Tensor): TimedPass {
  const trains = (): boolean => true;
  return {
    sequence,
    given: imagesFor(sequence, images),
    trains,
    variables: variablesOf(network, trains).map(({ variable }) => variable),
  };
}

/** Only the first layer with weights trains, so that gradients pass through everything else. */
function firstTrains(network: PreparedNetwork, sequence: StepSequence, images: tf.Tensor): TimedPass {
  const learns = new Set(variablesOfLayers(network));
  const first = sequence.steps.find((step) => step.layers.some((layer) => learns.has(layer)));
  const layers = new Set(first?.layers);
  const trains = (layer: string): boolean => layers.has(layer);
  const variables = variablesOf(network, trains).map(({ variable }) => variable);
  return { sequence, given: imagesFor(sequence, images), trains, variables };
}

/** Only the steps of the head, on values of zero: what comes with a batch when there is hardly a step in it. */
function headTrains(network: PreparedNetwork, sequence: StepSequence, count: number): TimedPass {
  const head = new Set(network.headLayers);
  const trains = (layer: string): boolean => head.has(layer);
  const cut = sequence.steps.findIndex((step) => step.layers.some(trains));
  const shapes = new Map(sequence.steps.map((step) => [step.output, step.outputShape]));
  const { height, width, channels } = network.input;
  const given = boundaryAt(sequence, cut).map((id) => {
    const shape = shapes.get(id) ?? [height, width, channels];
    return [id, tf.zeros([count, ...shape])] as const;
  });
  const variables = variablesOf(network, trains).map(({ variable }) => variable);
  return { sequence: { ...sequence, steps: sequence.steps.slice(cut) }, given: new Map(given), trains, variables };
}

function variablesOfLayers({ model }: PreparedNetwork): string[] {
  return model.layers.filter((layer) => layerWeights(layer).some(({ learned }) => learned)).map(({ name }) => name);
}

interface SequenceTimes {
  steps: Record<string, StepTimes>;
  batch: Linear;
  judged: Linear;
}

/** Kinds of passes, in the order in which they are timed. */
const KINDS = ['forward', 'carry', 'train', 'headForward', 'head'] as const;
type Kind = (typeof KINDS)[number];

/** Times all kinds of passes through one sequence of steps, on batches of each size. */
async function timeSequence(
  engine: Engine,
  network: PreparedNetwork,
  sequence: StepSequence,
  sizes: readonly tf.Tensor[],
  signal: AbortSignal | undefined,
): Promise<SequenceTimes> {
  const counts = sizes.map(({ shape }) => shape[0]);
  const heads = counts.map((count) => headTrains(network, sequence, count));
  const passes = sizes.flatMap((images, size): Pass[] => {
    const all = allTrain(network, sequence, images);
    const first = firstTrains(network, sequence, images);
    return [
      () => timeInference(engine, all),
      () => timeTraining(engine, first),
      () => timeTraining(engine, all),
      () => timeInference(engine, heads[size]),
      () => timeTraining(engine, heads[size]),
    ];
  });
  const measured = await repeat(passes, signal).finally(() => {
    for (const { given } of heads) tf.dispose([...given.values()]);
  });
  const lineOf = (kind: Kind, valueOf: (pass: PassTimes) => number): Linear => {
    const place = KINDS.indexOf(kind);
    const times = counts.map((_, size) => median(measured[KINDS.length * size + place].map(valueOf)));
    return line(counts, times);
  };
  const [batch, judged] = [lineOf('head', restOf), lineOf('headForward', restOf)];
  // What a long tape takes beyond its steps and beyond a short one is spread over its steps.
  const apart = (kind: Kind, short: Linear): Linear => {
    const rest = lineOf(kind, restOf);
    return [0, 1].map((part) => Math.max(0, rest[part] - short[part]) / sequence.steps.length) as Linear;
  };
  const spread = { forward: apart('forward', judged), carry: apart('carry', batch), train: apart('train', batch) };
  const steps = sequence.steps.map((step): [string, StepTimes] => {
    const of = (kind: keyof StepTimes): Linear => {
      const [each, per] = lineOf(kind, (pass) => pass.steps.get(step) ?? 0);
      return [each + spread[kind][0], per + spread[kind][1]];
    };
    return [keyOf(step), { forward: of('forward'), carry: of('carry'), train: of('train') }];
  });
  return { steps: Object.fromEntries(steps), batch, judged };
}

/** Of a pass, what is in none of its steps. */
function restOf({ whole, steps }: PassTimes): number {
  return whole - [...steps.values()].reduce((sum, time) => sum + time, 0);
}

function keyOf(step: Step): string {
  return timeKey({ ...step, adaptive: step.kind === 'normalization' && step.adaptive });
}

/** Every pass once to warm up, then all of them in turn, so that a disturbance hits none alone. */
async function repeat(passes: readonly Pass[], signal: AbortSignal | undefined): Promise<PassTimes[][]> {
  const measured: PassTimes[][] = passes.map(() => []);
  let started = performance.now();
  for (let repetition = 0; repetition <= REPETITIONS; repetition++) {
    for (const [place, pass] of passes.entries()) {
      signal?.throwIfAborted();
      const times = await pass();
      if (repetition > 0) measured[place].push(times);
      await nextTurn();
    }
    if (repetition === 0) started = performance.now();
    else if ((performance.now() - started) / 1000 > ENOUGH) break;
  }
  return measured;
}

/** The optimizers, and the sum of gradients. At a rate of 0 weights do not change. */
async function timeWeights(
  engine: Engine,
  network: PreparedNetwork,
  sequence: StepSequence,
  images: tf.Tensor,
): Promise<Pick<NetworkTimes, 'optimizers' | 'sum'>> {
  const weights = variablesOf(network, () => true);
  const total = new GradientSum();
  const pass = allTrain(network, sequence, images);
  await timeTraining(engine, pass, (gradients) => total.add(gradients));
  const gradients = total.gradients;
  const large = [...weights].sort((a, b) => b.variable.size - a.variable.size).slice(0, Math.ceil(weights.length / 4));
  /** Solves for tensors and numbers from all weights and from the largest quarter, which has nearly all numbers. */
  const solve = (timeOf: (weights: readonly NamedVariable[]) => number): Linear => {
    const sizeOf = (some: readonly NamedVariable[]): number =>
      some.reduce((sum, { variable }) => sum + variable.size, 0);
    return plane(
      { tensors: weights.length, numbers: sizeOf(weights), seconds: timeOf(weights) },
      { tensors: large.length, numbers: sizeOf(large), seconds: timeOf(large) },
    );
  };
  try {
    const optimizers = OPTIMIZER_NAMES.map((name) => [
      name,
      solve((some) => {
        const optimizer = createOptimizer({ name }, some, 0);
        const seconds = medianSeconds(() => optimizer.apply(gradients, 0));
        optimizer.dispose();
        return seconds;
      }),
    ]);
    const sum = solve((some) => {
      const added = some.flatMap(({ variable }) => gradients.get(variable.name) ?? []);
      return medianSeconds(() => tf.tidy(() => added.forEach((gradient) => tf.add(gradient, gradient))));
    });
    return { optimizers: Object.fromEntries(optimizers) as NetworkTimes['optimizers'], sum };
  } finally {
    total.dispose();
  }
}

/** Once to warm up, then the median of three. */
function medianSeconds(work: () => void): number {
  work();
  return median(
    Array.from({ length: REPETITIONS }, () => {
      const started = performance.now();
      work();
      return (performance.now() - started) / 1000;
    }),
  );
}

interface Weighed {
  tensors: number;
  numbers: number;
  seconds: number;
}

/** Seconds for each tensor and number that explain two measurements; neither is below 0. */
function plane(all: Weighed, some: Weighed): Linear {
  const determinant = all.tensors * some.numbers - all.numbers * some.tensors;
  const perTensor = (all.seconds * some.numbers - some.seconds * all.numbers) / determinant;
  if (!Number.isFinite(perTensor) || perTensor < 0) return [0, all.seconds / all.numbers];
  const perNumber = (all.seconds - perTensor * all.tensors) / all.numbers;
  return perNumber < 0 ? [all.seconds / all.tensors, 0] : [perTensor, perNumber];
}

/** The line through two measurements, or from 0 through one; neither part is below 0. */
function line(counts: readonly number[], seconds: readonly number[]): Linear {
  const last = counts.length - 1;
  const through = seconds[last] / counts[last];
  if (last === 0) return [0, through];
  const per = (seconds[last] - seconds[0]) / (counts[last] - counts[0]);
  if (per <= 0) return [seconds[last], 0];
  const each = seconds[0] - per * counts[0];
  return each < 0 ? [0, through] : [each, per];
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
