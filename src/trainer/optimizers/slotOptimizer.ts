import * as tf from '@tensorflow/tfjs-core';

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
  apply(gradients: ReadonlyMap<string, tf.Tensor>, factor: number): void;
  save(): OptimizerState;
  /** Restores what any optimizer of the same kind has saved of these weights; what is missing starts at zero. */
  restore(state: ReadonlyMap<string, Float32Array>): void;
  dispose(): void;
}

const STEPS = 'steps';

/** An optimizer that keeps some tensors of the shape of each variable, its slots, all of which start at zero. */
export abstract class SlotOptimizer implements RateGroupOptimizer {
  /** Steps each weight has made. */
  private readonly steps = new Map<string, number>();
  private readonly slots = new Map<string, tf.Variable>();

  constructor(
    readonly weights: readonly NamedVariable[],
    private readonly learningRate: number,
    private readonly slotNames: readonly string[],
  ) {}

  apply(gradients: ReadonlyMap<string, tf.Tensor>, factor: number): void {
    for (const weight of this.weights) {
      const gradient = gradients.get(weight.variable.name);
      if (!gradient) continue;
      const step = (this.steps.get(weight.name) ?? 0) + 1;
      this.steps.set(weight.name, step);
      tf.tidy(() => this.update(weight, gradient, this.learningRate * factor, step));
    }
  }

  /** @param step counts from 1 */
  protected abstract update(weight: NamedVariable, gradient: tf.Tensor, learningRate: number, step: number): void;

  protected slot({ name: owner, variable }: NamedVariable, name: string): tf.Variable {
    const key = `${owner}/${name}`;
    const existing = this.slots.get(key);
    if (existing) return existing;
    const created = tf.variable(tf.zerosLike(variable), false);
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
    for (const slot of this.slots.values()) slot.dispose();
    this.slots.clear();
  }
}
