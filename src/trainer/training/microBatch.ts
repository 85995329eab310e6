import { formatBytes } from '../../shared/format.ts';
import { type NetworkSteps, phaseSteps } from '../../shared/networkSteps.ts';
import { fittingMicroBatch, type MemorySetting, predictMemory } from '../../shared/predictMemory.ts';
import type { Plan } from '../../shared/plan.ts';
import type { Engine } from '../engine/engine.ts';
import { describeSteps } from './describeSteps.ts';
import { engineMemory, keptLimits } from './memoryBudget.ts';
import type { TrainingSetup } from './trainingSetup.ts';

/** Fewer images than this have statistics that say little of the images they stand for (Wu and He 2018, arXiv 1803.08494). */
const LEAST_FOR_STATISTICS = 8;

/** A micro-batch and what is to be said of it. */
export interface ChosenMicroBatch {
  /** Images computed at a time. */
  size: number;
  warnings: { code: string; text: string }[];
}

/** Chooses how a phase divides its batches before it begins, from what it will take and what it may take. */
export class MicroBatchChoice {
  private readonly network: NetworkSteps;

  constructor(
    private readonly setup: TrainingSetup,
    private readonly engine: Engine,
    readonly budgetBytes: number,
  ) {
    this.network = describeSteps(setup.network);
  }

  /** Depends on plan, network, numbers of images and budget alone. */
  choose(phase: number): ChosenMicroBatch {
    const { plan, data } = this.setup;
    const images = { train: data.train.examples.length, validation: data.validation.examples.length };
    const setting: MemorySetting = { plan, images, ...keptLimits(), engine: engineMemory(this.engine) };
    const steps = phaseSteps(plan, phase, this.network);
    const size = fittingMicroBatch(this.network, steps, setting, this.budgetBytes);
    if (size === plan.batchSize) return { size, warnings: [] };
    const whole = predictMemory(this.network, steps, setting, plan.batchSize).bytes;
    const parts = predictMemory(this.network, steps, setting, size).bytes;
    const limit = Math.min(this.budgetBytes, setting.engine.limitBytes ?? Infinity);
    return {
      size,
      warnings: [...smallerWarning(plan, size, { whole, parts, limit }), ...statisticsWarning(plan, size)],
    };
  }
}

function smallerWarning(
  plan: Plan,
  size: number,
  bytes: { whole: number; parts: number; limit: number },
): ChosenMicroBatch['warnings'] {
  const images = size === 1 ? '1 image' : `${size} images`;
  const text = `A batch of ${plan.batchSize} would take about ${formatBytes(bytes.whole)} of memory, more than the ${formatBytes(bytes.limit)} it may take: it is computed in parts of ${images} with about ${formatBytes(bytes.parts)}.`;
  return [{ code: 'smallerMicroBatch', text }];
}

function statisticsWarning({ batchNorm, batchSize }: Plan, size: number): ChosenMicroBatch['warnings'] {
  if (batchNorm !== 'adapt' || size >= Math.min(batchSize, LEAST_FOR_STATISTICS)) return [];
  const images = size === 1 ? '1 image' : `${size} images`;
  const text = `Batch normalization adapts to ${images} at a time, whose statistics are noisy. Give it more memory, freeze more blocks, or set "batchNorm" to "affine".`;
  return [{ code: 'fewForStatistics', text }];
}
