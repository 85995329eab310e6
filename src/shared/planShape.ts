import type { z } from 'zod';
import { nearestName } from './nearestName.ts';
import type { PlanPath } from './planLines.ts';
import { childValue, constantsOf, planJsonSchema, schemasAt, type JsonSchema } from './planSchemaJson.ts';

type Issue = z.core.$ZodIssue;

/** A fault in the shape of a plan, before it has a line. */
export interface ShapeProblem {
  path: PlanPath;
  /** Whether the key itself is at fault rather than its value. */
  aboutKey: boolean;
  problem: string;
  nearest?: string;
}

/** Smallest learning rate that is offered in place of zero: the lower end of a range test. */
const SMALLEST_RATE = 1e-7;
/** What is offered instead of a bound that is itself excluded. */
const STEP_INSIDE = 0.01;

/** One problem per mistake, from what zod found in `value`. */
export function shapeProblems(issues: readonly Issue[], value: unknown): ShapeProblem[] {
  const schema = planJsonSchema();
  const problems = new Map<string, ShapeProblem>();
  for (const issue of issues.flatMap((found) => resolveUnions(found, value))) {
    for (const problem of describeIssue(schema, issue, value)) {
      const key = JSON.stringify(problem.path);
      if (!problems.has(key)) problems.set(key, problem);
    }
  }
  return withoutMisspelledMissing([...problems.values()]);
}

/** In a union only the branch of the right type is worth talking about; none leaves the union itself. */
function resolveUnions(issue: Issue, value: unknown): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const present = valueAt(value, issue.path as PlanPath);
  const branch = issue.errors.find((errors) => !errors.some((error) => isTypeMismatch(error, present)));
  if (!branch) return [issue];
  return branch.flatMap((inner) => resolveUnions({ ...inner, path: [...issue.path, ...inner.path] }, value));
}

function isTypeMismatch(issue: Issue, value: unknown): boolean {
  if (issue.path.length > 0) return false;
  return issue.code === 'invalid_type' || (issue.code === 'invalid_value' && typeof value !== 'string');
}

function describeIssue(schema: JsonSchema, issue: Issue, root: unknown): ShapeProblem[] {
  const path = issue.path as PlanPath;
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(schema, path, key, root));
  if (issue.code === 'invalid_key') {
    return [{ path, aboutKey: true, problem: `${nameOf(path.slice(0, -1))} has an empty name; write one.` }];
  }
  const value = valueAt(root, path);
  const candidates = schemasAt(schema, path, root);
  if (value === undefined) {
    const parent = path.slice(0, -1);
    const key = JSON.stringify(path.at(-1));
    const problem = `${nameOf(parent)} has no ${key}; it must be ${expected(candidates)}.`;
    return [{ path, aboutKey: false, problem, nearest: onlyValue(candidates) }];
  }
  const problem = `${nameOf(path)} must be ${expected(candidates)}, not ${shown(value)}.`;
  return [{ path, aboutKey: false, problem, nearest: nearestValue(candidates, value, path) }];
}

function unknownKey(schema: JsonSchema, parent: PlanPath, key: string, root: unknown): ShapeProblem {
  const path = [...parent, key];
  const candidates = schemasAt(schema, parent, root);
  const owners = schemasAt(schema, parent).filter((candidate) => Object.hasOwn(candidate.properties ?? {}, key));
  if (owners.length > 0) {
    const [present, others] = [kindsOf(candidates), joinOr(kindsOf(owners))];
    const problem = `${nameOf(parent)} is ${present.join()}, which has no "${key}"; remove it, or take ${others} instead.`;
    return { path, aboutKey: true, problem };
  }
  const known = candidates.flatMap((candidate) => Object.keys(candidate.properties ?? {}));
  return {
    path,
    aboutKey: true,
    problem: `${nameOf(parent)} has an unknown key "${key}".`,
    nearest: nearestName(key, known),
  };
}

/** What the objects of a union are called. */
function kindsOf(schemas: JsonSchema[]): string[] {
  return schemas.flatMap((schema) => constantsOf(schema).map(([, value]) => JSON.stringify(value)));
}

