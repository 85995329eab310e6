import * as z from 'zod';

/** The parts a data folder may be divided into by its owner. */
export const SPLITS = ['train', 'validation', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** How a data folder says which image is of which class: folders, folders below `train`, `test` …, or a CSV file. */
export const DATA_LAYOUTS = ['classes', 'splits', 'table'] as const;
export type DataLayout = (typeof DATA_LAYOUTS)[number];

const count = z.number().int().min(0);

export const fileProblemSchema = z.object({
  file: z.string().describe('Absolute path.'),
  problem: z.string().describe('What is wrong with it, in words.'),
  side: count.optional().describe('Shorter side in pixels, of an image that is small for a photograph.'),
  used: z.literal(true).optional().describe('The file is used all the same: it is only worth a look.'),
});
export type FileProblem = z.infer<typeof fileProblemSchema>;

/** What a data folder holds: the result of `thaw data`. */
export const dataSummarySchema = z.object({
  root: z.string(),
  layout: z.enum(DATA_LAYOUTS),
  classes: z.array(z.string()).describe('In the order of the outputs of a head made from this folder.'),
  images: count.describe('Images that can be read.'),
  perClass: z.record(z.string(), count).describe('Readable images of each class.'),
  perClassToTrain: z
    .record(z.string(), count)
    .describe('Those of them that train: all but the ones to validate or test with.'),
  splits: z
    .object({ train: count, validation: count, test: count })
    .nullable()
    .describe('Readable images of each split; null where the folder has no splits.'),
  smallestClass: count.describe('Readable images of the smallest class.'),
  imbalance: z
    .number()
    .min(1)
    .nullable()
    .describe('Images of the largest class divided by those of the smallest; null when the smallest has none.'),
  channels: z.enum(['rgb', 'gray', 'mixed']).describe('Whether the images show colour, judged by their pixels.'),
  acrossSplits: z
    .object({
      images: count.describe('Images to validate or test with, each counted once.'),
      file: z.string().describe('The first of them.'),
      split: z.enum(SPLITS),
      like: z.string().describe('What it looks like.'),
      likeSplit: z.enum(SPLITS),
    })
    .nullable()
    .describe('Images that look nearly the same as one of an earlier split; null where there are none.'),
  problems: z.array(fileProblemSchema),
});
export type DataSummary = z.infer<typeof dataSummarySchema>;
