import type { ModelSummary } from '../../shared/results.ts';
import { openEngine } from '../engines.ts';
import { loadNetwork } from '../model/loadNetwork.ts';
import { describeGraph, layerSummaries } from '../model/networkGraph.ts';
import { summarizeBlocks } from '../training/prepareNetwork.ts';
import { findModel, type RequestContext } from './requestContext.ts';

/** `thaw inspect`: layers and blocks of a model as it is, its own output layers included. */
export async function inspect(params: { model: string }, context: RequestContext): Promise<ModelSummary> {
  await openEngine('portable', context);
  const { files } = await findModel(params.model, context.directory, context);
  const { model, inputShape, labels } = await loadNetwork(files);
  const blocks = summarizeBlocks(describeGraph(model));
  const blockOf = new Map(blocks.flatMap((block) => block.layers.map((layer) => [layer, block.name] as const)));
  const layers = layerSummaries(model).map((layer) => ({ ...layer, block: blockOf.get(layer.name) ?? '' }));
  return {
    format: 'layers-model',
    inputShape,
    parameters: layers.reduce((sum, layer) => sum + layer.parameters, 0),
    layers,
    blocks,
    ...(labels ? { labels } : {}),
  };
}
