import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { ThawError } from '../shared/errors.ts';
import type { Plan } from '../shared/plan.ts';
import { planLocator, type LocateInPlan } from '../shared/planLines.ts';
import { parsePlanText } from '../shared/planText.ts';
import { errorCode, toFileProblem } from './atomicFile.ts';

/** A plan file as read: its content and where it is. */
export interface PlanFile {
  /** Absolute. */
  path: string;
  plan: Plan;
  /** Line (1-based) of a path in the text. */
  locate: LocateInPlan;
  /** A reference of the plan as an absolute path. */
  resolve(reference: string): string;
}

/** Reads and validates a plan. Throws `planMissing`, `planInvalid`, `notPermitted`. */
export async function readPlanFile(path: string): Promise<PlanFile> {
  const absolute = resolve(path);
  const text = await readFile(absolute, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'EISDIR' || errorCode(error) === 'ENOTDIR') {
      throw new ThawError({ reason: 'planMissing', path: absolute });
    }
    throw new ThawError(toFileProblem(error, absolute));
  });
  return planFileOf(absolute, text);
}

/** A plan whose text may not be saved yet. Throws `planInvalid`. */
export function planFileOf(absolute: string, text: string): PlanFile {
  const parsed = parsePlanText(text);
  if ('problems' in parsed) throw new ThawError({ reason: 'planInvalid', path: absolute, problems: parsed.problems });
  const folder = dirname(absolute);
  return {
    path: absolute,
    plan: parsed.plan,
    locate: planLocator(text),
    resolve: (reference) => (isAbsolute(reference) ? reference : resolve(folder, reference)),
  };
}
