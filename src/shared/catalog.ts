import * as z from 'zod';
import { preprocessingSchema } from './modelMetadata.ts';

const common = {
  /** What a plan's `model` says. */
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/),
  title: z.string().min(1),
  /** SPDX identifier. */
  licence: z.string().min(1),
  preprocessing: preprocessingSchema,
  /** Who made the weights, from which data, and where that is written. */
  source: z.string().min(1),
};

const entrySchema = z.discriminatedUnion('kind', [
  /** Fetched on first use; `address` is that of model.json, `bytes` the size of all its files within a percent. */
  z.strictObject({
    ...common,
    kind: z.literal('download'),
    address: z.url({ protocol: /^https?$/ }),
    bytes: z.number().int().positive().optional(),
  }),
  /** Comes with Thaw; `path` is a folder inside media/. */
  z.strictObject({ ...common, kind: z.literal('bundled'), path: z.string().min(1) }),
]);

export const catalogSchema = z
  .strictObject({ version: z.literal(1), models: z.array(entrySchema) })
  .refine(
    ({ models }) => new Set(models.map((model) => model.id)).size === models.length,
    'Two models have the same id.',
  );

/** Published networks that can be named in a plan. */
export type Catalog = z.output<typeof catalogSchema>;
export type CatalogEntry = Catalog['models'][number];
export type DownloadEntry = Extract<CatalogEntry, { kind: 'download' }>;
