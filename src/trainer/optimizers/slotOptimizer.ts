import * as tf from '@tensorflow/tfjs-core';
import type { CompiledFunction, Engine } from '../engine/engine.ts';

/** A variable with the name it has in the saved model, which unlike the engine's name is the same in every process. */
export interface NamedVariable {
  name: string;
  variable: tf.Variable;
  /** A kernel, which penalties and weight decay apply to; biases and batch normalization are none. */
  isKernel: boolean;
}

/**
 * What optimizers keep between steps, by the name of a weight and of the slot, as a checkpoint stores it. It does not say
 * how weights are grouped, so it outlives a change of rates.
 */
export type OptimizerState = Map<string, Float32Array>;

/**
 * Updates the variables of one rate group. A learning rate belongs to the group, so blocks with different rates have
 * optimizers of their own and freezing a block is leaving its group away.
 */
export interface RateGroupOptimizer {
  readonly weights: readonly NamedVariable[];
  /** Applies one step; `gradients` by the engine's variable name, `factor` on the learning rate from the schedule. */
  apply(engine: Engine, gradients: ReadonlyMap<string, tf.Tensor>, factor: number): void;
  save(): OptimizerState;
  /** Restores what any optimizer of the same kind has saved of these weights; what is missing starts at zero. */
  restore(state: ReadonlyMap<string, Float32Array>): void;
  dispose(): void;
}

/** A weight that is to be updated, its gradient, and its slots in their order. */
export interface Update {
  weight: NamedVariable;
  gradient: tf.Tensor;
  slots: readonly tf.Tensor[];
}

/** The new value of a weight, and of its slots in their order. */
export interface Updated {
  value: tf.Tensor;
  slots: readonly tf.Tensor[];
}

const STEPS = 'steps';

/** Values of weights that are updated by one function at most, unless one weight alone has more: it bounds the memory. */
const VALUES_AT_ONCE = 2 ** 21;

/** An optimizer that keeps some tensors of the shape of each variable, its slots, all of which start at zero. */
export abstract class SlotOptimizer implements RateGroupOptimizer {
  /** Steps each weight has made. */
  private readonly steps = new Map<string, number>();
  private readonly slots = new Map<string, tf.Variable>();
  private readonly compiled = new Map<string, CompiledFunction>();

  constructor(
    readonly weights: readonly NamedVariable[],
    private readonly learningRate: number,
    private readonly slotNames: readonly string[],
  ) {}

  apply(engine: Engine, gradients: ReadonlyMap<string, tf.Tensor>, factor: number): void {
    const due = this.weights.filter(({ variable }) => gradients.has(variable.name));
    for (const part of inParts(due)) this.applyTo(part, engine, gradients, factor);
  }

  private applyTo(
    weights: readonly NamedVariable[],
    engine: Engine,
    gradients: ReadonlyMap<string, tf.Tensor>,
    factor: number,
  ): void {
    const numbers = new Map<string, number[]>();
    const keys = weights.map((weight) => {
      const step = (this.steps.get(weight.name) ?? 0) + 1;
      this.steps.set(weight.name, step);
      const own = this.numbers(weight, this.learningRate * factor, step);
      const key = own.join(' ');
      numbers.set(key, own);
      return key;
    });
    const distinct = [...numbers.keys()];
    const places = keys.map((key) => distinct.indexOf(key));
    const scalars = [...numbers.values()].flatMap((own) => own.map((value) => tf.scalar(value)));
    try {
      const given = weights.map(({ variable }) => gradients.get(variable.name) as tf.Tensor);
      const results = this.function(engine, weights, places).run([...given, ...scalars]);
      this.assign(weights, results);
      tf.dispose(results);
    } finally {
      tf.dispose(scalars);
    }
  }

  /**
   * Gradients of the weights and distinct scalars to the new values of each weight and its slots.
   *
   * @param places which of the distinct scalars each weight takes
   */
  private function(engine: Engine, weights: readonly NamedVariable[], places: readonly number[]): CompiledFunction {
    const key = [...weights.map(({ name }) => name), ...places].join(' ');
    const present = this.compiled.get(key);
    if (present) return present;
    const slots = weights.map((weight) => this.slotNames.map((name) => this.slot(weight, name)));
    const variables = [...weights.map(({ variable }) => variable), ...slots.flat()];
    const created = engine.compile(variables, (inputs) => {
      const scalars = inputs.slice(weights.length);
      const each = scalars.length / new Set(places).size;
      return tf.tidy(() =>
        weights.flatMap((weight, index) => {
          const update = { weight, gradient: inputs[index], slots: slots[index] };
          const own = scalars.slice(places[index] * each, (places[index] + 1) * each);
          const { value, slots: values } = this.update(update, own);
          return [value, ...values];
        }),
      );
    });
    this.compiled.set(key, created);
    return created;
  }

  private assign(weights: readonly NamedVariable[], results: readonly tf.Tensor[]): void {
    const each = 1 + this.slotNames.length;
    weights.forEach((weight, index) => {
      const [value, ...slots] = results.slice(index * each, (index + 1) * each);
      weight.variable.assign(value);
      slots.forEach((slot, place) => this.slot(weight, this.slotNames[place]).assign(slot));
    });
  }

  /** What an update depends on besides tensors. @param step counts from 1 */
  protected abstract numbers(weight: NamedVariable, learningRate: number, step: number): number[];

  /** @param scalars the `numbers` of the weight, in their order */
  protected abstract update(update: Update, scalars: readonly tf.Tensor[]): Updated;

  private slot({ name: owner, variable }: NamedVariable, name: string): tf.Variable {
    const key = `${owner}/${name}`;
    const existing = this.slots.get(key);
    if (existing) return existing;
    const created = tf.tidy(() => tf.variable(tf.zerosLike(variable), false));
    this.slots.set(key, created);
    return created;
  }

  save(): OptimizerState {
    const state: OptimizerState = new Map();
    for (const [name, steps] of this.steps) state.set(`${name}/${STEPS}`, Float32Array.of(steps));
    for (const [key, slot] of this.slots) state.set(key, slot.dataSync<'float32'>().slice());
    return state;
  }

  restore(state: ReadonlyMap<string, Float32Array>): void {
    for (const weight of this.weights) {
      const steps = state.get(`${weight.name}/${STEPS}`)?.[0];
      if (steps !== undefined) this.steps.set(weight.name, steps);
      for (const name of this.slotNames) {
        const values = state.get(`${weight.name}/${name}`);
        if (values) tf.tidy(() => this.slot(weight, name).assign(tf.tensor(values, weight.variable.shape, 'float32')));
      }
    }
  }

  dispose(): void {
    for (const each of this.compiled.values()) each.dispose();
    for (const slot of this.slots.values()) slot.dispose();
    this.slots.clear();
    this.compiled.clear();
  }
}

function inParts(weights: readonly NamedVariable[]): NamedVariable[][] {
  const parts: NamedVariable[][] = [];
  let values = Infinity;
  for (const weight of weights) {
    values += weight.variable.size;
    if (values > VALUES_AT_ONCE) {
      parts.push([]);
      values = weight.variable.size;
    }
    parts[parts.length - 1].push(weight);
  }
  return parts;
}
