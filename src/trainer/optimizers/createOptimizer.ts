import { DEFAULT_SGD_MOMENTUM, DEFAULT_WEIGHT_DECAY, type Plan } from '../../shared/plan.ts';
import { Adam, AdamW } from './adam.ts';
import { MomentumSgd } from './momentumSgd.ts';
import { RmsProp } from './rmsProp.ts';
import type { NamedVariable, RateGroupOptimizer } from './slotOptimizer.ts';

/** An optimizer for variables that share one learning rate. */
export function createOptimizer(
  settings: Omit<Plan['optimizer'], 'headLearningRate'>,
  weights: readonly NamedVariable[],
  learningRate: number,
): RateGroupOptimizer {
  const { name, momentum, weightDecay } = settings;
  switch (name) {
    case 'adam':
      return new Adam(weights, learningRate);
    case 'adamw':
      return new AdamW(weights, learningRate, weightDecay ?? DEFAULT_WEIGHT_DECAY);
    case 'sgd':
      return new MomentumSgd(weights, learningRate, momentum ?? DEFAULT_SGD_MOMENTUM);
    case 'rmsprop':
      return new RmsProp(weights, learningRate, momentum ?? 0);
  }
}
