import type * as tfl from '@tensorflow/tfjs-layers';
import type { ModelFiles } from '../../node/modelFiles.ts';
import { findBlocks } from '../../shared/blocks.ts';
import type { NetworkGraph } from '../../shared/network.ts';
import type { Plan } from '../../shared/plan.ts';
import type { BlockSummary } from '../../shared/results.ts';
import { attachHead } from '../model/head.ts';
import { reinitialise } from '../model/initialWeights.ts';
import { loadNetwork } from '../model/loadNetwork.ts';
import { describeGraph } from '../model/networkGraph.ts';
import type { DecodeSettings } from '../data/decodeImage.ts';
import type { NetworkInput } from './inputTensor.ts';

/** A backbone with the plan's head on it, ready to train. */
export interface PreparedNetwork {
  model: tfl.LayersModel;
  input: NetworkInput;
  /** How images are decoded for it. */
  decode: DecodeSettings;
  /** Blocks of the backbone from input to output; the head is none of them. */
  blocks: BlockSummary[];
  headLayers: string[];
  /** The head's last layer. */
  logitsLayer: string;
  classes: string[];
  /** Names of weights in the source's model.json, by their names in `model`. */
  sourceNames: ReadonlyMap<string, string>;
  totalParameters: number;
}

/** Loads a model, replaces its output layer by the plan's head and finds its blocks. Throws like `loadNetwork` and `attachHead`. */
export async function prepareNetwork(plan: Plan, files: ModelFiles): Promise<PreparedNetwork> {
  const loaded = await loadNetwork(files);
  const { model, headLayers } = attachHead(loaded.model, plan.head, plan.seed);
  if (plan.weights === 'random') reinitialise(model, plan.seed);
  const graph = describeGraph(model);
  const [height, width, channels] = loaded.inputShape;
  return {
    model,
    input: { height, width, channels, range: plan.input.range },
    decode: { height, width, channels: channels === 1 ? 'gray' : plan.input.channels, resize: plan.input.resize },
    blocks: backboneBlocks(graph, headLayers),
    headLayers,
    logitsLayer: headLayers[headLayers.length - 1],
    classes: plan.head.classes,
    sourceNames: loaded.sourceNames,
    totalParameters: graph.nodes.reduce((sum, node) => sum + node.parameters, 0),
  };
}

/** Blocks of a graph without the head, which is a chain at its end. */
function backboneBlocks(graph: NetworkGraph, headLayers: readonly string[]): BlockSummary[] {
  const head = new Set(headLayers);
  return summarizeBlocks({ nodes: graph.nodes.filter((node) => !head.has(node.layer)) });
}

/** The blocks of a graph with their numbers of parameters. */
export function summarizeBlocks(graph: NetworkGraph): BlockSummary[] {
  const parameters = new Map<string, number>();
  for (const node of graph.nodes) parameters.set(node.layer, (parameters.get(node.layer) ?? 0) + node.parameters);
  return findBlocks(graph).map(({ name, layers }) => ({
    name,
    layers: [...layers],
    parameters: layers.reduce((sum, layer) => sum + (parameters.get(layer) ?? 0), 0),
  }));
}
