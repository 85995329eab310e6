import { ThawError } from './errors.ts';
import type { Block } from './network.ts';
import type { Plan } from './plan.ts';
import { trainableSet } from './trainableLayers.ts';

/** What a network computes, step by step, as far as its cost is concerned: plain data that knows no tensors. */

export interface NetworkStep {
  kind: 'convolution' | 'normalization' | 'dropout' | 'logits' | 'layer';
  /** Layers that the step computes; together with `kind` it names the step. */
  layers: string[];
  /** Values it takes, by number; 0 is the image. */
  inputs: number[];
  output: number;
  /** float32 numbers of the output for one image. */
  size: number;
  /** Numbers of filter and bias, batch normalization folded in; 0 where there are none. */
  filter: number;
  /** Whether an activation is part of the step, so that its gradient needs the output. */
  activation: boolean;
  /** Numbers that the gradient of the input unfolds for one image before it adds them up; 0 where it does not. */
  columns: number;
  /** Hands its input on as it is, in the same memory. */
  passes: boolean;
  /** Share of a dropout. */
  rate: number;
  /** Batch normalization layer in the step. */
  normalization: string | null;
  /** What takes its place where that layer uses the statistics of the batch. */
  whenAdaptive: NetworkStep[];
}

/** Weights of one layer. */
export interface LayerWeights {
  /** Numbers that gradients may change. */
  learned: number;
  /** Tensors that hold them. */
  tensors: number;
  /** Numbers of all weights, moving statistics included. */
  all: number;
  normalization: boolean;
}

/** A network with a plan's head on it. */
export interface NetworkSteps {
  /** In topological order. */
  steps: NetworkStep[];
  /** Numbers of one image. */
  input: number;
  /** Value of the logits. */
  output: number;
  weights: Record<string, LayerWeights>;
  blocks: readonly Block[];
  headLayers: readonly string[];
}

/** A step as it runs in a phase. */
export interface PhaseStep extends NetworkStep {
  /** Whether gradients change a weight of it. */
  trains: boolean;
  /** Inputs that carry gradients. */
  gradientInputs: number[];
  /** Whether it uses the statistics of the batch. */
  adaptive: boolean;
  /** Of a dropout: whether it drops. */
  active: boolean;
}

/** What one phase of a plan makes of a network. */
export interface PhaseSteps {
  /** Steps below the cut: the same in every epoch. */
  prefix: PhaseStep[];
  /** From the cut on. */
  suffix: PhaseStep[];
  /** Values at the cut. */
  boundary: number[];
  /** Numbers at the cut for one image. */
  boundarySize: number;
  /** Numbers that change, and the tensors that hold them. */
  learned: { values: number; tensors: number };
}

/**
 * The steps of one phase, with what trains in it and where it is cut; the trainer compiles the same from the layers
 * themselves.
 */
export function phaseSteps(plan: Plan, phase: number, network: NetworkSteps): PhaseSteps {
  const unfrozen = new Set([...trainableSet(plan, phase, network.blocks).keys(), ...network.headLayers]);
  const trainable = [...unfrozen].filter((layer) => learnedIn(plan, network, layer).tensors > 0);
  const steps = markSteps(plan, network, unfrozen, new Set(trainable));
  const first = steps.findIndex((step) => changes(step));
  const cut = first < 0 ? steps.length : first;
  const boundary = valuesAcross(steps, cut, network.output);
  const sizes = valueSizes(network);
  const learned = { values: 0, tensors: 0 };
  for (const layer of trainable) {
    const { learned: values, tensors } = learnedIn(plan, network, layer);
    learned.values += values;
    learned.tensors += tensors;
  }
  return {
    prefix: steps.slice(0, cut),
    suffix: steps.slice(cut),
    boundary,
    boundarySize: boundary.reduce((sum, value) => sum + sizeOf(sizes, value), 0),
    learned,
  };
}

/** float32 numbers of each value for one image, in whatever phase it occurs. */
export function valueSizes({ input, steps }: Pick<NetworkSteps, 'input' | 'steps'>): Map<number, number> {
  const all = steps.flatMap((step) => [step, ...step.whenAdaptive]);
  return new Map([[0, input], ...all.map(({ output, size }) => [output, size] as const)]);
}

export function sizeOf(sizes: ReadonlyMap<number, number>, value: number): number {
  const size = sizes.get(value);
  if (size === undefined) throw new ThawError({ reason: 'internal', detail: `value ${value} has no size` });
  return size;
}

/** What identifies a step of a network among all that it may be made of. */
export function stepKey({ kind, layers }: Pick<NetworkStep, 'kind' | 'layers'>): string {
  return `${kind}:${layers.join('+')}`;
}

function learnedIn(plan: Plan, network: NetworkSteps, layer: string): { learned: number; tensors: number } {
  const weights = Object.hasOwn(network.weights, layer) ? network.weights[layer] : undefined;
  if (!weights || (weights.normalization && plan.batchNorm === 'locked')) return { learned: 0, tensors: 0 };
  return weights;
}

function markSteps(
  plan: Plan,
  network: NetworkSteps,
  unfrozen: ReadonlySet<string>,
  trainable: ReadonlySet<string>,
): PhaseStep[] {
  const carrying = new Set<number>();
  const isAdaptive = ({ normalization }: NetworkStep): boolean =>
    plan.batchNorm === 'adapt' && normalization !== null && unfrozen.has(normalization);
  const mark = (step: NetworkStep, adaptive: boolean): PhaseStep => {
    const trains = step.layers.some((layer) => trainable.has(layer));
    const gradientInputs = step.inputs.filter((input) => carrying.has(input));
    if (trains || gradientInputs.length > 0) carrying.add(step.output);
    const active = step.kind === 'dropout' && step.rate > 0 && step.layers.some((layer) => unfrozen.has(layer));
    return { ...step, trains, gradientInputs, adaptive, active };
  };
  return network.steps.flatMap((step) => {
    if (!isAdaptive(step)) return [mark(step, false)];
    return step.whenAdaptive.map((part) => mark(part, part.kind === 'normalization'));
  });
}

/** Whether the result for one image can differ from one training step to the next. */
function changes({ trains, adaptive, active }: PhaseStep): boolean {
  return trains || adaptive || active;
}

/** Values computed before a position and needed from it on. */
function valuesAcross(steps: readonly NetworkStep[], position: number, output: number): number[] {
  const made = new Set([0, ...steps.slice(0, position).map((step) => step.output)]);
  const needed = new Set(steps.slice(position).flatMap(({ inputs }) => inputs.filter((input) => made.has(input))));
  if (made.has(output)) needed.add(output);
  return [...needed];
}
