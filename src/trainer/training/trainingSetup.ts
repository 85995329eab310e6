import type { PlanFile } from '../../node/planFile.ts';
import { type Baseline, baselinePlan } from '../../shared/baseline.ts';
import { checkPlan } from '../../shared/planCheck.ts';
import { ThawError } from '../../shared/errors.ts';
import type { Plan } from '../../shared/plan.ts';
import type { LocateInPlan } from '../../shared/planLines.ts';
import type { ModelFiles } from '../../node/modelFiles.ts';
import { layerWeights } from '../execution/layerWeights.ts';
import { learnedWeights } from './phaseProgram.ts';
import { prepareNetwork, type PreparedNetwork } from './prepareNetwork.ts';
import { type DataOptions, lossWeights, openTrainingData, type TrainingData } from './trainingData.ts';
import { trainableSet } from '../../shared/trainableLayers.ts';

/** Everything a plan refers to, opened and checked. */
export interface TrainingSetup {
  plan: Plan;
  network: PreparedNetwork;
  data: TrainingData;
  dataFolder: string;
  /** Factor on the loss of each class. */
  classWeights: number[];
  /** Plans that were in the place of `plan` earlier in the run; they differ in what is frozen and in rates. */
  earlierPlans?: readonly Plan[];
}

type PlansOfRun = Pick<TrainingSetup, 'plan' | 'network' | 'earlierPlans'>;

/** How a plan is opened: what of its images, and whether in the place of the plan a baseline for it. */
export interface SetupOptions extends DataOptions {
  baseline?: Baseline;
}

/**
 * Opens the network and the data of a plan, or of a baseline for it. Throws for everything that is wrong with either,
 * `planInvalid` included.
 */
export async function openSetup(
  file: PlanFile,
  stated: Plan,
  files: ModelFiles,
  { baseline, ...options }: SetupOptions = {},
): Promise<TrainingSetup> {
  const network = await prepareNetwork(baseline ? { ...stated, weights: 'random' } : stated, files);
  requireFittingPlan(file.path, file.locate, stated, network);
  const blocks = network.blocks.map(({ name }) => name);
  const plan = baseline ? baselinePlan(stated, blocks, baseline) : stated;
  const data = await openTrainingData(file, plan, network.decode, options);
  const classWeights = lossWeights(plan, data.train.examples);
  return { plan, network, data, dataFolder: file.resolve(plan.data.train), classWeights };
}

export function requireFittingPlan(path: string, locate: LocateInPlan, plan: Plan, network: PreparedNetwork): void {
  const layers = network.model.layers.map((layer) => ({ name: layer.name, weighted: layer.weights.length > 0 }));
  const problems = checkPlan(plan, { blocks: network.blocks, layers }, locate);
  if (problems.length > 0) throw new ThawError({ reason: 'planInvalid', path, problems });
}

/** Layers that train in any phase of the plan, or of those that were in its place before; the head's included. */
export function changingLayers({ plan, network, earlierPlans = [] }: PlansOfRun): Set<string> {
  const layers = new Set<string>(network.headLayers);
  for (const each of [...earlierPlans, plan]) {
    each.phases.forEach((_, phase) => {
      for (const name of trainableSet(each, phase, network.blocks).keys()) layers.add(name);
    });
  }
  return layers;
}

/** Names (as saved) of the backbone weights that no phase of any plan of the run may change, moving statistics included. */
export function frozenWeights(setup: PlansOfRun): string[] {
  const { plan, network } = setup;
  const changing = changingLayers(setup);
  const head = new Set(network.headLayers);
  return network.model.layers
    .filter((layer) => !head.has(layer.name))
    .flatMap((layer) => {
      const all = layerWeights(layer).map((weight) => weight.name);
      if (!changing.has(layer.name)) return all;
      if (plan.batchNorm === 'adapt') return [];
      const learned = new Set(learnedWeights(layer, plan).map((weight) => weight.name));
      return all.filter((name) => !learned.has(name));
    });
}

/** Weights trained in the last phase with the most of them: what a plan trains at all. */
export function trainableParameters({ plan, network }: Pick<TrainingSetup, 'plan' | 'network'>): number {
  let parameters = 0;
  for (const name of changingLayers({ plan, network })) {
    for (const { variable } of learnedWeights(network.model.getLayer(name), plan)) parameters += variable.size;
  }
  return parameters;
}
