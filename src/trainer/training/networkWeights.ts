import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { TensorMap } from '../../node/safetensors.ts';
import { layerWeights } from '../execution/layerWeights.ts';
import type { PreparedNetwork } from './prepareNetwork.ts';

/** Weights of the given layers by their saved names, copied out of the engine. */
export function copyWeights(model: tfl.LayersModel, layers: Iterable<string>): TensorMap {
  const tensors: TensorMap = new Map();
  for (const name of layers) {
    for (const weight of layerWeights(model.getLayer(name))) {
      const values = weight.variable.dataSync<'float32'>().slice();
      tensors.set(weight.name, { shape: weight.variable.shape, values });
    }
  }
  return tensors;
}

/** Writes copied weights back, bit for bit; layers that are not in `tensors` stay as they are. */
export function restoreWeights(model: tfl.LayersModel, tensors: TensorMap): void {
  for (const layer of model.layers) {
    for (const { name, variable } of layerWeights(layer)) {
      const saved = tensors.get(name);
      if (saved) tf.tidy(() => variable.assign(tf.tensor(saved.values, variable.shape, 'float32')));
    }
  }
}

/** How far each block has moved: ||w - w0|| / ||w0|| over its weights that may train; frozen blocks are exactly 0. */
export function movementByBlock(network: PreparedNetwork, start: TensorMap): Record<string, number> {
  const groups = [...network.blocks, { name: 'head', layers: network.headLayers }];
  return Object.fromEntries(groups.map(({ name, layers }) => [name, movement(network.model, layers, start)]));
}

function movement(model: tfl.LayersModel, layers: readonly string[], start: TensorMap): number {
  let moved = 0;
  let size = 0;
  for (const layer of layers) {
    for (const { name, variable, learned } of layerWeights(model.getLayer(layer))) {
      const before = start.get(name);
      if (!before || !learned) continue;
      const now = variable.dataSync<'float32'>();
      before.values.forEach((value, index) => {
        moved += (now[index] - value) ** 2;
        size += value ** 2;
      });
    }
  }
  return size === 0 ? Math.sqrt(moved) : Math.sqrt(moved / size);
}
