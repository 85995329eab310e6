import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { writeFileAtomic } from '../../node/atomicFile.ts';
import type { PlanFile } from '../../node/planFile.ts';
import { planAfter, readRunChanges } from '../../node/runChanges.ts';
import { currentState, type RunFolder } from '../../node/runFolder.ts';
import { baselinePlan } from '../../shared/baseline.ts';
import { ThawError } from '../../shared/errors.ts';
import type { Plan } from '../../shared/plan.ts';
import { type PlanOverrides, withSettings } from '../../shared/planOverrides.ts';
import type { FoldChoice } from '../../shared/splitData.ts';
import type { EngineName } from '../engine/engine.ts';
import { THAW_VERSION } from '../../shared/version.ts';

/** What `environment.json` says of how a run was started, besides its plan. */
export interface RunRecord {
  engineName?: EngineName;
  engineReason?: string;
  /** Of the portable engine. */
  threads?: number;
  from?: string;
  fold?: FoldChoice;
  overrides?: PlanOverrides;
  /** What the process was allowed; how batches are divided follows from it. */
  memoryBudgetBytes?: number;
}

/** Writes the plan of a new run and how it was started. */
export async function recordStart(
  run: RunFolder,
  file: PlanFile,
  plan: Plan,
  extra: RunRecord & { model: string; engine: string },
): Promise<void> {
  const environment = {
    thaw: THAW_VERSION,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    plan: file.path,
    ...extra,
  };
  await writeFileAtomic(run.planPath, `${JSON.stringify(plan, null, 2)}\n`);
  await writeFileAtomic(run.environmentPath, `${JSON.stringify(environment, null, 2)}\n`);
}

export async function readRecorded(run: RunFolder): Promise<RunRecord> {
  const text = await readFile(run.environmentPath, 'utf8').catch(() => '{}');
  return JSON.parse(text) as RunRecord;
}

/** What a command says of the plan; where it says nothing of a part, a resumed run goes on with what it was started with. */
export function overridesOf({ seed, set, baseline }: PlanOverrides, recorded: PlanOverrides = {}): PlanOverrides {
  const given = { seed, set, baseline };
  const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...recorded, ...stated };
}

/** The plan with what a command says of it, but for the baseline, which takes the network. Throws `planSetting`. */
export function overriddenPlan(plan: Plan, { seed, set = [] }: PlanOverrides): Plan {
  const changed = withSettings(plan, set);
  return seed === undefined ? changed : { ...changed, seed };
}

/**
 * Throws `runPlanChanged` where the plan is not the one that the run was started with, `runBusy` while another process
 * trains it, `planSetting`.
 */
export async function requireResumable(run: RunFolder, file: PlanFile, overrides: PlanOverrides): Promise<void> {
  const status = await run.readStatus();
  if (status && currentState(status) === 'running' && status.processId !== process.pid) {
    throw new ThawError({ reason: 'runBusy', path: run.path, processId: status.processId });
  }
  const started = await run.readPlan();
  const before: Record<string, unknown> = { ...planAfter(started, await readRunChanges(run), Infinity) };
  const stated = overriddenPlan(file.plan, overrides);
  const { baseline } = overrides;
  // The plan of a baseline names every block of the network.
  const plan = baseline ? baselinePlan(stated, Object.keys(started.blocks), baseline) : stated;
  // Through JSON, since a key that is absent and one that is undefined are the same in a file.
  const after = JSON.parse(JSON.stringify(plan)) as Record<string, unknown>;
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = keys.filter((key) => key !== '$schema' && !isDeepStrictEqual(before[key], after[key]));
  if (changed.length > 0) {
    throw new ThawError({ reason: 'runPlanChanged', run: run.path, plan: file.path, keys: changed });
  }
}
