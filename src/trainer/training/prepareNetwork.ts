import type * as tfl from '@tensorflow/tfjs-layers';
import type { ModelFiles } from '../../node/modelFiles.ts';
import { findBlocks, namedAsIn } from '../../shared/blocks.ts';
import type { Block, NetworkGraph } from '../../shared/network.ts';
import type { Plan } from '../../shared/plan.ts';
import type { BlockSummary } from '../../shared/results.ts';
import { attachHead, defaultAttachment } from '../model/head.ts';
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
    blocks: backboneBlocks(graph, headLayers, plan.head.after === undefined ? null : wholeBackbone(loaded.model)),
    headLayers,
    logitsLayer: headLayers[headLayers.length - 1],
    classes: plan.head.classes,
    sourceNames: loaded.sourceNames,
    totalParameters: graph.nodes.reduce((sum, node) => sum + node.parameters, 0),
  };
}

/** The blocks there would be if the head sat at the end. */
function wholeBackbone(model: tfl.LayersModel): Block[] {
  return findBlocks(describeGraph(model, defaultAttachment(model)));
}

/** Blocks of a graph without the head, which is a chain at its end; they are called alike wherever it sits. */
function backboneBlocks(graph: NetworkGraph, headLayers: readonly string[], whole: Block[] | null): BlockSummary[] {
  const head = new Set(headLayers);
  return summarizeBlocks({ nodes: graph.nodes.filter((node) => !head.has(node.layer)) }, whole ?? undefined);
}

/** The blocks of a graph with their numbers of parameters, named as in `whole`, of which it is the beginning. */
export function summarizeBlocks(graph: NetworkGraph, whole: readonly Block[] = []): BlockSummary[] {
  const parameters = new Map<string, number>();
  for (const node of graph.nodes) parameters.set(node.layer, (parameters.get(node.layer) ?? 0) + node.parameters);
  return namedAsIn(whole, findBlocks(graph)).map(({ name, layers }) => ({
    name,
    layers: [...layers],
    parameters: layers.reduce((sum, layer) => sum + (parameters.get(layer) ?? 0), 0),
  }));
}
