import * as tf from '@tensorflow/tfjs-core';
import { type NamedVariable, SlotOptimizer } from './slotOptimizer.ts';

/** Stochastic gradient descent with momentum: v = momentum v + g, w = w - rate v (Polyak 1964, as PyTorch writes it). */
export class MomentumSgd extends SlotOptimizer {
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
