import { dirname, resolve } from 'node:path';
import { planFileOf } from '../../node/planFile.ts';
import { workspaceOf } from '../../node/runFolder.ts';
import type { CostResult } from '../../shared/results.ts';
import { openEngine } from '../engines.ts';
import { openCostBasis } from '../training/costBasis.ts';
import { openSetup } from '../training/trainingSetup.ts';
import { downloadOf, findModel, type RequestContext } from './requestContext.ts';

/** What the cost of a plan follows from. Throws as `check` and, when it is cancelled, rejects with the signal's reason. */
export async function planCost(params: { plan: string; text: string }, context: RequestContext): Promise<CostResult> {
  const engine = await openEngine(context.engine, context);
  const file = planFileOf(resolve(context.directory, params.plan), params.text);
  const folder = dirname(file.path);
  const downloadBytes = await downloadOf(file.plan.model, folder);
  const { files } = await findModel(file.plan.model, folder, context, workspaceOf(file.path));
  const setup = await openSetup(file, file.plan, files, { scan: false });
  const { memoryMB, signal } = context;
  try {
    return { measured: await openCostBasis(setup, { engine, memoryMB, signal }), downloadBytes };
  } finally {
    setup.network.model.dispose();
  }
}
