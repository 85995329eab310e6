import * as z from 'zod';
import { VALUE_RANGES } from './plan.ts';

const share = z.number().min(0).max(1);
const amount = z.number().nonnegative();

const depthCurveSchema = z.object({
  points: z.array(z.object({ block: z.string(), accuracy: share, low: share, high: share })).min(1),
  images: z.number().int(),
  peak: z.number().int().nonnegative(),
  drop: share,
  dropPValue: share,
});

const inseparablePairSchema = z.object({
  classes: z.tuple([z.string(), z.string()]),
  block: z.string(),
  right: z.number().int().nonnegative(),
  images: z.number().int().positive(),
  elsewhere: z.object({ block: z.string(), right: z.number().int().nonnegative() }).nullable(),
});

/** How like the images of a plan are to what its network knows, as measured; `judgeSimilarity` says what it means. */
export const similarityResultSchema = z.object({
  measurement: z.object({
    /** Null without usable batch-normalization statistics. */
    distance: z.object({ distance: amount, low: amount, high: amount }).nullable(),
    /** Tells the network by these statistics; null without any. */
    fingerprint: z.string().nullable(),
    /** Bands that were calibrated for this very network; null for any other. */
    bands: z.object({ high: amount, low: amount }).nullable(),
    /** Null where no depth tells the classes apart. */
    curve: depthCurveSchema.nullable(),
    /** Accuracy at some depths, also where it is no better than chance. */
    depths: depthCurveSchema.nullable(),
    /** Pairs of classes that the features at the end do not tell apart, the worst first. */
    inseparable: z.array(inseparablePairSchema),
    /** Images measured on. */
    images: z.number().int().nonnegative(),
    /** Whether the first layers are much further off than the rest. */
    inputShift: z.boolean(),
  }),
  /** The distance under every value range; null without batch normalization. */
  distances: z.record(z.enum(VALUE_RANGES), amount).nullable(),
});
export type SimilarityResult = z.output<typeof similarityResultSchema>;
export type SimilarityMeasurement = SimilarityResult['measurement'];
