import * as tf from '@tensorflow/tfjs-core';
import { type NamedVariable, SlotOptimizer, type Update, type Updated } from './slotOptimizer.ts';

/** Stochastic gradient descent with momentum: v = momentum v + g, w = w - rate v (Polyak 1964, as PyTorch writes it). */
export class MomentumSgd extends SlotOptimizer {
  constructor(
    weights: readonly NamedVariable[],
    learningRate: number,
    private readonly momentum: number,
  ) {
    super(weights, learningRate, ['velocity']);
  }

  protected override numbers(_: NamedVariable, learningRate: number): number[] {
    return [learningRate];
  }

  protected override update({ weight, gradient, slots: [velocity] }: Update, [rate]: readonly tf.Tensor[]): Updated {
    const moved = tf.add(tf.mul(velocity, this.momentum), gradient);
    return { value: tf.sub(weight.variable, tf.mul(moved, rate)), slots: [moved] };
  }
}
