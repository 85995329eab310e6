import type { Engine } from '../engine/engine.ts';
import { FeatureDisk } from './featureDisk.ts';
import { hasWeights, prefixKey } from './featureKeys.ts';
import type { Prefix } from './featureSource.ts';
import type { CacheSettings } from './cachedFeatures.ts';
import type { TrainingSetup } from './trainingSetup.ts';
import { resolveAugmentation } from '../../shared/augmentation.ts';

/** The values that a prefix hands over, with their shapes without the batch dimension. */
export function boundaryOf(prefix: Prefix, input: TrainingSetup['network']['input']): CacheSettings['boundary'] {
  const shapes = new Map(prefix.steps.map((step) => [step.output, step.outputShape]));
  shapes.set(prefix.input, [input.height, input.width, input.channels]);
  return prefix.boundary.map((id) => ({ id, shape: shapes.get(id) ?? [] }));
}

/** Bytes of the values at the cut for one image in one variant. */
export function rowBytes(boundary: CacheSettings['boundary']): number {
  const sizes = boundary.map(({ shape }) => shape.reduce((product, length) => product * length, 1));
  return 4 * sizes.reduce((sum, size) => sum + size, 0);
}

/** What says which features are kept, and where. */
export type DiskSetup = Pick<TrainingSetup, 'plan' | 'network'> & { data: Pick<TrainingSetup['data'], 'contents'> };

/**
 * Where the features of a phase are kept for other runs; null where none are: the cache is off, or nothing below the cut has
 * weights, so that features are computed as fast as they are read.
 */
export async function openPhaseDisk(engine: Engine, setup: DiskSetup, prefix: Prefix): Promise<FeatureDisk | null> {
  const { plan, network, data } = setup;
  const { folder } = data.contents;
  if (!folder || !hasWeights(prefix.steps)) return null;
  const key = await prefixKey(engine, prefix, network.input, network.decode);
  const bytes = rowBytes(boundaryOf(prefix, network.input));
  return FeatureDisk.open(folder, key, resolveAugmentation(plan.augment), plan.seed, bytes);
}
