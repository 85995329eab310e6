import { t } from '@vscode/l10n';
import type * as z from 'zod';
import { formatList } from './format.ts';
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
    return [{ path, aboutKey: true, problem: t('{0} has an empty name; write one.', path.slice(0, -1).join('.')) }];
  }
  const value = valueAt(root, path);
  const candidates = schemasAt(schema, path, root);
  if (value === undefined) {
    const problem = missingText(path.slice(0, -1), JSON.stringify(path.at(-1)), expected(candidates));
    return [{ path, aboutKey: false, problem, nearest: onlyValue(candidates) }];
  }
  const problem = wrongText(path, expected(candidates), shown(value));
  return [{ path, aboutKey: false, problem, nearest: nearestValue(candidates, value, path) }];
}

function unknownKey(schema: JsonSchema, parent: PlanPath, key: string, root: unknown): ShapeProblem {
  const path = [...parent, key];
  const candidates = schemasAt(schema, parent, root);
  const owners = schemasAt(schema, parent).filter((candidate) => Object.hasOwn(candidate.properties ?? {}, key));
  if (owners.length > 0) {
    const problem = t(
      '{0} is {1}, which has no "{2}"; remove it, or take {3} instead.',
      parent.join('.'),
      kindsOf(candidates).join(),
      key,
      joinOr(kindsOf(owners)),
    );
    return { path, aboutKey: true, problem };
  }
  const known = candidates.flatMap((candidate) => Object.keys(candidate.properties ?? {}));
  return {
    path,
    aboutKey: true,
    problem: unknownKeyText(parent, key),
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

function missingText(parent: PlanPath, key: string, wanted: string): string {
  return parent.length === 0
    ? t('The plan has no {0}; it must be {1}.', key, wanted)
    : t('{0} has no {1}; it must be {2}.', parent.join('.'), key, wanted);
}

function wrongText(path: PlanPath, wanted: string, present: string): string {
  return path.length === 0
    ? t('The plan must be {0}, not {1}.', wanted, present)
    : t('{0} must be {1}, not {2}.', path.join('.'), wanted, present);
}

function unknownKeyText(parent: PlanPath, key: string): string {
  return parent.length === 0
    ? t('The plan has an unknown key "{0}".', key)
    : t('{0} has an unknown key "{1}".', parent.join('.'), key);
}

function valueAt(root: unknown, path: PlanPath): unknown {
  return path.reduce(childValue, root);
}

function shown(value: unknown): string {
  if (value === '') return t('an empty text');
  if (Array.isArray(value)) return value.length === 0 ? t('an empty list') : t('a list of {0}', value.length);
  if (typeof value === 'object' && value !== null) return t('an object');
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
      return [t('a text that is not empty')];
    case 'array':
      return [schema.minItems ? t('a list of at least {0}', schema.minItems) : t('a list')];
    case 'null':
      return ['null'];
    default:
      return [t('an object')];
  }
}

function numberRange(schema: JsonSchema): string {
  const { low, high } = bounds(schema);
  if (schema.type === 'integer') return wholeNumberRange(low, high);
  const { exclusiveMinimum: above, exclusiveMaximum: below } = schema;
  if (above !== undefined) {
    if (below !== undefined) return t('a number greater than {0} and less than {1}', above, below);
    return high === undefined
      ? t('a number greater than {0}', above)
      : t('a number greater than {0} and at most {1}', above, high);
  }
  if (low !== undefined) {
    if (below !== undefined) return t('a number of at least {0} and less than {1}', low, below);
    return high === undefined
      ? t('a number of at least {0}', low)
      : t('a number of at least {0} and at most {1}', low, high);
  }
  if (below !== undefined) return t('a number less than {0}', below);
  return high === undefined ? t('a number') : t('a number at most {0}', high);
}

/** Bounds that are excluded have been moved to the next whole number. */
function wholeNumberRange(low: number | undefined, high: number | undefined): string {
  if (low !== undefined) {
    return high === undefined
      ? t('a whole number of at least {0}', low)
      : t('a whole number of at least {0} and at most {1}', low, high);
  }
  return high === undefined ? t('a whole number') : t('a whole number at most {0}', high);
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
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : t('{0} or {1}', formatList(words.slice(0, -1)), last);
}
