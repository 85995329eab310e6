import { type Augmentation, resolveAugmentation } from './augmentation.ts';
import { type NetworkSteps, type PhaseStep, phaseSteps, type PhaseSteps } from './networkSteps.ts';
import { type Linear, type NetworkTimes, timeInTraining, timeKey } from './networkTimes.ts';
import type { Plan } from './plan.ts';
import {
  type EngineMemory,
  EVALUATION_BATCH,
  fittingMicroBatch,
  keptFeatureBytes,
  type MemorySetting,
  PREFIX_BATCH,
  predictMemory,
  slotsOf,
} from './predictMemory.ts';

/** Everything that the cost of any plan for one network follows from. */
export interface CostBasis {
  network: NetworkSteps;
  times: NetworkTimes;
  /** Seconds to open one image of the plan: read, decode and look at it. */
  openSeconds: number;
  memory: {
    engine: EngineMemory;
    /** What the process may take. */
    budgetBytes: number;
    pixelLimitBytes: number;
    featureLimitBytes: number;
  };
}

export interface ImageCounts {
  train: number;
  validation: number;
}

export interface PhaseCost {
  name: string;
  epochs: number;
  secondsPerEpoch: number;
  /** Before its first epoch: the constant part of the network for all images and variants. */
  cacheSeconds: number;
  memoryBytes: number;
  /** Images computed at a time. */
  microBatch: number;
}

export interface PlanCost {
  /** Of the phase with the most to train, as are `cacheSeconds` and `microBatch`; the largest memory of all phases. */
  secondsPerEpoch: number;
  /** Opening the images included. */
  cacheSeconds: number;
  memoryBytes: number;
  microBatch: number;
  phases: PhaseCost[];
  /** All phases with all their epochs, checkpoints and the opening of the images. */
  totalSeconds: number;
}

/**
 * What a plan costs, from what was measured of its network. Null where a step was not measured that the plan makes of the
 * network, as those of adaptive batch normalization, or where there are no images.
 */
export function predictCost(plan: Plan, basis: CostBasis, images: ImageCounts): PlanCost | null {
  if (images.train === 0 || !isMeasured(plan, basis)) return null;
  const openSeconds = basis.openSeconds * (images.train + images.validation);
  const costs = plan.phases.map((_, index) => phaseCost(plan, index, basis, images));
  const main = costs.reduce((most, cost) => (cost.learned >= most.learned ? cost : most)).phase;
  const phases = costs.map(({ phase }) => phase);
  return {
    secondsPerEpoch: main.secondsPerEpoch,
    cacheSeconds: main.cacheSeconds + openSeconds,
    memoryBytes: Math.max(...phases.map((phase) => phase.memoryBytes)),
    microBatch: main.microBatch,
    phases,
    totalSeconds: costs.reduce(
      (sum, { phase, checkpointSeconds }) =>
        sum + phase.cacheSeconds + phase.epochs * (phase.secondsPerEpoch + checkpointSeconds),
      openSeconds,
    ),
  };
}

function isMeasured(plan: Plan, { network, times }: CostBasis): boolean {
  return plan.phases.every((_, index) => {
    const { prefix, suffix } = phaseSteps(plan, index, network);
    return [...prefix, ...suffix].every((step) => Object.hasOwn(times.steps, timeKey(step)));
  });
}

function phaseCost(
  plan: Plan,
  index: number,
  basis: CostBasis,
  images: ImageCounts,
): { phase: PhaseCost; learned: number; checkpointSeconds: number } {
  const { network, times, memory } = basis;
  const phase = phaseSteps(plan, index, network);
  const setting: MemorySetting = { plan, images, ...memory };
  const microBatch = fittingMicroBatch(network, phase, setting, memory.budgetBytes);
  const augmentation = resolveAugmentation(plan.augment);
  const kept = keptFeatureBytes(phase, images, augmentation.variants, memory.featureLimitBytes);
  const live = liveSeconds(phase, basis, images);
  const cached = times.toEngine * phase.boundarySize;
  const training = kept.train > 0 ? cached : live + varySeconds(times, augmentation);
  const judging = kept.validation > 0 ? cached : live;
  const { epochs, name } = plan.phases[index];
  const secondsPerEpoch =
    trainSeconds(plan, phase, times, images.train, microBatch) +
    training * images.train +
    judgeSeconds(phase, times, images.validation) +
    judging * images.validation;
  return {
    phase: {
      ...{ name, epochs, secondsPerEpoch, microBatch },
      cacheSeconds: cacheSeconds(phase, basis, images, augmentation, kept),
      memoryBytes: predictMemory(network, phase, setting, microBatch).bytes,
    },
    learned: phase.learned.values,
    // Weights, the best ones and the slots.
    checkpointSeconds: at(times.checkpoint, phase.learned.values * (2 + slotsOf(plan))),
  };
}

