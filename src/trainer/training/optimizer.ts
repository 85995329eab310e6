import * as tf from '@tensorflow/tfjs-core';

/** A variable with the name it has in the saved model, which unlike the engine's name is the same in every process. */
export interface NamedVariable {
  name: string;
  variable: tf.Variable;
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

abstract class SlotOptimizer implements RateGroupOptimizer {
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

/**
 * Adam (Kingma and Ba 2014, https://arxiv.org/abs/1412.6980) with the bias correction in the step size, as at the end of
 * section 2 of the paper and as Keras does it: b1 = 0.9, b2 = 0.999, epsilon = 1e-7.
 */
class Adam extends SlotOptimizer {
  protected override update(weight: NamedVariable, gradient: tf.Tensor, learningRate: number): void {
    const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-7];
    const first = this.slot(weight, 'm');
    const second = this.slot(weight, 'v');
    first.assign(tf.add(tf.mul(first, beta1), tf.mul(gradient, 1 - beta1)));
    second.assign(tf.add(tf.mul(second, beta2), tf.mul(tf.square(gradient), 1 - beta2)));
    const { variable } = weight;
    const correction = Math.sqrt(1 - beta2 ** this.steps) / (1 - beta1 ** this.steps);
    const change = tf.div(first, tf.add(tf.sqrt(second), epsilon));
    variable.assign(tf.sub(variable, tf.mul(change, learningRate * correction)));
  }
}

/** Stochastic gradient descent with momentum: v = momentum v + g, w = w - rate v (Polyak 1964, as PyTorch writes it). */
class MomentumSgd extends SlotOptimizer {
  constructor(
    weights: readonly NamedVariable[],
    learningRate: number,
    private readonly momentum: number,
  ) {
    super(weights, learningRate, ['velocity']);
  }

  protected override update(weight: NamedVariable, gradient: tf.Tensor, learningRate: number): void {
    const velocity = this.slot(weight, 'velocity');
    velocity.assign(tf.add(tf.mul(velocity, this.momentum), gradient));
    const { variable } = weight;
    variable.assign(tf.sub(variable, tf.mul(velocity, learningRate)));
  }
}

/** An optimizer for variables that share one learning rate. */
export function createOptimizer(
  settings: { name: 'adam' | 'sgd'; momentum?: number },
  weights: readonly NamedVariable[],
  learningRate: number,
): RateGroupOptimizer {
  return settings.name === 'adam'
    ? new Adam(weights, learningRate, ['m', 'v'])
    : new MomentumSgd(weights, learningRate, settings.momentum ?? 0.9);
}
