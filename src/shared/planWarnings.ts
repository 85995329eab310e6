import { t } from '@vscode/l10n';
import type { Plan } from './plan.ts';

export interface PlanWarning {
  code: 'smallBatchStatistics';
  text: string;
}

/** Smallest batch whose own statistics batch normalization may adapt to. */
export const LEAST_BATCH_TO_ADAPT = 16;

/** What is doubtful about a plan as it stands, whoever wrote it. */
export function planWarnings(plan: Plan): PlanWarning[] {
  const { batchNorm, batchSize } = plan;
  if (batchNorm !== 'adapt' || batchSize >= LEAST_BATCH_TO_ADAPT || !trainsBackbone(plan)) return [];
  const text =
    batchSize === 1
      ? t(
          'Batch normalization adapts to batches of 1 image, whose statistics say little. Set "batchSize" to {0} or more, or "batchNorm" to "affine".',
          LEAST_BATCH_TO_ADAPT,
        )
      : t(
          'Batch normalization adapts to batches of {0} images, whose statistics are noisy. Set "batchSize" to {1} or more, or "batchNorm" to "affine".',
          batchSize,
          LEAST_BATCH_TO_ADAPT,
        );
  return [{ code: 'smallBatchStatistics', text }];
}

/** Whether any layer of it may change: frozen batch normalization never adapts. */
function trainsBackbone({ blocks }: Plan): boolean {
  return Object.values(blocks).some(
    ({ frozen, layers = {} }) => !frozen || Object.values(layers).some((layer) => !layer.frozen),
  );
}
