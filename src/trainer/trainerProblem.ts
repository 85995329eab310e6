import { type Problem, problemOf } from '../shared/errors.ts';
import { isHeapExhaustion } from './engine/portable/memoryGuard.ts';

/** The problem behind anything thrown in the trainer, where the engine's memory can end as well. */
export function trainerProblem(error: unknown): Problem {
  return isHeapExhaustion(error) ? { reason: 'outOfMemory', microBatch: 1 } : problemOf(error);
}
