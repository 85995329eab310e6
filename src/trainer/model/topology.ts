import type * as tfl from '@tensorflow/tfjs-layers';

export type Layer = tfl.layers.Layer;
export type LayerNode = Layer['inboundNodes'][number];

/**
 * The layer calls that lead to a tensor, in topological order with branches kept together; the call that makes the
 * tensor comes last. A layer called twice appears twice.
 */
export function callsLeadingTo(output: tfl.SymbolicTensor): LayerNode[] {
  const calls: LayerNode[] = [];
  const seen = new Set<LayerNode>();
  const visit = (tensor: tfl.SymbolicTensor): void => {
    const node = nodeOf(tensor);
    if (seen.has(node)) return;
    seen.add(node);
    if (!isInput(node.outboundLayer)) node.inputTensors.forEach(visit);
    calls.push(node);
  };
  visit(output);
  return calls;
}

/** The layer call that makes a tensor. */
export function nodeOf(tensor: tfl.SymbolicTensor): LayerNode {
  return tensor.sourceLayer.inboundNodes[tensor.nodeIndex];
}

export function isInput(layer: Layer): boolean {
  return layer.getClassName() === 'InputLayer';
}

/** Number of values in all weights of a layer, trainable or not. */
export function parametersOf(layer: Layer): number {
  return layer.weights.reduce(
    (sum, weight) => sum + weight.shape.reduce<number>((size, dimension) => size * (dimension ?? 1), 1),
    0,
  );
}
