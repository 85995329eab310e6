import type { Plan } from '../plan.ts';
import type { PlanChange } from '../planEdits.ts';

type Path = PlanChange['path'];

/**
 * The fewest places of a plan file to change so that `before` becomes `after`. No path lies inside another, so the order
 * of the changes does not matter. Lists of objects of equal length are compared entry by entry, other lists as a whole.
 */
export function planChanges(before: Plan, after: Plan): PlanChange[] {
  const changes: PlanChange[] = [];
  compare(before, after, [], changes);
  return changes;
}

/** Whether two values would be written alike; undefined counts as a missing key. */
export function sameJson(one: unknown, other: unknown): boolean {
  const changes: PlanChange[] = [];
  compare(one, other, [], changes);
  return changes.length === 0;
}

function compare(before: unknown, after: unknown, path: Path, changes: PlanChange[]): void {
  if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(ownValue(before, key), ownValue(after, key), [...path, key], changes);
    }
  } else if (areEntries(before) && areEntries(after) && before.length === after.length) {
    before.forEach((entry, index) => compare(entry, after[index], [...path, index], changes));
  } else if (!sameValue(before, after)) {
    changes.push({ path, value: after });
  }
}

function sameValue(one: unknown, other: unknown): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return Object.is(one, other);
  return one.length === other.length && one.every((entry, index) => sameJson(entry, other[index]));
}

function areEntries(value: unknown): value is Record<string, unknown>[] {
  return Array.isArray(value) && value.every(isObject);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function ownValue(record: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