/** A misspelled key is one mistake, not an unknown key and a missing one. */
function withoutMisspelledMissing(problems: ShapeProblem[]): ShapeProblem[] {
  const meant = new Set(
    problems
      .filter((problem) => problem.aboutKey && problem.nearest !== undefined)
      .map((problem) => JSON.stringify([...problem.path.slice(0, -1), problem.nearest])),
  );
  return problems.filter((problem) => problem.aboutKey || !meant.has(JSON.stringify(problem.path)));
}

/** `phases.0.epochs`, or words for the whole file. */
function nameOf(path: PlanPath): string {
  return path.length === 0 ? 'The plan' : path.join('.');
}

function valueAt(root: unknown, path: PlanPath): unknown {
  return path.reduce(childValue, root);
}

function shown(value: unknown): string {
  if (value === '') return 'an empty text';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function expected(candidates: JsonSchema[]): string {
  return joinOr([...new Set(candidates.flatMap(expectedOf))]);
}

function expectedOf(schema: JsonSchema): string[] {
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value));
  if (schema.const !== undefined) return [JSON.stringify(schema.const)];
  switch (schema.type) {
    case 'integer':
    case 'number':
      return [numberRange(schema)];
    case 'boolean':
      return ['true', 'false'];
    case 'string':
      return ['a text that is not empty'];
    case 'array':
      return [schema.minItems ? `a list of at least ${schema.minItems}` : 'a list'];
    case 'null':
      return ['null'];
    default:
      return ['an object'];
  }
}

function numberRange(schema: JsonSchema): string {
  const { low, high } = bounds(schema);
  const parts = [schema.type === 'integer' ? 'a whole number' : 'a number'];
  if (schema.exclusiveMinimum !== undefined && schema.type !== 'integer')
    parts.push(`greater than ${schema.exclusiveMinimum}`);
  else if (low !== undefined) parts.push(`of at least ${low}`);
  if (schema.exclusiveMaximum !== undefined)
    parts.push(`${parts.length > 1 ? 'and ' : ''}less than ${schema.exclusiveMaximum}`);
  else if (high !== undefined) parts.push(`${parts.length > 1 ? 'and ' : ''}at most ${high}`);
  return parts.join(' ');
}

/** The least and greatest valid values; of an excluded bound, a value just inside it. */
function bounds(schema: JsonSchema, path: PlanPath = []): { low?: number; high?: number } {
  const isRate = path.some((step) => /learningRates?$/i.test(String(step)));
  let step = isRate ? SMALLEST_RATE : STEP_INSIDE;
  if (schema.type === 'integer') step = 1;
  const { exclusiveMinimum, exclusiveMaximum } = schema;
  return {
    low: exclusiveMinimum === undefined ? schema.minimum : exclusiveMinimum + step,
    high: exclusiveMaximum === undefined ? schema.maximum : exclusiveMaximum - step,
  };
}

function nearestValue(candidates: JsonSchema[], value: unknown, path: PlanPath): string | undefined {
  const numeric = candidates.find((schema) => schema.type === 'number' || schema.type === 'integer');
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (numeric && numeric.const === undefined && typeof number === 'number' && !Number.isNaN(number)) {
    return String(clamp(number, numeric, path));
  }
  const words = candidates.flatMap(wordsOf);
  if (words.length > 0 && typeof value === 'string') return nearestName(value, words);
  return onlyValue(candidates);
}

/** The texts a value may be. */
function wordsOf({ enum: words, const: word, type }: JsonSchema): string[] {
  if (words) return words;
  if (typeof word === 'string') return [word];
  return type === 'boolean' ? ['true', 'false'] : [];
}

function clamp(value: number, schema: JsonSchema, path: PlanPath): number {
  const { low = -Infinity, high = Infinity } = bounds(schema, path);
  const bounded = Math.min(high, Math.max(low, value));
  return schema.type === 'integer' ? Math.round(bounded) : bounded;
}

function onlyValue(candidates: JsonSchema[]): string | undefined {
  const constant = candidates.length === 1 ? candidates[0].const : undefined;
  return constant === undefined ? undefined : String(constant);
}

function joinOr(words: string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
