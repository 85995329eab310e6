import * as tf from '@tensorflow/tfjs-core';
import { type NamedVariable, SlotOptimizer } from './slotOptimizer.ts';

const [BETA_1, BETA_2, EPSILON] = [0.9, 0.999, 1e-7];

/**
 * Adam (Kingma and Ba 2014, https://arxiv.org/abs/1412.6980) with the bias correction in the step size, as at the end of
 * section 2 of the paper and as Keras does it: b1 = 0.9, b2 = 0.999, epsilon = 1e-7.
 */
export class Adam extends SlotOptimizer {
  constructor(weights: readonly NamedVariable[], learningRate: number) {
    super(weights, learningRate, ['m', 'v']);
  }

  protected override update(weight: NamedVariable, gradient: tf.Tensor, learningRate: number, step: number): void {
    const first = this.slot(weight, 'm');
    const second = this.slot(weight, 'v');
    first.assign(tf.add(tf.mul(first, BETA_1), tf.mul(gradient, 1 - BETA_1)));
    second.assign(tf.add(tf.mul(second, BETA_2), tf.mul(tf.square(gradient), 1 - BETA_2)));
    const { variable } = weight;
    const correction = Math.sqrt(1 - BETA_2 ** step) / (1 - BETA_1 ** step);
    const change = tf.div(first, tf.add(tf.sqrt(second), EPSILON));
    variable.assign(tf.sub(variable, tf.mul(change, learningRate * correction)));
  }
}

/**
 * AdamW (Loshchilov and Hutter 2017, https://arxiv.org/abs/1711.05101): Adam after every kernel has shrunk by its rate times
 * `weightDecay`, apart from the gradient. Biases and batch normalization do not shrink.
 */
export class AdamW extends Adam {
  constructor(
    weights: readonly NamedVariable[],
    learningRate: number,
    private readonly weightDecay: number,
  ) {
    super(weights, learningRate);
  }

  protected override update(weight: NamedVariable, gradient: tf.Tensor, learningRate: number, step: number): void {
    const { variable, isKernel } = weight;
    if (isKernel) variable.assign(tf.mul(variable, 1 - learningRate * this.weightDecay));
    super.update(weight, gradient, learningRate, step);
  }
}
