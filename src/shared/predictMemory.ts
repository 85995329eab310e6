import { resolveAugmentation } from './augmentation.ts';
import type { NetworkSteps, PhaseSteps } from './networkSteps.ts';
import type { Plan } from './plan.ts';
import { inferencePeak, trainingPeak } from './stepMemory.ts';

/** Bytes of a float32 number. */
const FLOAT = 4;

/** Images of a batch in which the frozen part is computed, and in which images are judged; see featureSource, phaseRunner. */
export const PREFIX_BATCH = 16;
export const EVALUATION_BATCH = 32;

/** Share of the budget that images and features kept in memory may take from the steps; beyond it they are not asked. */
const KEPT_SHARE = 0.5;

/** How an engine uses memory; `node scripts/memory.mjs` holds what follows from it against the peak of a run. */
export interface EngineMemory {
  /** Of the process before it has opened anything. */
  baseBytes: number;
  /** What the engine takes for each byte that is alive at the peak: its heap has gaps. */
  factor: number;
  /** Most that the engine itself can have; null where only the machine bounds it. */
  limitBytes: number | null;
}

/** What is known of a run before it begins, besides the network. */
export interface MemorySetting {
  plan: Plan;
  images: { train: number; validation: number };
  /** Bytes that images and features kept in memory may have. */
  pixelLimitBytes: number;
  featureLimitBytes: number;
  engine: EngineMemory;
}

export interface PredictedMemory {
  /** Of the process at its peak. */
  bytes: number;
  /** Of that, what the engine takes. */
  engineBytes: number;
  /** Of that, images and features kept. */
  keptBytes: number;
}

/**
 * Memory of the process while a phase trains with micro-batches of this size: what the engine holds at the peak of a step,
 * of the frozen part or of judging, and what is kept outside of it (images, features, copies of weights for best epoch
 * and checkpoint).
 */
export function predictMemory(
  network: NetworkSteps,
  phase: PhaseSteps,
  setting: MemorySetting,
  microBatch: number,
): PredictedMemory {
  const { plan, engine } = setting;
  const kept = keptBytes(network, phase, setting);
  const engineBytes = engine.factor * FLOAT * engineNumbers(network, phase, plan, microBatch);
  // Start, best epoch, and what a checkpoint copies and encodes of weights, best epoch and slots.
  const copies = FLOAT * phase.learned.values * (2 + 2 * (2 + slotsOf(plan)));
  return { bytes: engine.baseBytes + engineBytes + copies + kept, engineBytes, keptBytes: kept };
}

/**
 * The largest micro-batch, at most the batch, with which a phase stays within a budget: a batch is divided into parts as
 * equal as possible. 1 where not even one image fits.
 *
 * @param budgetBytes of the whole process
 */
export function fittingMicroBatch(
  network: NetworkSteps,
  phase: PhaseSteps,
  setting: MemorySetting,
  budgetBytes: number,
): number {
  const { batchSize } = setting.plan;
  const limit = setting.engine.limitBytes ?? Infinity;
  const fits = (microBatch: number): boolean => {
    const { bytes, engineBytes, keptBytes: kept } = predictMemory(network, phase, setting, microBatch);
    // What is kept beyond its share is not the fault of the steps: smaller ones would not make up for it.
    const counted = bytes - kept + Math.min(kept, KEPT_SHARE * budgetBytes);
    return counted <= budgetBytes && engineBytes <= limit;
  };
  for (let parts = 1; parts < batchSize; parts++) {
    const microBatch = Math.ceil(batchSize / parts);
    if (fits(microBatch)) return microBatch;
  }
  return 1;
}

/** float32 numbers that the engine holds at the peak. */
function engineNumbers(network: NetworkSteps, phase: PhaseSteps, plan: Plan, microBatch: number): number {
  const { learned } = phase;
  const all = Object.values(network.weights).reduce((sum, weights) => sum + weights.all, 0);
  const folded = [...phase.prefix, ...phase.suffix].reduce((sum, step) => sum + step.filter, 0);
  const parts = Math.ceil(plan.batchSize / microBatch);
  // Gradients of the micro-batch, their sum where there are several, and the slots.
  const perWeight = 1 + (parts > 1 ? 1 : 0) + slotsOf(plan);
  const batch = plan.batchSize * phase.boundarySize;
  const moment = Math.max(
    batch + (parts > 1 ? microBatch * phase.boundarySize : 0) + trainingPeak(network, phase, microBatch),
    Math.min(PREFIX_BATCH, plan.batchSize) * inferencePeak(network, phase.prefix, [0], phase.boundary) + batch,
    EVALUATION_BATCH * inferencePeak(network, phase.suffix, phase.boundary, [network.output]),
  );
  return all + folded + learned.values * perWeight + moment;
}

/** Numbers that the optimizer keeps for each weight. */
export function slotsOf({ optimizer }: Plan): number {
  switch (optimizer.name) {
    case 'adam':
    case 'adamw':
      return 2;
    case 'sgd':
      return 1;
    case 'rmsprop':
      return (optimizer.momentum ?? 0) > 0 ? 2 : 1;
  }
}

/** Bytes of the values at the cut that are kept for all images and variants; 0 where they are too many or none. */
export function keptFeatureBytes(
  phase: PhaseSteps,
  images: MemorySetting['images'],
  variants: number | 'recompute',
  limitBytes: number,
): { train: number; validation: number } {
  const bytesOf = (count: number): number => {
    const bytes = phase.prefix.length === 0 ? 0 : FLOAT * phase.boundarySize * count;
    return bytes <= limitBytes ? bytes : 0;
  };
  return {
    train: variants === 'recompute' ? 0 : bytesOf(images.train * variants),
    validation: bytesOf(images.validation),
  };
}

/** Images and features that stay in memory. */
function keptBytes(network: NetworkSteps, phase: PhaseSteps, setting: MemorySetting): number {
  const { images, plan, pixelLimitBytes, featureLimitBytes } = setting;
  const { variants } = resolveAugmentation(plan.augment);
  const features = keptFeatureBytes(phase, images, variants, featureLimitBytes);
  const pixels = network.input * (images.train + images.validation);
  return features.train + features.validation + Math.min(pixels, pixelLimitBytes);
}
