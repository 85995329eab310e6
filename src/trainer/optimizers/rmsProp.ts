import * as tf from '@tensorflow/tfjs-core';
import { type NamedVariable, SlotOptimizer, type Update, type Updated } from './slotOptimizer.ts';

const [RHO, EPSILON] = [0.9, 1e-7];

/**
 * RMSprop (Hinton 2012, lecture 6e of the course CSC321) as Keras does it: the gradient over the root of the moving mean of
 * its squares, with epsilon inside the root, then momentum of the change. rho = 0.9, epsilon = 1e-7.
 */
export class RmsProp extends SlotOptimizer {
  constructor(
    weights: readonly NamedVariable[],
    learningRate: number,
    private readonly momentum: number,
  ) {
    super(weights, learningRate, momentum === 0 ? ['v'] : ['v', 'momentum']);
  }

  protected override numbers(_: NamedVariable, learningRate: number): number[] {
    return [learningRate];
  }

  protected override update({ weight, gradient, slots }: Update, [rate]: readonly tf.Tensor[]): Updated {
    const [v, momentum] = slots;
    const squares = tf.add(tf.mul(v, RHO), tf.mul(tf.square(gradient), 1 - RHO));
    const change = tf.mul(tf.div(gradient, tf.sqrt(tf.add(squares, EPSILON))), rate);
    if (this.momentum === 0) return { value: tf.sub(weight.variable, change), slots: [squares] };
    const moving = tf.add(tf.mul(momentum, this.momentum), change);
    return { value: tf.sub(weight.variable, moving), slots: [squares, moving] };
  }
}
