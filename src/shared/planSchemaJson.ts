import { z } from 'zod';
import { planSchema } from './plan.ts';

/** The parts of JSON Schema (draft 7) that the schema of a plan is made of. */
export interface JsonSchema {
  type?: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean' | 'null';
  enum?: string[];
  const?: number | string;
  anyOf?: JsonSchema[];
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
 * key.
 */
export function schemasAt(schema: JsonSchema, path: readonly (string | number)[]): JsonSchema[] {
  let candidates = branchesOf(schema);
  for (const step of path) {
    candidates = candidates.flatMap((candidate) => branchesOf(childSchema(candidate, step)));
  }
  return candidates;
}

function branchesOf(schema: JsonSchema | undefined): JsonSchema[] {
  if (!schema) return [];
  return schema.anyOf ? schema.anyOf.flatMap(branchesOf) : [schema];
}

function childSchema(schema: JsonSchema, step: string | number): JsonSchema | undefined {
  if (typeof step === 'number') return schema.items;
  if (schema.properties && Object.hasOwn(schema.properties, step)) return schema.properties[step];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}
