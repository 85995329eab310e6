import * as z from 'zod';

const number = z.number();
const whole = z.number().int().min(0);
const text = z.string();
const counts = { done: number, total: number, bytes: number };

/** The lines of a metrics file that make up a history. */
export const metricsLineSchema = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('start'),
    run: text,
    engine: text,
    images: z.object({ train: whole, validation: whole }),
    classes: z.array(text),
    epochs: whole,
    trainableParameters: whole,
    totalParameters: whole,
    resumed: z.boolean(),
  }),
  z.object({ event: z.literal('cache'), phase: text, ...counts }),
  z.object({
    event: z.literal('phase'),
    phase: text,
    index: whole,
    epochs: whole,
    trainable: z.array(text),
    trainableParameters: whole,
    cachedTo: text.nullable(),
  }),
  z.object({
    event: z.literal('step'),
    phase: text,
    epoch: whole,
    step: whole,
    steps: whole.min(1),
    loss: number,
    accuracy: number,
    /** Runs of earlier versions do not say it. */
    learningRate: number.optional(),
  }),
  z.object({
    event: z.literal('epoch'),
    phase: text,
    epoch: whole,
    epochs: whole,
    loss: number,
    accuracy: number,
    validationLoss: number,
    validationAccuracy: number,
    n: whole,
    low: number,
    high: number,
    seconds: number,
    best: z.boolean(),
    movement: z.record(text, number),
  }),
  z.object({ event: z.literal('checkpoint'), epoch: whole, path: text }),
  z.object({
    event: z.literal('change'),
    epoch: whole,
    changes: z.array(z.object({ path: z.array(z.union([text, whole])), value: z.unknown().optional() })),
    trainableParameters: whole,
  }),
  z.object({ event: z.literal('warning'), code: text, text }),
]);
