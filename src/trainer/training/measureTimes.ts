import { setImmediate as nextTurn } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import { type Linear, type NetworkTimes, type StepTimes, timeInTraining, timeKey } from '../../shared/networkTimes.ts';
import { OPTIMIZER_NAMES } from '../../shared/plan.ts';
import { median } from '../../shared/statistics.ts';
import type { Engine } from '../engine/engine.ts';
import { FoldedConstants } from '../execution/runSteps.ts';
import { compileSteps, type Step, type StepSequence } from '../execution/steps.ts';
import { createOptimizer } from '../optimizers/createOptimizer.ts';
import type { NamedVariable } from '../optimizers/slotOptimizer.ts';
import type { GradientProgram } from './gradientFunction.ts';
import { timeDisk, timeImages, timeTransfer } from './machineTimes.ts';
import type { PreparedNetwork } from './prepareNetwork.ts';
import { type Given, type StepSeconds, timeInference, timeTraining } from './passTimes.ts';
import {
  allTrain,
  firstTrains,
  gradientsOf,
  headTrains,
  inferencePass,
  trainingPass,
  valuesFor,
  variablesOf,
  type WholePass,
} from './timedPrograms.ts';

/** Images of the smaller and, where that is quick enough, of the larger batch: what comes each time shows between them. */
const FEW = 2;
const MANY = 16;
const LEAST_MANY = 8;
/** Seconds that one pass of the larger batch may take. */
const LONGEST_PASS = 0.6;
/** Seconds of a pass of the smaller batch beyond which there is no larger one: what comes each time is nothing beside it. */
const TOO_SLOW = 1;
/** Repetitions of a thing, once it has warmed up. */
const REPETITIONS = 3;
/** Seconds for which passes warm up and are then repeated: JavaScript becomes quick only after many runs of the same. */
const WARM_UP = 0.6;
const REPEATED = 1;
/** Seconds after which they are not repeated any more, however few repetitions there were. */
const ENOUGH = 4;

export interface MeasureOptions {
  /** Whether batch normalization that adapts is measured too. */
  adaptive: boolean;
  /** Folder in which a file may be written and removed. */
  scratch: string;
  signal?: AbortSignal;
}

/**
 * Measures what a network takes on this machine, on random images: each step there and back, what comes with a batch, the
 * optimizers, images and the disk. Weights stay as they are. Rejects with the signal's reason when it aborts.
 *
 * Whole passes are timed as training runs them, compiled by the engine; passes step by step, which an engine may not
 * compile, say how a whole pass divides into its steps.
 */
export async function measureTimes(
  engine: Engine,
  network: PreparedNetwork,
  { adaptive, scratch, signal }: MeasureOptions,
): Promise<NetworkTimes> {
  const { model, logitsLayer: logits } = network;
  const folded = compileSteps(model, { logits });
  const counts = await batchSizes(engine, network, folded);
  signal?.throwIfAborted();
  const plain = await timeSequence(engine, network, folded, counts, signal);
  const adapting = adaptive
    ? await timeSequence(engine, network, compileSteps(model, { logits, adaptive: () => true }), counts, signal)
    : null;
  const weights = timeWeights(engine, network, folded);
  signal?.throwIfAborted();
  return {
    steps: { ...adapting?.steps, ...plain.steps },
    adaptive,
    batch: plain.batch,
    judged: plain.judged,
    ...weights,
    ...timeImages(network.input),
    ...(await timeTransfer(engine)),
    checkpoint: await timeDisk(scratch),
  };
}

/** Numbers of images in the batches that are timed: few, and many where that is quick enough. */
async function batchSizes(engine: Engine, network: PreparedNetwork, sequence: StepSequence): Promise<number[]> {
  const program = allTrain(network, sequence);
  const given = valuesFor(network, program, FEW);
  try {
    // The first pass of a process is slower than all others.
    await timeTraining(engine, program, given);
    const started = performance.now();
    await timeTraining(engine, program, given);
    const seconds = (performance.now() - started) / 1000;
    if (seconds > TOO_SLOW) return [FEW];
    return [FEW, Math.max(LEAST_MANY, Math.min(MANY, Math.floor((LONGEST_PASS / seconds) * FEW)))];
  } finally {
    disposeOf(program, given);
  }
}

function disposeOf(program: GradientProgram, given: Given): void {
  program.constants.dispose();
  tf.dispose([...given.values()]);
}

/** Kinds of passes. */
const KINDS = ['forward', 'carry', 'train', 'headForward', 'head'] as const;
type Kind = (typeof KINDS)[number];

/** What was timed on batches of one size. */
interface SizeTimes {
  /** Seconds of each kind of pass as a whole. */
  whole: Record<Kind, number>;
  /** How the first three divide into steps. */
  steps: Record<keyof StepTimes, StepSeconds>;
}

interface SequenceTimes {
  steps: Record<string, StepTimes>;
  batch: Linear;
  judged: Linear;
}

async function timeSequence(
  engine: Engine,
  network: PreparedNetwork,
  sequence: StepSequence,
  counts: readonly number[],
  signal: AbortSignal | undefined,
): Promise<SequenceTimes> {
  const sizes: SizeTimes[] = [];
  for (const count of counts) sizes.push(await timeSize(engine, network, sequence, count, signal));
  const steps = sizes.map((size) => dividedSteps(size, sequence));
  const program = headTrains(network, sequence);
  const { suffix: head } = program;
  program.constants.dispose();
  const batch = steps.map((size, place) => {
    const inHead = head.map((step) => timeInTraining(timesOf(size, step), wayIn(program, step)));
    return Math.max(0, sizes[place].whole.head - sum(inHead));
  });
  const judged = steps.map((size, place) => {
    const inHead = head.map((step) => timesOf(size, step).forward);
    return Math.max(0, sizes[place].whole.headForward - sum(inHead));
  });
  const stepTimes = sequence.steps.map((step): [string, StepTimes] => {
    const of = (kind: keyof StepTimes): Linear =>
      line(
        counts,
        steps.map((size) => size[kind].get(step) ?? 0),
      );
    return [keyOf(step), { forward: of('forward'), carry: of('carry'), train: of('train') }];
  });
  return { steps: Object.fromEntries(stepTimes), batch: line(counts, batch), judged: line(counts, judged) };
}

