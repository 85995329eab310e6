import * as tfl from '@tensorflow/tfjs-layers';
import { uniqueName } from '../../shared/uniqueName.ts';
import { isInput, nodeOf, type Layer, type LayerNode } from './topology.ts';

/** A call of a leaf layer; tensors are numbers, 0 being the input of the network. */
interface Call {
  layer: Layer;
  inputs: number[];
  outputs: number[];
  arguments: Record<string, unknown>;
}

/** What TensorFlow.js keeps to itself and flattening has to set. */
interface LayerInternals {
  _refCount: number | null;
}

interface WeightInternals {
  originalName: string;
}

/**
 * Turns a network with models inside (as Teachable Machine exports it) into one functional model of leaf layers that
 * answers the same. The layer objects, and so the weights, are moved: the nested model must not be used afterwards.
 * Layers whose name is taken get the next free `name_1`, and their weights are named after it. All layers become
 * trainable, and the batch size free.
 *
 * @param inputShape Height, width, channels.
 */
export function flattenNetwork(model: tfl.LayersModel, inputShape: [number, number, number]): tfl.LayersModel {
  const { calls, output } = recordCalls(model);
  const inputName = model.inputs[0].sourceLayer.name;
  const layers = [...new Set(calls.map((call) => call.layer))];
  layers.forEach(detach);
  renameRepeated(layers, inputName);

  const input = tfl.input({ shape: inputShape, name: inputName });
  const tensors = new Map<number, tfl.SymbolicTensor>([[0, input]]);
  for (const call of calls) replay(call, tensors);
  // One reference each, so that disposing the model frees the weights of shared layers too.
  for (const layer of layers) internals(layer)._refCount = 1;
  return tfl.model({ inputs: input, outputs: known(tensors, output), name: model.name });
}

/** Lists the calls of leaf layers in topological order, entering every model inside as often as it is called. */
function recordCalls(model: tfl.LayersModel): { calls: Call[]; output: number } {
  const calls: Call[] = [];
  let tensorCount = 1;

  const record = (node: LayerNode, inputs: number[]): number[] => {
    const outputs = node.outputTensors.map(() => tensorCount++);
    const callArguments: Record<string, unknown> = { ...node.callArgs };
    delete callArguments.mask;
    calls.push({ layer: node.outboundLayer, inputs, outputs, arguments: callArguments });
    return outputs;
  };

  const enter = (container: tfl.LayersModel, inputs: number[]): number[] => {
    const numbers = new Map(container.inputs.map((tensor, index) => [tensor.id, inputs[index]]));
    const numberOf = (tensor: tfl.SymbolicTensor): number => {
      if (!numbers.has(tensor.id)) {
        const node = nodeOf(tensor);
        const layer = node.outboundLayer;
        if (isInput(layer)) throw new Error(`layer "${layer.name}" is fed by nothing`);
        const nodeInputs = node.inputTensors.map(numberOf);
        const outputs = layer instanceof tfl.LayersModel ? enter(layer, nodeInputs) : record(node, nodeInputs);
        node.outputTensors.forEach((made, index) => numbers.set(made.id, outputs[index]));
      }
      return known(numbers, tensor.id);
    };
    return container.outputs.map(numberOf);
  };

  const [output] = enter(model, [0]);
  return { calls, output };
}

function replay(call: Call, tensors: Map<number, tfl.SymbolicTensor>): void {
  const inputs = call.inputs.map((input) => known(tensors, input));
  const made = call.layer.apply(inputs.length === 1 ? inputs[0] : inputs, call.arguments);
  const list = (Array.isArray(made) ? made : [made]) as tfl.SymbolicTensor[];
  list.forEach((tensor, index) => tensors.set(call.outputs[index], tensor));
}

/** Forgets the calls of the old graph, which would otherwise make `layer.output` ambiguous. */
function detach(layer: Layer): void {
  layer.inboundNodes = [];
  layer.outboundNodes = [];
  internals(layer)._refCount = null;
  layer.trainable = true;
}

function renameRepeated(layers: Layer[], inputName: string): void {
  const original = new Set(layers.map((layer) => layer.name));
  const taken = new Set([inputName]);
  for (const layer of layers) {
    if (taken.has(layer.name)) rename(layer, uniqueName(layer.name, new Set([...taken, ...original])));
    taken.add(layer.name);
  }
}

function rename(layer: Layer, name: string): void {
  const oldPrefix = `${layer.name}/`;
  for (const weight of layer.weights) {
    if (!weight.originalName.startsWith(oldPrefix)) continue;
    // The name a plain load of the saved model will look for.
    (weight as WeightInternals).originalName = `${name}/${weight.originalName.slice(oldPrefix.length)}`;
  }
  layer.name = name;
}

function internals(layer: Layer): LayerInternals {
  return layer as unknown as LayerInternals;
}

function known<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new Error('the graph of layers is not connected');
  return value;
}
