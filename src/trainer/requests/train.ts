import { dirname, resolve, sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { runFreezeProof } from '../../node/freezeProof.ts';
import type { PlanFile } from '../../node/planFile.ts';
import { readRunSplit, writeSplit } from '../../node/splitFile.ts';
import {
  ensureThawFolder,
  findRun,
  hasThawFolder,
  newRunPath,
  removeUnusedThawFolder,
  RunFolder,
  runsFolder,
  workspaceOf,
} from '../../node/runFolder.ts';
import { describeProblem, isInputProblem, type Problem, ThawError } from '../../shared/errors.ts';
import type { PlanOverrides } from '../../shared/planOverrides.ts';
import { parsePlanText } from '../../shared/planText.ts';
import type { TrainResult } from '../../shared/results.ts';
import type { FoldChoice } from '../../shared/splitData.ts';
import { chooseEngine, type ChosenEngine } from '../engines.ts';
import { loadNetwork } from '../model/loadNetwork.ts';
import { FREEZE_PROOF_ENTRY } from '../resources.ts';
import { memoryBudget } from '../training/memoryBudget.ts';
import { copyWeights, restoreWeights } from '../training/networkWeights.ts';
import { throttled } from '../training/throttled.ts';
import { trainPlan } from '../training/trainPlan.ts';
import { frozenWeights, openSetup, type TrainingSetup } from '../training/trainingSetup.ts';
import { trainerProblem } from '../trainerProblem.ts';
import { findModel, findPlan, type RequestContext } from './requestContext.ts';
import {
  overriddenPlan,
  overridesOf,
  readRecorded,
  recordStart,
  requireResumable,
  type RunRecord,
} from './runRecord.ts';

interface TrainParams extends PlanOverrides {
  plan: string | PlanFile;
  run?: string;
  resume?: string;
  from?: string;
  fold?: FoldChoice;
}

/** `thaw train`: trains a plan in a run folder, new or resumed. */
export async function train(params: TrainParams, context: RequestContext): Promise<TrainResult> {
  const file = await findPlan(params.plan, context);
  const workspace = workspaceOf(file.path);
  const asked = params.resume ? findRun(params.resume, context.directory, workspace) : newRun(params, context, file);
  const recorded = params.resume ? await readRecorded(asked) : {};
  const memoryBudgetBytes = budgetOf(context, recorded);
  const { engine, reason: engineReason } = await chooseForRun(context, recorded);
  const overrides = overridesOf(params, recorded.overrides);
  if (params.resume) await requireResumable(asked, file, overrides);
  const stated = overriddenPlan(file.plan, overrides);
  const from = params.resume ? recorded.from : params.from && findRun(params.from, context.directory, workspace).path;
  // Whatever is wrong with the input comes to light before anything is written.
  const { files } = await findModel(stated.model, dirname(file.path), context, workspace);
  const fold = params.resume ? recorded.fold : params.fold;
  const resumed = params.resume
    ? { run: asked.path, path: asked.splitPath, split: await readRunSplit(asked) }
    : undefined;
  const setup = await openSetup(file, stated, files, {
    ...{ baseline: overrides.baseline, fold, resumed, signal: context.signal },
    onProgress: throttled((done, total) => context.emit({ event: 'images', done, total })),
  });
  const { plan } = setup;
  const source = from
    ? await startFrom(setup, from, context)
    : { path: files.modelJsonPath, names: setup.network.sourceNames };
  const isFirst = !hasThawFolder(workspace);
  const run = params.resume ? asked : await createRun(asked, params, file);
  if (params.resume) await run.removeLeftovers();
  try {
    if (run.isNew) {
      if (run.path.startsWith(runsFolder(workspace) + sep)) await ensureThawFolder(workspace);
      // First, so that a run that has a plan has its split too.
      if (setup.data.split) await writeSplit(run.splitPath, setup.data.split);
      await recordStart(run, file, plan, {
        ...{ model: from ?? plan.model, engine: engine.version, engineName: engine.name, engineReason, from, fold },
        memoryBudgetBytes,
        threads: engine.threads,
        overrides: Object.keys(overrides).length > 0 ? overrides : undefined,
      });
    }
    await run.writeStatus('running');
    const result = await trainPlan({
      engine,
      engineReason,
      setup,
      run,
      resume: params.resume !== undefined,
      memoryBudgetBytes,
      emit: context.emit,
      signal: context.signal,
      onChange: (listener) =>
        context.onChange((text) => {
          const parsed = parsePlanText(text);
          // The editor offers valid plans only; one that is not valid has nothing to take over.
          if ('plan' in parsed) listener(parsed.plan);
        }),
      proveFreeze: () => proveFreeze(setup, source, run),
    });
    await run.writeStatus(result.stopped);
    return result;
  } catch (error) {
    const problem = await fail(run, trainerProblem(error));
    if (isFirst) await removeUnusedThawFolder(workspace);
    throw problem.reason === 'internal' ? error : new ThawError(problem);
  }
}

/** A resumed run divides its batches as before, unless the request gives it other memory. */
function budgetOf({ memoryMB }: RequestContext, recorded: RunRecord): number {
  const stated = memoryMB !== undefined && memoryMB > 0;
  return stated ? memoryBudget(memoryMB) : (recorded.memoryBudgetBytes ?? memoryBudget(undefined));
}

/** A run that goes on takes the engine and the number of threads it began with: others round otherwise. */
async function chooseForRun(context: RequestContext, recorded: RunRecord): Promise<ChosenEngine> {
  const { engine: choice, signal } = context;
  const { engineName: began } = recorded;
  const request = { threads: context.threads ?? threadsOf(recorded), measure: true, signal };
  if (choice !== 'auto' || began === undefined) return chooseEngine(choice, request);
  try {
    return { ...(await chooseEngine(began, request)), reason: 'the run began with it' };
  } catch (error) {
    if (!(error instanceof ThawError) || error.problem.reason !== 'engineUnavailable') throw error;
    return chooseEngine(choice, request);
  }
}

/** Runs from before threads were recorded had one. */
function threadsOf({ engineName, threads }: RunRecord): number | undefined {
  return threads ?? (engineName === 'portable' ? 1 : undefined);
}

/**
 * The result of a run that came to its end; null for one that did not.
 *
 * @throws ThawError `runPlanChanged` where the plan is not the one it was started with, `runBusy`
 */
export async function finishedResult(
  run: RunFolder,
  params: PlanOverrides & { plan: PlanFile },
): Promise<TrainResult | null> {
  const { overrides } = await readRecorded(run);
  await requireResumable(run, params.plan, overridesOf(params, overrides));
  return run.finishedReport();
}

function newRun(params: TrainParams, context: RequestContext, file: PlanFile): RunFolder {
  const path = params.run ? resolve(context.directory, params.run) : newRunPath(file.path, new Date());
  const run = new RunFolder(path);
  if (run.exists) throw new ThawError({ reason: 'runExists', path });
  return run;
}

/** Makes the folder of a new run. A name of our own that somebody else took at the same moment gives way to the next. */
async function createRun(run: RunFolder, params: TrainParams, file: PlanFile): Promise<RunFolder> {
  try {
    await run.create();
    return run;
  } catch (error) {
    const taken = error instanceof ThawError && error.problem.reason === 'runExists';
    if (!taken || params.run !== undefined) throw error;
    return createRun(new RunFolder(newRunPath(file.path, new Date())), params, file);
  }
}

interface Source {
  path: string;
  names: ReadonlyMap<string, string>;
}

/** Puts the weights of an earlier run into the network; weights that it lacks or has in another shape stay as they are. */
async function startFrom(setup: TrainingSetup, from: string, context: RequestContext): Promise<Source> {
  const { files } = await findModel(from, from, context);
  const earlier = await loadNetwork(files);
  const weights = copyWeights(
    earlier.model,
    earlier.model.layers.map((layer) => layer.name),
  );
  const { model } = setup.network;
  for (const [name, { shape }] of copyWeights(
    model,
    model.layers.map((layer) => layer.name),
  )) {
    if (!isDeepStrictEqual(weights.get(name)?.shape, shape)) weights.delete(name);
  }
  restoreWeights(model, weights);
  return { path: files.modelJsonPath, names: earlier.sourceNames };
}

/** Null for a network that started from random weights: there is no source to compare with. */
async function proveFreeze(setup: TrainingSetup, source: Source, run: RunFolder): Promise<TrainResult['freezeProof']> {
  if (setup.plan.weights === 'random') return null;
  const proof = await runFreezeProof(FREEZE_PROOF_ENTRY, {
    sourceModel: source.path,
    savedModel: run.modelPath,
    frozenNames: frozenWeights(setup),
    sourceNames: Object.fromEntries(source.names),
  });
  return {
    frozenTensors: proof.frozenTensors,
    changedTensors: proof.changedTensors.length,
    changed: proof.changedTensors,
  };
}

/**
 * A new run that never got to a checkpoint because of its input leaves nothing behind; any other says why it failed, and
 * the problem how it goes on.
 */
async function fail(run: RunFolder, problem: Problem): Promise<Problem> {
  if (isInputProblem(problem) && !run.hasCheckpoint && run.isNew) {
    await run.discard();
    return problem;
  }
  const resumable = problem.reason === 'dataVanished' || problem.reason === 'noSpace';
  const named: Problem = resumable ? { ...problem, run: run.path } : problem;
  await run.writeStatus('failed', describeProblem(named)).catch(() => undefined);
  return named;
}
