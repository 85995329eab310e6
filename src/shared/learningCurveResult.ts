import * as z from 'zod';

const share = z.number().min(0).max(1);
const count = z.number().int().nonnegative();
const estimate = { accuracy: share, low: share, high: share };
const pointSchema = z.object({ images: count, ...estimate });

/** How accuracy grows with the images of a plan, as measured on features that are computed once. */
export const learningCurveResultSchema = z.object({
  /** Images that were used, and those that there are to train on. */
  images: count,
  allImages: count,
  /** Parts of the images of which each is judged once, by probes that learned from the others. */
  folds: count,
  /** How often they were divided anew. */
  repeats: count,
  /** Images learned from, ascending. */
  points: z.array(pointSchema),
  /** Of twice the images of the last point. */
  forecast: pointSchema,
  /** At the last point. */
  perClass: z.array(z.object({ class: z.string(), n: count, ...estimate })),
  /** The last point as forecast from those before it. */
  backTest: z.object({ images: count, accuracy: share, forecast: share, low: share, high: share, within: z.boolean() }),
});
export type LearningCurveResult = z.output<typeof learningCurveResultSchema>;
