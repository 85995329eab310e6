import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { Random } from '../../shared/random.ts';
import type { Layer } from './topology.ts';

/**
 * Gives every weight of a network a new initial value: He uniform for convolutions, Glorot uniform for other kernels,
 * batch normalization as the identity, zero for the rest. Each weight draws from a stream of its own, named after it,
 * so that every engine starts from the same numbers.
 */
export function reinitialise(model: tfl.LayersModel, seed: number): void {
  for (const layer of model.layers) reinitialiseLayer(layer, seed, 'init');
}

/** As `reinitialise`, for one layer; `purpose` begins the name of its random streams. */
export function reinitialiseLayer(layer: Layer, seed: number, purpose: string): void {
  for (const weight of layer.weights) {
    const shape = weight.shape.map((dimension) => dimension ?? 1);
    const random = Random.seeded(seed, `${purpose}/${weight.originalName}`);
    const values = initialValues(weight.originalName, shape, random);
    tf.tidy(() => void weight.write(tf.tensor(values, shape)));
  }
}

/**
 * Uniform in ±sqrt(6 / (fan in + fan out)).
 * Glorot and Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html
 *
 * @param shape `[..., in, out]`; the leading dimensions are the receptive field.
 */
export function glorotUniform(random: Random, shape: number[]): Float32Array {
  const field = product(shape.slice(0, -2));
  return uniform(random, product(shape), Math.sqrt(6 / (field * ((shape.at(-2) ?? 1) + (shape.at(-1) ?? 1)))));
}

/**
 * Uniform in ±sqrt(6 / fan in), which keeps the variance through rectified layers.
 * He et al. 2015, https://arxiv.org/abs/1502.01852
 */
export function heUniform(random: Random, shape: number[], fanIn: number): Float32Array {
  return uniform(random, product(shape), Math.sqrt(6 / fanIn));
}

function initialValues(weightName: string, shape: number[], random: Random): Float32Array {
  const kind = weightName.slice(weightName.lastIndexOf('/') + 1);
  const size = product(shape);
  switch (kind) {
    case 'gamma':
    case 'moving_variance':
      return new Float32Array(size).fill(1);
    case 'depthwise_kernel':
      // Each output sees one channel only.
      return heUniform(random, shape, product(shape.slice(0, 2)));
    case 'kernel':
    case 'pointwise_kernel':
      return shape.length > 2 ? heUniform(random, shape, product(shape.slice(0, -1))) : glorotUniform(random, shape);
    case 'beta':
    case 'moving_mean':
    case 'bias':
    case 'alpha':
      return new Float32Array(size);
    default:
      return shape.length > 1 ? glorotUniform(random, shape) : new Float32Array(size);
  }
}

function uniform(random: Random, size: number, limit: number): Float32Array {
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = (2 * random.uniform() - 1) * limit;
  return values;
}

function product(numbers: number[]): number {
  return numbers.reduce((total, number) => total * number, 1);
}
