import * as tf from '@tensorflow/tfjs-core';

/** A variable with the name it has in the saved model, which unlike the engine's name is the same in every process. */
export interface NamedVariable {
  name: string;
  variable: tf.Variable;
  /** A kernel, which penalties and weight decay apply to; biases and batch normalization are none. */
  isKernel: boolean;
}

/** Tensors an optimizer keeps between steps, by name, as a checkpoint stores them. */
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
  /** Restores what `save` returned; names that are missing start at zero. */
  restore(state: OptimizerState): void;
  dispose(): void;
}

/** An optimizer that keeps some tensors of the shape of each variable, its slots, all of which start at zero. */
export abstract class SlotOptimizer implements RateGroupOptimizer {
  protected steps = 0;
  private readonly slots = new Map<string, tf.Variable>();

  constructor(
    readonly weights: readonly NamedVariable[],
    private readonly learningRate: number,
    private readonly slotNames: readonly string[],
  ) {}

  apply(gradients: ReadonlyMap<string, tf.Tensor>, factor: number): void {
    this.steps++;
    for (const weight of this.weights) {
      const gradient = gradients.get(weight.variable.name);
      if (gradient) tf.tidy(() => this.update(weight, gradient, this.learningRate * factor));
    }
  }

  protected abstract update(weight: NamedVariable, gradient: tf.Tensor, learningRate: number): void;

  protected slot({ name: owner, variable }: NamedVariable, name: string): tf.Variable {
    const key = `${owner}/${name}`;
    const existing = this.slots.get(key);
    if (existing) return existing;
    const created = tf.variable(tf.zerosLike(variable), false);
    this.slots.set(key, created);
    return created;
  }

  save(): OptimizerState {
    const state: OptimizerState = new Map([['steps', Float32Array.of(this.steps)]]);
    for (const [key, slot] of this.slots) state.set(key, slot.dataSync<'float32'>().slice());
    return state;
  }

  restore(state: OptimizerState): void {
    this.steps = state.get('steps')?.[0] ?? 0;
    for (const weight of this.weights) {
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
