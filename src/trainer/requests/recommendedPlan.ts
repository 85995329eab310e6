import type { Recommendation } from '../../shared/advisor.ts';
import type { PlanInput } from '../../shared/plan.ts';
import type { StartingPoint } from './startingPoint.ts';

/** Of plans that are made. */
export const BATCH_SIZE = 16;
const SEED = 42;

/** How a plan names what it needs. */
export interface PlanReferences {
  model: string;
  /** An absolute path as the plan writes it. */
  from: (path: string) => string;
  seed?: number;
}

/** The plan that follows from a recommendation for a network and images. */
export function recommendedPlan(
  { parts, withHead, input, summary }: StartingPoint,
  advice: Recommendation,
  { model, from, seed = SEED }: PlanReferences,
): PlanInput {
  return {
    version: 1,
    model,
    input,
    data: {
      train: from(parts.train),
      validation: typeof parts.validation === 'string' ? from(parts.validation) : parts.validation,
      ...(parts.test ? { test: from(parts.test) } : {}),
    },
    head: { after: withHead.after, classes: summary.classes, hidden: [], ...advice.head },
    blocks: advice.blocks,
    phases: advice.phases,
    optimizer: advice.optimizer,
    batchSize: BATCH_SIZE,
    batchNorm: advice.batchNorm,
    augment: advice.augment,
    classWeights: 'auto',
    earlyStopping: advice.earlyStopping,
    seed,
    advice: advice.advice,
  };
}
