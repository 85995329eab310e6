import * as tfl from '@tensorflow/tfjs-layers';
import { closest, distance } from 'fastest-levenshtein';
import { ThawError } from '../../shared/errors.ts';
import type { Plan } from '../../shared/plan.ts';
import { uniqueName } from '../../shared/uniqueName.ts';
import { reinitialiseLayer } from './initialWeights.ts';
import { callsLeadingTo, type Layer } from './topology.ts';

export interface NetworkWithHead {
  model: tfl.LayersModel;
  /** Layer the head sits on. */
  after: string;
  /** New layers, from the backbone to the output. */
  headLayers: string[];
  /** Layers of the given network that do not lead to `after` and are gone. */
  removedLayers: string[];
}

/**
 * Replaces the end of a flat network by a new head: global average pooling of a 4-D tensor (other ranks above 2 are
 * flattened), hidden Dense layers with relu, Dropout, Dense with softmax. The rest keeps its layers and weights.
 * The new weights are Glorot uniform with zero bias, drawn by `seed` and the name of the layer.
 *
 * Throws ThawError modelLayerMissing when `head.after` names no layer.
 */
export function attachHead(model: tfl.LayersModel, head: Plan['head'], seed: number): NetworkWithHead {
  const base = head.after === undefined ? defaultAttachment(model) : namedAttachment(model, head.after);
  const kept = new Set(callsLeadingTo(base).map((call) => call.outboundLayer.name));
  const layers = headLayers(base.rank, head);
  const names = new Set(kept);
  let top = base;
  for (const layer of layers) {
    layer.name = uniqueName(layer.name, names);
    names.add(layer.name);
    top = layer.apply(top) as tfl.SymbolicTensor;
    reinitialiseLayer(layer, seed, 'head');
  }
  return {
    model: tfl.model({ inputs: model.inputs, outputs: top, name: model.name }),
    after: base.sourceLayer.name,
    headLayers: layers.map((layer) => layer.name),
    removedLayers: model.layers.map((layer) => layer.name).filter((name) => !kept.has(name)),
  };
}

/** Where a head sits by default: at the input of the last layer with weights when that is Dense (the old output layer), else at the output. */
export function defaultAttachment(model: tfl.LayersModel): tfl.SymbolicTensor {
  const last = callsLeadingTo(model.outputs[0]).findLast((call) => call.outboundLayer.weights.length > 0);
  return last?.outboundLayer.getClassName() === 'Dense' ? last.inputTensors[0] : model.outputs[0];
}

/** The output of a layer; of several calls of it, the last. */
function namedAttachment(model: tfl.LayersModel, name: string): tfl.SymbolicTensor {
  const call = callsLeadingTo(model.outputs[0]).findLast((candidate) => candidate.outboundLayer.name === name);
  if (call) return call.outputTensors[0];
  const nearest = closest(
    name,
    model.layers.map((layer) => layer.name),
  );
  const isNear = distance(name, nearest) <= Math.max(2, name.length / 2);
  throw new ThawError({ reason: 'modelLayerMissing', layer: name, ...(isNear ? { nearest } : {}) });
}

function headLayers(rank: number, head: Plan['head']): Layer[] {
  const layers: Layer[] = [];
  if (rank === 4) layers.push(tfl.layers.globalAveragePooling2d({ name: 'head_pool', dataFormat: 'channelsLast' }));
  else if (rank > 2) layers.push(tfl.layers.flatten({ name: 'head_pool' }));
  head.hidden.forEach((units, index) => layers.push(dense(`head_hidden_${index + 1}`, units, 'relu')));
  if (head.dropout > 0) layers.push(tfl.layers.dropout({ name: 'head_dropout', rate: head.dropout }));
  layers.push(dense('head_dense', head.classes.length, 'softmax'));
  return layers;
}

/** Zeros for a start: the initializers of TensorFlow.js draw differently on every engine. */
function dense(name: string, units: number, activation: 'relu' | 'softmax'): Layer {
  return tfl.layers.dense({ name, units, activation, kernelInitializer: 'zeros', biasInitializer: 'zeros' });
}
