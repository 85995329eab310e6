import * as z from 'zod';

export const SCHEDULE_NAMES = ['constant', 'cosine', 'oneCycle', 'slantedTriangle', 'reduceOnPlateau'] as const;

/** Any finite number: JSON writes larger ones, which are read as infinity. */
const MOST = 1e10;

const share = z.number().min(0).max(1);
const divisor = z.number().min(1).max(MOST);
const warmUp = z
  .number()
  .min(0)
  .lt(1)
  .optional()
  .describe("Share of the phase's steps in which the rates rise from nearly 0. Default: 0.");
const peak = z.number().gt(0).lt(1).optional();

const constantSchema = z.strictObject({ name: z.literal('constant'), warmUp }).describe('The rates stay as they are.');

const cosineSchema = z
  .strictObject({
    name: z.literal('cosine'),
    end: share.optional().describe('Share of the rates that is left at the end. Default: 0.'),
    warmUp,
  })
  .describe('The rates fall along half a cosine.');

const oneCycleSchema = z
  .strictObject({
    name: z.literal('oneCycle'),
    peakAt: peak.describe("Share of the phase's steps after which the rates are highest. Default: 0.25."),
    start: divisor.optional().describe('The first rates are the highest divided by this. Default: 25.'),
    end: divisor.optional().describe('The last rates are the highest divided by this. Default: 100000.'),
  })
  .describe('The rates rise along a cosine and fall along another one to nearly nothing.');

const slantedTriangleSchema = z
  .strictObject({
    name: z.literal('slantedTriangle'),
    cut: peak.describe("Share of the phase's steps in which the rates rise. Default: 0.1."),
    ratio: divisor.optional().describe('How many times the highest rates are the lowest. Default: 32.'),
  })
  .describe('The rates rise quickly and fall slowly, both in a straight line.');

const reduceOnPlateauSchema = z
  .strictObject({
    name: z.literal('reduceOnPlateau'),
    factor: z.number().gt(0).lt(1).optional().describe('What the rates are multiplied with. Default: 0.5.'),
    patience: z
      .number()
      .int()
      .positive()
      .max(100000)
      .optional()
      .describe('Epochs without a better validation loss after which the rates are reduced. Default: 3.'),
    least: share.optional().describe('Share of the rates below which they are never reduced. Default: 0.'),
    warmUp,
  })
  .describe('The rates are reduced whenever the validation loss stops falling.');

/** How the rates of a phase change from step to step: the name alone, or with settings. */
export const scheduleSchema = z.union([
  z.enum(SCHEDULE_NAMES),
  z.discriminatedUnion('name', [
    constantSchema,
    cosineSchema,
    oneCycleSchema,
    slantedTriangleSchema,
    reduceOnPlateauSchema,
  ]),
]);

/** A schedule as a plan states it. */
export type ScheduleSetting = z.output<typeof scheduleSchema>;

/** A schedule with all its settings. */
export type Schedule =
  | { name: 'constant'; warmUp: number }
  | { name: 'cosine'; end: number; warmUp: number }
  | { name: 'oneCycle'; peakAt: number; start: number; end: number }
  | { name: 'slantedTriangle'; cut: number; ratio: number }
  | { name: 'reduceOnPlateau'; factor: number; patience: number; least: number; warmUp: number };

const DEFAULTS: { [Name in Schedule['name']]: Extract<Schedule, { name: Name }> } = {
  constant: { name: 'constant', warmUp: 0 },
  cosine: { name: 'cosine', end: 0, warmUp: 0 },
  oneCycle: { name: 'oneCycle', peakAt: 0.25, start: 25, end: 1e5 },
  slantedTriangle: { name: 'slantedTriangle', cut: 0.1, ratio: 32 },
  reduceOnPlateau: { name: 'reduceOnPlateau', factor: 0.5, patience: 3, least: 0, warmUp: 0 },
};

