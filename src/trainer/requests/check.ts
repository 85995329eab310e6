import { dirname, resolve } from 'node:path';
import { readPlanFile } from '../../node/planFile.ts';
import { ThawError } from '../../shared/errors.ts';
import { planWarnings } from '../../shared/planWarnings.ts';
import { predictCost } from '../../shared/predictCost.ts';
import type { CheckResult } from '../../shared/results.ts';
import { workspaceOf } from '../../node/runFolder.ts';
import type { Engine } from '../engine/engine.ts';
import { openEngine } from '../engines.ts';
import { openCostBasis } from '../training/costBasis.ts';
import { openSetup, trainableParameters, type TrainingSetup } from '../training/trainingSetup.ts';
import { downloadOf, findModel, type RequestContext } from './requestContext.ts';

/** `thaw check`: validates a plan with its network and data, and predicts what it will cost. */
export async function check(params: { plan: string }, context: RequestContext): Promise<CheckResult> {
  const invalid: CheckResult = {
    valid: false,
    problems: [],
    trainableParameters: 0,
    totalParameters: 0,
    cost: null,
    guard: [],
    warnings: [],
  };
  try {
    const engine = await openEngine(context.engine, context);
    const file = await readPlanFile(resolve(context.directory, params.plan));
    const downloadBytes = await downloadOf(file.plan.model, dirname(file.path));
    const { files } = await findModel(file.plan.model, dirname(file.path), context, workspaceOf(file.path));
    const setup = await openSetup(file, file.plan, files, { scan: false });
    return {
      valid: true,
      problems: [],
      trainableParameters: trainableParameters(setup),
      totalParameters: setup.network.totalParameters,
      cost: await costOf(engine, setup, downloadBytes, context),
      guard: [],
      warnings: planWarnings(setup.plan),
    };
  } catch (error) {
    if (error instanceof ThawError && error.problem.reason === 'planInvalid') {
      return { ...invalid, problems: error.problem.problems };
    }
    throw error;
  }
}

/** Throws as `openCostBasis`. */
async function costOf(
  engine: Engine,
  setup: TrainingSetup,
  downloadBytes: number | null,
  { memoryMB, signal }: RequestContext,
): Promise<CheckResult['cost']> {
  const measured = await openCostBasis(setup, { engine, memoryMB, signal });
  const cost = measured && predictCost(setup.plan, measured.basis, measured.images);
  return cost && { ...cost, downloadBytes };
}
