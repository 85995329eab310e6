import * as z from 'zod';
import { t } from '@vscode/l10n';
import { BASELINES } from './baseline.ts';
import { ThawError } from './errors.ts';
import type { Plan } from './plan.ts';
import { parsePlanText } from './planText.ts';

const settingSchema = z.object({
  /** Dotted path into the plan, such as `optimizer.headLearningRate` or `phases.0.epochs`. */
  key: z.string(),
  value: z.json(),
});

/** One value of a plan that a command states otherwise than the file. */
export type PlanSetting = z.output<typeof settingSchema>;

/** How the plan of a run differs from its file. A run records it, so that it goes on with the same. */
export const planOverridesSchema = z.object({
  seed: z.number().int().optional(),
  set: z.array(settingSchema).optional(),
  baseline: z.enum(BASELINES).optional(),
});
export type PlanOverrides = z.output<typeof planOverridesSchema>;

/**
 * The plan with some of its values replaced. Objects on the way to a value are made where there are none.
 *
 * @throws ThawError `planSetting` for the first setting that leads nowhere, or where the plan is not valid any more
 */
export function withSettings(plan: Plan, settings: readonly PlanSetting[]): Plan {
  if (settings.length === 0) return plan;
  const changed: unknown = JSON.parse(JSON.stringify(plan));
  for (const setting of settings) put(changed, setting);
  const parsed = parsePlanText(JSON.stringify(changed));
  if ('plan' in parsed) return parsed.plan;
  const [{ path, problem, nearest }] = parsed.problems;
  throw new ThawError({ reason: 'planSetting', key: path, problem, ...(nearest === undefined ? {} : { nearest }) });
}

function put(plan: unknown, { key, value }: PlanSetting): void {
  const path = key.split('.');
  const name = path.pop() ?? '';
  let target = plan;
  path.forEach((step, depth) => {
    const holder = requireHolder(target, step, key, path.slice(0, depth).join('.'));
    target = holder[step] ??= {};
  });
  requireHolder(target, name, key, path.join('.'))[name] = value;
}

/** An object, or a list that has an entry of the name. */
function requireHolder(target: unknown, name: string, key: string, path: string): Record<string, unknown> {
  const refuse = (problem: string): ThawError => new ThawError({ reason: 'planSetting', key, problem });
  if (name === '' || name === '__proto__') throw refuse(t('"{0}" is not a path into a plan.', key));
  if (typeof target !== 'object' || target === null) {
    throw refuse(t('"{0}" is {1} in this plan and has no keys of its own.', path, JSON.stringify(target)));
  }
  if (Array.isArray(target) && !(/^\d+$/.test(name) && Number(name) < target.length)) {
    throw refuse(t('"{0}" has {1} entries, counted from 0; "{2}" is none of them.', path, target.length, name));
  }
  return target as Record<string, unknown>;
}