/** What a plan's `schedule` means, with the defaults filled in; without one the rates are constant. */
export function resolveSchedule(setting: ScheduleSetting = 'constant'): Schedule {
  if (typeof setting === 'string') return { ...DEFAULTS[setting] };
  const stated = Object.entries(setting).filter(([, value]) => value !== undefined);
  return { ...DEFAULTS[setting.name], ...Object.fromEntries(stated) };
}

/**
 * The factor on every rate of a phase in one step: `step` counts from 0, `steps` are all steps of all epochs of the phase.
 * Of `reduceOnPlateau` this is the warm-up only; the rest is `plateauFactor`, and a rate is multiplied with both.
 *
 * - A warm-up takes a share of the steps, rounded, and rises in a straight line. Its first factor is one such rise and not
 *   0, which would be a step for nothing: `num_warmup_steps` of transformers, one step later. The schedule has the
 *   steps that are left.
 * - `cosine` is SGDR without restarts (Loshchilov and Hutter, arXiv 1608.03983, equation 5).
 * - `oneCycle` is `combined_cos` of fastai (docs.fast.ai/callback.schedule.html).
 * - `slantedTriangle` is equation 3 of ULMFiT (Howard and Ruder, arXiv 1801.06146). Where the cut is no whole number of
 *   steps, that equation falls below zero at the end; here the fall always takes all steps that are left.
 */
export function scheduleFactor(schedule: Schedule, step: number, steps: number): number {
  if (schedule.name === 'oneCycle') return oneCycleFactor(schedule, step / steps);
  if (schedule.name === 'slantedTriangle') return triangleFactor(schedule, step, steps);
  const warm = Math.min(Math.round(schedule.warmUp * steps), steps - 1);
  if (step < warm) return (step + 1) / (warm + 1);
  return schedule.name === 'cosine' ? cosineBetween(1, schedule.end, (step - warm) / (steps - warm)) : 1;
}

/** Change of the validation loss that counts as an improvement, as in Keras. */
const MIN_DELTA = 1e-4;

/**
 * The factor of `reduceOnPlateau` on every rate after the epochs of a phase whose validation losses are given; 1 of any
 * other schedule. As `ReduceLROnPlateau` of Keras (keras.io/api/callbacks/reduce_lr_on_plateau) with its `min_delta` of
 * 1e-4 and no cooldown: a loss counts as better when it is lower than the best by more than that, every `patience`
 * epochs in a row that are not better multiply the rates with `factor` once, and only the losses of this phase count.
 */
export function plateauFactor(schedule: Schedule, validationLosses: readonly number[]): number {
  if (schedule.name !== 'reduceOnPlateau') return 1;
  let factor = 1;
  let best = Infinity;
  let waited = 0;
  for (const loss of validationLosses) {
    waited++;
    if (loss < best - MIN_DELTA) {
      best = loss;
      waited = 0;
    } else if (waited >= schedule.patience) {
      factor = Math.max(factor * schedule.factor, schedule.least);
      waited = 0;
    }
  }
  return factor;
}

/** `position` is the share of the phase that is over. */
function oneCycleFactor({ peakAt, start, end }: Extract<Schedule, { name: 'oneCycle' }>, position: number): number {
  if (position < peakAt) return cosineBetween(1 / start, 1, position / peakAt);
  return cosineBetween(1, 1 / end, (position - peakAt) / (1 - peakAt));
}

function triangleFactor(
  { cut, ratio }: Extract<Schedule, { name: 'slantedTriangle' }>,
  step: number,
  steps: number,
): number {
  // 0.29 * 100 is a little less than 29.
  const rising = Math.floor(steps * cut + 1e-9);
  const height = step < rising ? step / rising : 1 - (step - rising) / (steps - rising);
  return (1 + height * (ratio - 1)) / ratio;
}

/** From one value to another along half a cosine, at a position from 0 to 1. */
function cosineBetween(from: number, to: number, position: number): number {
  return from + ((1 + Math.cos(Math.PI * (1 - position))) * (to - from)) / 2;
}
