import type * as tfl from '@tensorflow/tfjs-layers';
import type { GraphNode, NetworkGraph } from '../../shared/network.ts';
import { callsLeadingTo, isInput, parametersOf, type Layer, type LayerNode } from './topology.ts';

/** What `thaw inspect` lists of a layer. */
export interface LayerDescription {
  name: string;
  type: string;
  /** Without the batch dimension; null where it is not fixed. */
  outputShape: (number | null)[];
  parameters: number;
}

/**
 * Describes a flat network with one output, or what of it leads to `end`, as a graph of layer calls in topological order,
 * the input first. The weights of a layer called several times are counted at its first call.
 */
export function describeGraph(model: tfl.LayersModel, end: tfl.SymbolicTensor = model.outputs[0]): NetworkGraph {
  const calls = callsLeadingTo(end);
  const indexes = new Map(calls.map((call, index) => [call, index]));
  const counted = new Set<Layer>();
  const nodes = calls.map((call): GraphNode => {
    const layer = call.outboundLayer;
    const parameters = counted.has(layer) ? 0 : parametersOf(layer);
    counted.add(layer);
    return {
      layer: layer.name,
      type: layer.getClassName(),
      inputs: inputIndexes(call, indexes),
      outputShape: call.outputTensors[0].shape.slice(1),
      parameters,
      ...convolutionSettings(layer),
      ...activationSetting(layer),
    };
  });
  return { nodes };
}

/** The layers of a flat network from input to output, each once, with the shape of its first call. */
export function layerSummaries(model: tfl.LayersModel): LayerDescription[] {
  const layers = new Map<string, LayerDescription>();
  for (const { layer, type, outputShape, parameters } of describeGraph(model).nodes) {
    if (!layers.has(layer)) layers.set(layer, { name: layer, type, outputShape, parameters });
  }
  return [...layers.values()];
}

function inputIndexes(call: LayerNode, indexes: Map<LayerNode, number>): number[] {
  if (isInput(call.outboundLayer)) return [];
  return call.inboundLayers.map((layer, i) => indexes.get(layer.inboundNodes[call.nodeIndices[i]]) ?? -1);
}

function convolutionSettings(layer: Layer): Pick<GraphNode, 'kernelSize' | 'strides'> {
  const { kernelSize, strides } = layer.getConfig();
  return isNumbers(kernelSize) && isNumbers(strides) ? { kernelSize, strides } : {};
}

const ACTIVATION_LAYERS = new Map([
  ['LeakyReLU', 'leakyRelu'],
  ['PReLU', 'prelu'],
  ['ELU', 'elu'],
  ['ThresholdedReLU', 'thresholdedRelu'],
  ['Softmax', 'softmax'],
]);

function activationSetting(layer: Layer): Pick<GraphNode, 'activation'> {
  const type = layer.getClassName();
  const { activation, maxValue } = layer.getConfig();
  if (type === 'ReLU') return { activation: maxValue === 6 ? 'relu6' : 'relu' };
  const name = ACTIVATION_LAYERS.get(type) ?? activation;
  return typeof name === 'string' ? { activation: name } : {};
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number');
}