function wayIn({ trainable, differentiable }: GradientProgram, step: Step): Parameters<typeof timeInTraining>[1] {
  return {
    trains: step.layers.some((layer) => trainable.has(layer)),
    handsOn: step.inputs.some((id) => differentiable.has(id)),
    active: step.kind === 'dropout' && step.rate > 0,
  };
}

function timesOf(size: SizeTimes['steps'], step: Step): Record<keyof StepTimes, number> {
  const of = (kind: keyof StepTimes): number => size[kind].get(step) ?? 0;
  return { forward: of('forward'), carry: of('carry'), train: of('train') };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The time of whole passes divided among their steps, less what a pass through hardly any step takes. */
function dividedSteps({ whole, steps }: SizeTimes, { steps: all }: StepSequence): SizeTimes['steps'] {
  const divide = (kind: keyof StepTimes, short: number): StepSeconds => {
    const inSteps = all.reduce((sum, step) => sum + (steps[kind].get(step) ?? 0), 0);
    const ratio = Math.max(whole[kind] - short, whole[kind] / 2) / inSteps;
    return new Map(all.map((step) => [step, (steps[kind].get(step) ?? 0) * ratio]));
  };
  return {
    forward: divide('forward', whole.headForward),
    carry: divide('carry', whole.head),
    train: divide('train', whole.head),
  };
}

async function timeSize(
  engine: Engine,
  network: PreparedNetwork,
  sequence: StepSequence,
  count: number,
  signal: AbortSignal | undefined,
): Promise<SizeTimes> {
  const programs = [allTrain(network, sequence), firstTrains(network, sequence), headTrains(network, sequence)];
  const given = programs.map((program) => valuesFor(network, program, count));
  const [all, first, head] = programs;
  const folded = { ...all, constants: new FoldedConstants(all.suffix) };
  const passes: Record<Kind, WholePass> = {
    forward: inferencePass(engine, all, given[0]),
    carry: trainingPass(engine, network, first, given[1]),
    train: trainingPass(engine, network, all, given[0]),
    headForward: inferencePass(engine, head, given[2]),
    head: trainingPass(engine, network, head, given[2]),
  };
  try {
    const whole = await repeat(passes, signal);
    signal?.throwIfAborted();
    const steps = {
      forward: await least(() => timeInference(engine, folded, given[0])),
      carry: await least(() => timeTraining(engine, first, given[1])),
      train: await least(() => timeTraining(engine, all, given[0])),
    };
    return { whole, steps };
  } finally {
    for (const pass of Object.values(passes)) pass.dispose();
    folded.constants.dispose();
    programs.forEach((program, place) => disposeOf(program, given[place]));
  }
}

function keyOf(step: Step): string {
  return timeKey({ ...step, adaptive: step.kind === 'normalization' && step.adaptive });
}

/** Passes that warm up, then all of them in turn, so that a disturbance hits none alone; medians. */
async function repeat(passes: Record<Kind, WholePass>, signal: AbortSignal | undefined): Promise<Record<Kind, number>> {
  const measured: Record<Kind, number[]> = { forward: [], carry: [], train: [], headForward: [], head: [] };
  const round = async (keep: boolean): Promise<void> => {
    for (const kind of KINDS) {
      signal?.throwIfAborted();
      const seconds = await passes[kind].run();
      if (keep) measured[kind].push(seconds);
      await nextTurn();
    }
  };
  await until(WARM_UP, 1, () => round(false));
  await until(REPEATED, REPETITIONS, () => round(true));
  return Object.fromEntries(KINDS.map((kind) => [kind, median(measured[kind])])) as Record<Kind, number>;
}

/** Repeats work for this long, and so many times at least where that is not far too long. */
async function until(seconds: number, times: number, work: () => Promise<void>): Promise<void> {
  const started = performance.now();
  for (let done = 0; ;) {
    await work();
    done++;
    const elapsed = (performance.now() - started) / 1000;
    if ((done >= times && elapsed >= seconds) || elapsed >= ENOUGH) return;
  }
}

/** The least time of each step in some passes. */
async function least(time: () => Promise<StepSeconds>): Promise<StepSeconds> {
  const shortest = new Map(await time());
  await until(WARM_UP / 4, 2, async () => {
    for (const [step, seconds] of await time()) shortest.set(step, Math.min(seconds, shortest.get(step) ?? seconds));
  });
  return shortest;
}

/** The optimizers, and the sum of gradients. At a rate of 0 weights do not change. */
function timeWeights(
  engine: Engine,
  network: PreparedNetwork,
  sequence: StepSequence,
): Pick<NetworkTimes, 'optimizers' | 'sum'> {
  const weights = variablesOf(network, () => true);
  const program = allTrain(network, sequence);
  const given = valuesFor(network, program, 1);
  const gradients = gradientsOf(engine, network, program, given);
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
        const seconds = medianSeconds(() => optimizer.apply(engine, gradients, 0));
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
    tf.dispose([...gradients.values()]);
    disposeOf(program, given);
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