/** Steps of an epoch, without what brings the values to them. */
function trainSeconds(plan: Plan, phase: PhaseSteps, times: NetworkTimes, images: number, microBatch: number): number {
  const batches = Math.ceil(images / plan.batchSize);
  const full = Math.floor(images / plan.batchSize);
  const rest = images - full * plan.batchSize;
  const parts = full * Math.ceil(plan.batchSize / microBatch) + Math.ceil(rest / microBatch);
  const passes = phase.suffix.reduce((sum, step) => sum + done(trainTimes(step, times), parts, images), 0);
  const { tensors, values } = phase.learned;
  const overWeights = ([perTensor, perNumber]: Linear): number => perTensor * tensors + perNumber * values;
  return (
    passes +
    done(times.batch, parts, images) +
    batches * overWeights(times.optimizers[plan.optimizer.name]) +
    (parts - batches) * overWeights(times.sum)
  );
}

/** Of one step in training. */
function trainTimes(step: PhaseStep, times: NetworkTimes): Linear {
  const { forward, carry, train } = times.steps[timeKey(step)];
  const { active, adaptive, gradientInputs } = step;
  const way = { trains: step.trains || adaptive, handsOn: gradientInputs.length > 0, active };
  const part = (place: 0 | 1): number =>
    timeInTraining({ forward: forward[place], carry: carry[place], train: train[place] }, way);
  return [part(0), part(1)];
}

function judgeSeconds(phase: PhaseSteps, times: NetworkTimes, images: number): number {
  const batches = Math.ceil(images / EVALUATION_BATCH);
  const steps = phase.suffix.reduce((sum, step) => sum + done(times.steps[timeKey(step)].forward, batches, images), 0);
  return steps + done(times.judged, batches, images);
}

/** Of an image whose values at the cut are computed on the spot. */
function liveSeconds(
  phase: PhaseSteps,
  { times, network, memory, openSeconds }: CostBasis,
  images: ImageCounts,
): number {
  const pixels = network.input * (images.train + images.validation);
  // What does not fit is decoded again.
  const missing = Math.max(0, 1 - memory.pixelLimitBytes / pixels);
  return times.pixels + prefixSeconds(phase, times) + missing * openSeconds;
}

function prefixSeconds(phase: PhaseSteps, times: NetworkTimes): number {
  return phase.prefix.reduce((sum, step) => {
    const [each, per] = times.steps[timeKey(step)].forward;
    return sum + each / PREFIX_BATCH + per;
  }, 0);
}

function varySeconds({ vary }: NetworkTimes, { flip, crop, rotate, color, erase }: Augmentation): number {
  const moved = crop > 0 || rotate > 0 ? 1 : flip ? 0.5 : 0;
  return moved * vary.move + (color > 0 ? vary.color : 0) + (erase > 0 ? vary.erase / 2 : 0);
}

function cacheSeconds(
  phase: PhaseSteps,
  { times }: CostBasis,
  images: ImageCounts,
  augmentation: Augmentation,
  kept: { train: number; validation: number },
): number {
  const one = times.pixels + prefixSeconds(phase, times) + times.fromEngine * phase.boundarySize;
  const variants = typeof augmentation.variants === 'number' ? augmentation.variants : 0;
  // The first variant is the image as it is.
  const training = variants * one + (variants - 1) * varySeconds(times, augmentation);
  return (kept.train > 0 ? training * images.train : 0) + (kept.validation > 0 ? one * images.validation : 0);
}

function at([each, per]: Linear, count: number): number {
  return each + per * count;
}

/** `times` times, on `count` of them in all. */
function done([each, per]: Linear, times: number, count: number): number {
  return each * times + per * count;
}
