import { z } from 'zod';

const name = z.string().min(1);
const rate = z.number().positive().max(100);
const level = z.enum(['low', 'high']);

/** A block, or one of its layers. */
export const freezeTargetSchema = z.object({ block: name, layer: name.optional() });
export type FreezeTarget = z.output<typeof freezeTargetSchema>;

/** The ways of transfer a plan may take. */
export const TRANSFER_WAYS = ['featureExtractor', 'fineTune', 'plainStart'] as const;

/** Everything the plan editor can do to a plan; each is one undo step. */
export const planEditSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('freeze'), targets: z.array(freezeTargetSchema).min(1), frozen: z.boolean() }),
  /** Freezes this block and all before it, and thaws all after it. */
  z.object({ kind: z.literal('freezeUpTo'), block: name }),
  z.object({ kind: z.literal('freezeAll'), frozen: z.boolean() }),
  z.object({ kind: z.literal('blockRate'), block: name, rate }),
  z.object({ kind: z.literal('layerRate'), block: name, layer: name, rate: rate.nullable() }),
  z.object({ kind: z.literal('headRate'), rate }),
  /** A geometric spread over the unfrozen blocks, from the first to the last. */
  z.object({ kind: z.literal('spreadRates'), low: rate, high: rate }),
  /** Applies the plan of a quadrant; the similarity is then the user's. */
  z.object({ kind: z.literal('quadrant'), data: level, similarity: level }),
  z.object({ kind: z.literal('way'), way: z.enum(TRANSFER_WAYS) }),
  /** Any other key, such as `batchSize`. Undefined removes it. */
  z.object({ kind: z.literal('setting'), path: z.array(z.union([name, z.number().int()])).min(1), value: z.unknown() }),
]);
export type PlanEdit = z.output<typeof planEditSchema>;

/** One place of the plan file and its new value; undefined removes the key. */
export interface PlanChange {
  path: (string | number)[];
  value: unknown;
}
