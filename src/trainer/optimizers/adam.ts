import * as tf from '@tensorflow/tfjs-core';
import { type NamedVariable, SlotOptimizer, type Update, type Updated } from './slotOptimizer.ts';

const [BETA_1, BETA_2, EPSILON] = [0.9, 0.999, 1e-7];

/**
 * Adam (Kingma and Ba 2014, https://arxiv.org/abs/1412.6980) with the bias correction in the step size, as at the end of
 * section 2 of the paper and as Keras does it: b1 = 0.9, b2 = 0.999, epsilon = 1e-7.
 */
export class Adam extends SlotOptimizer {
  constructor(weights: readonly NamedVariable[], learningRate: number) {
    super(weights, learningRate, ['m', 'v']);
  }

  /** The size of the step, which corrects the bias of both moments. */
  protected override numbers(_: NamedVariable, learningRate: number, step: number): number[] {
    return [learningRate * (Math.sqrt(1 - BETA_2 ** step) / (1 - BETA_1 ** step))];
  }

  protected override update(update: Update, [size]: readonly tf.Tensor[]): Updated {
    return this.moved(update.weight.variable, update, size);
  }

  /** One step from `start`. */
  protected moved(start: tf.Tensor, { gradient, slots: [m, v] }: Update, size: tf.Tensor): Updated {
    const first = tf.add(tf.mul(m, BETA_1), tf.mul(gradient, 1 - BETA_1));
    const second = tf.add(tf.mul(v, BETA_2), tf.mul(tf.square(gradient), 1 - BETA_2));
    const change = tf.div(first, tf.add(tf.sqrt(second), EPSILON));
    return { value: tf.sub(start, tf.mul(change, size)), slots: [first, second] };
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

  protected override numbers(weight: NamedVariable, learningRate: number, step: number): number[] {
    const kept = weight.isKernel ? 1 - learningRate * this.weightDecay : 1;
    return [...super.numbers(weight, learningRate, step), kept];
  }

  protected override update(update: Update, [size, kept]: readonly tf.Tensor[]): Updated {
    const { variable, isKernel } = update.weight;
    return this.moved(isKernel ? tf.mul(variable, kept) : variable, update, size);
  }
}
