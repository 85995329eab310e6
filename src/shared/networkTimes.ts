import * as z from 'zod';
import { OPTIMIZER_NAMES } from './plan.ts';

const seconds = z.number().nonnegative();
/** Seconds each time, and for each image, tensor or number that it is done to. */
const linearSchema = z.tuple([seconds, seconds]);
export type Linear = [each: number, per: number];

const stepSchema = z.object({
  /** Without gradients, for a micro-batch and for each image in it. */
  forward: linearSchema,
  /** There and back where gradients only pass through. */
  carry: linearSchema,
  /** There and back where its weights train and gradients pass through. */
  train: linearSchema,
});
export type StepTimes = z.output<typeof stepSchema>;

/** What a network takes on one machine, engine and input size; measured by `measureTimes`. */
export const networkTimesSchema = z.object({
  /** By `timeKey`. */
  steps: z.record(z.string(), stepSchema),
  /** Whether the steps of adaptive batch normalization are among them. */
  adaptive: z.boolean(),
  /** Of a micro-batch besides its steps: loss, gradients handed on, reading the result. */
  batch: linearSchema,
  /** Of a batch that is judged besides its steps. */
  judged: linearSchema,
  /** Of an optimizer step, for each tensor and each number that trains. */
  optimizers: z.record(z.enum(OPTIMIZER_NAMES), linearSchema),
  /** Of adding up gradients where a batch is divided, for each tensor and each number. */
  sum: linearSchema,
  /** Of pixels on their way to the engine, for an image. */
  pixels: seconds,
  /** Of varying an image: moved, with other colours, with a part erased. */
  vary: z.object({ move: seconds, color: seconds, erase: seconds }),
  /** Of a number at the cut on its way to the engine and from it. */
  toEngine: seconds,
  fromEngine: seconds,
  /** Of a checkpoint, and of each number in it. */
  checkpoint: linearSchema,
});
export type NetworkTimes = z.output<typeof networkTimesSchema>;

/**
 * What a step takes in training, of what it takes in each way: there and back where it has gradients to hand on, forward
 * alone where it has none. The first step that trains has none to hand on: it lacks what handing on adds. A dropout that is
 * active draws what it drops.
 */
export function timeInTraining(
  { forward, carry, train }: Record<keyof StepTimes, number>,
  step: { trains: boolean; handsOn: boolean; active: boolean },
): number {
  if (step.handsOn) return step.trains ? train : carry;
  if (!step.trains) return step.active ? carry : forward;
  const back = train - forward;
  return forward + Math.max(back - (carry - forward), back / 3, 0);
}

/** Name of a step in `NetworkTimes`: one with the statistics of the batch takes longer than the same without. */
export function timeKey({ kind, layers, adaptive }: { kind: string; layers: string[]; adaptive: boolean }): string {
  return `${kind}:${layers.join('+')}${adaptive ? '*' : ''}`;
}
