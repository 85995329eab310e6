import * as tf from '@tensorflow/tfjs-core';
import { Random } from '../../../shared/random.ts';
import type { Engine } from '../engine.ts';

const IMAGES = 2;
const SIZE = 4;
const CHANNELS = 3;
const FILTERS = 5;
const PIXELS = IMAGES * SIZE * SIZE;

/** The largest difference, as a share of the largest value, that rounding explains. */
const TOLERANCE = 1e-4;

/**
 * One training step of a small network, a convolution with its gradient, compared with the same in plain JavaScript.
 * Throws where the engine computes something else.
 */
export async function probeStep(engine: Engine): Promise<void> {
  const random = Random.seeded(1, 'probe');
  const draw = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal());
  const values = { x: draw(PIXELS * CHANNELS), filter: draw(CHANNELS * FILTERS), bias: draw(FILTERS) };
  const x = tf.tensor4d(values.x, [IMAGES, SIZE, SIZE, CHANNELS]);
  const filter = tf.variable(tf.tensor4d(values.filter, [1, 1, CHANNELS, FILTERS]));
  const bias = tf.variable(tf.tensor1d(values.bias));
  const { value, grads } = tf.variableGrads(() =>
    tf.sum(
      engine.operations.convolution(x, filter as tf.Tensor4D, bias as tf.Tensor1D, {
        kind: 'conv2d',
        strides: [1, 1],
        padding: 'same',
        dilations: [1, 1],
        activation: 'relu6',
        inputGradient: false,
      }),
    ),
  );
  const expected = stepInJavaScript(values);
  compare('loss', await engine.read(value), [expected.loss]);
  compare('gradient', await engine.read(grads[filter.name]), expected.filterGradient);
  tf.dispose([x, filter, bias, value, grads]);
}

/** The sum of relu6(x * filter + bias), and its gradient with respect to the filter. */
function stepInJavaScript({ x, filter, bias }: Record<'x' | 'filter' | 'bias', Float32Array>) {
  let loss = 0;
  const filterGradient = new Array<number>(CHANNELS * FILTERS).fill(0);
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    for (let output = 0; output < FILTERS; output++) {
      let sum = bias[output];
      for (let input = 0; input < CHANNELS; input++) {
        sum += x[pixel * CHANNELS + input] * filter[input * FILTERS + output];
      }
      loss += Math.min(6, Math.max(0, sum));
      if (sum <= 0 || sum >= 6) continue;
      for (let input = 0; input < CHANNELS; input++) {
        filterGradient[input * FILTERS + output] += x[pixel * CHANNELS + input];
      }
    }
  }
  return { loss, filterGradient };
}

function compare(what: string, actual: Float32Array, expected: readonly number[]): void {
  const largest = Math.max(...expected.map(Math.abs));
  const difference = Math.max(...expected.map((value, index) => Math.abs(value - actual[index])));
  if (!(difference <= TOLERANCE * largest)) throw new Error(`the ${what} of a training step came out wrong`);
}
