import * as z from 'zod';
import { planSchema } from './plan.ts';

/** The parts of JSON Schema (draft 7) that the schema of a plan is made of. */
export interface JsonSchema {
  type?: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean' | 'null';
  enum?: string[];
  const?: number | string;
  anyOf?: JsonSchema[];
  /** Objects told apart by a key that is constant in each. */
  oneOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  minItems?: number;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  exclusiveMaximum?: number;
}

/** JSON Schema of the plan file as it is written by hand: keys with a default may be left out. */
export function planJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(planSchema, { io: 'input', target: 'draft-7' }) as JsonSchema & { $schema?: string };
  const { $schema, ...rest } = schema;
  return { $schema, $id: 'urn:thaw:plan:1', title: 'Thaw fine-tuning plan', ...rest } as JsonSchema;
}

/**
 * The schemas that may apply to the value at `path`: one for a plain value, several for a union, none for an unknown
 * key. With the value of the whole, `root`, a union of objects that differ in a constant key has the one that is meant.
 */
export function schemasAt(schema: JsonSchema, path: readonly (string | number)[], root?: unknown): JsonSchema[] {
  let candidates = meantBy(root, branchesOf(schema));
  let value = root;
  for (const step of path) {
    value = childValue(value, step);
    candidates = meantBy(
      value,
      candidates.flatMap((candidate) => branchesOf(childSchema(candidate, step))),
    );
  }
  return candidates;
}

/** The constant keys of an object, which say what it is. */
export function constantsOf(schema: JsonSchema): [key: string, value: number | string][] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, { const: value }]) =>
    value === undefined ? [] : [[key, value]],
  );
}

/** What a key or an index holds; undefined where there is none. */
export function childValue(value: unknown, step: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
  return (value as Record<string | number, unknown>)[step];
}

/** Those whose constant keys the value has; all of them where that is none. */
function meantBy(value: unknown, candidates: JsonSchema[]): JsonSchema[] {
  const meant = candidates.filter((candidate) => {
    const constants = constantsOf(candidate);
    return constants.length > 0 && constants.every(([key, constant]) => childValue(value, key) === constant);
  });
  return meant.length > 0 ? meant : candidates;
}

function branchesOf(schema: JsonSchema | undefined): JsonSchema[] {
  if (!schema) return [];
  const branches = schema.anyOf ?? schema.oneOf;
  return branches ? branches.flatMap(branchesOf) : [schema];
}

function childSchema(schema: JsonSchema, step: string | number): JsonSchema | undefined {
  if (typeof step === 'number') return schema.items;
  if (schema.properties && Object.hasOwn(schema.properties, step)) return schema.properties[step];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}
