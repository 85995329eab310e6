import * as tf from '@tensorflow/tfjs-core';
import { type NamedVariable, SlotOptimizer } from './slotOptimizer.ts';

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
    super(weights, learningRate, ['v', 'momentum']);
  }

  protected override update(weight: NamedVariable, gradient: tf.Tensor, learningRate: number): void {
    const squares = this.slot(weight, 'v');
    squares.assign(tf.add(tf.mul(squares, RHO), tf.mul(tf.square(gradient), 1 - RHO)));
    const change = tf.mul(tf.div(gradient, tf.sqrt(tf.add(squares, EPSILON))), learningRate);
    const { variable } = weight;
    if (this.momentum === 0) {
      variable.assign(tf.sub(variable, change));
      return;
    }
    const moving = this.slot(weight, 'momentum');
    moving.assign(tf.add(tf.mul(moving, this.momentum), change));
    variable.assign(tf.sub(variable, moving));
  }
}
