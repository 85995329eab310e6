import { dirname, resolve } from 'node:path';
import type * as tfl from '@tensorflow/tfjs-layers';
import { workspaceOf } from '../../node/runFolder.ts';
import { ThawError } from '../../shared/errors.ts';
import { parsePlanText } from '../../shared/planText.ts';
import type { PlanLayer, PlanNetwork } from '../../shared/planView.ts';
import { openEngine } from '../engines.ts';
import { layerWeights } from '../execution/layerWeights.ts';
import { layerSummaries } from '../model/networkGraph.ts';
import { prepareNetwork, type PreparedNetwork } from '../training/prepareNetwork.ts';
import { findModel, type RequestContext } from './requestContext.ts';

/** The network a plan's text names, with the plan's head on it. Throws `planInvalid` and what finding a model throws. */
export async function describePlan(
  params: { plan: string; text: string },
  context: RequestContext,
): Promise<{ network: PlanNetwork }> {
  await openEngine('portable', context);
  const path = resolve(context.directory, params.plan);
  const parsed = parsePlanText(params.text);
  if ('problems' in parsed) throw new ThawError({ reason: 'planInvalid', path, problems: parsed.problems });
  const { plan } = parsed;
  const found = await findModel(plan.model, dirname(path), context, workspaceOf(path));
  const network = await prepareNetwork(plan, found.files);
  try {
    return { network: viewOf(network, found.catalogEntry?.title ?? modelTitle(plan.model)) };
  } finally {
    network.model.dispose();
  }
}

function viewOf(network: PreparedNetwork, title: string): PlanNetwork {
  const layers = new Map(layerSummaries(network.model).map((layer) => [layer.name, layer]));
  const view = (name: string): PlanLayer => {
    const layer = network.model.getLayer(name);
    const { type = layer.getClassName(), outputShape = [], parameters = 0 } = layers.get(name) ?? {};
    const normalization = type === 'BatchNormalization';
    return { name, type, outputShape, parameters, learnable: learnableParameters(layer), normalization };
  };
  const { height, width, channels } = network.input;
  return {
    title,
    inputShape: [height, width, channels],
    blocks: network.blocks.map((block) => ({ name: block.name, layers: block.layers.map(view) })),
    head: network.headLayers.map(view),
    totalParameters: network.totalParameters,
  };
}

/** The folder's name of a model on the disk, since the file in it is always called alike. */
function modelTitle(reference: string): string {
  const parts = reference.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
  const named = parts.length > 1 && parts.at(-1) === 'model.json' ? parts.slice(0, -1) : parts;
  return named.at(-1) ?? reference;
}

function learnableParameters(layer: tfl.layers.Layer): number {
  return layerWeights(layer).reduce((sum, { learned, variable }) => sum + (learned ? variable.size : 0), 0);
}
