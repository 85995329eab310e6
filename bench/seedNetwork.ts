import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { Random } from '../src/shared/random.ts';
import { layerWeights } from '../src/trainer/execution/layerWeights.ts';

/**
 * Gives every weight a seeded value: kernels uniform in He's limits, batch normalization near the identity but nowhere
 * equal to it, so that two implementations that agree agree in all of their weights.
 */
export function seedNetwork(model: tfl.LayersModel, seed: number): void {
  for (const layer of model.layers) {
    for (const { name, role, variable } of layerWeights(layer)) {
      const random = Random.seeded(seed, `benchmark/${name}`);
      const [middle, spread] = distribution(role, variable.shape);
      const values = Float32Array.from({ length: variable.size }, () => middle + spread * (2 * random.uniform() - 1));
      tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
    }
  }
}

/** Middle and half width of the uniform distribution of a weight. */
function distribution(role: string, shape: number[]): [number, number] {
  switch (role) {
    case 'depthwise_kernel':
      return [0, Math.sqrt(6 / (shape[0] * shape[1]))];
    case 'kernel':
      return [0, Math.sqrt(6 / shape.slice(0, -1).reduce((product, length) => product * length, 1))];
    case 'gamma':
    case 'moving_variance':
      return [1, 0.25];
    default:
      return [0, 0.1];
  }
}
