import type * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';

/** What a weight does in its layer; the last part of its name in a LayersModel. */
export type WeightRole = string;

/** Roles that batch normalization moves by itself, not by gradient. */
const MOVING_ROLES: ReadonlySet<WeightRole> = new Set(['moving_mean', 'moving_variance']);

export interface LayerWeight {
  /** Name as saved in model.json, stable across processes. */
  name: string;
  role: WeightRole;
  /** Whether gradients may change it at all. */
  learned: boolean;
  /** A kernel, which penalties and weight decay apply to; biases and batch normalization are none. */
  isKernel: boolean;
  variable: tf.Variable;
}

interface LayerVariable {
  originalName: string;
  read(): tf.Tensor;
}

/** The weights of one layer in their saved order. */
export function layerWeights(layer: tfl.layers.Layer): LayerWeight[] {
  return (layer.weights as unknown as LayerVariable[]).map((weight) => {
    const name = weight.originalName;
    const role = name.slice(name.lastIndexOf('/') + 1);
    // LayerVariable.read() returns the tf.Variable itself; its declared type is the base class.
    const kind = { learned: !MOVING_ROLES.has(role), isKernel: role.endsWith('kernel') };
    return { name, role, ...kind, variable: weight.read() as tf.Variable };
  });
}

/** The weight of one role, or undefined where the layer has none (a convolution without bias, `scale: false`). */
export function weightOf(layer: tfl.layers.Layer, role: WeightRole): tf.Variable | undefined {
  return layerWeights(layer).find((weight) => weight.role === role)?.variable;
}
