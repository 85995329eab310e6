import type { FusedActivation } from './engine.ts';
import type { MaskAttributes } from './ownKernels.ts';

/** The smallest float32 above 0. */
export const ABOVE_ZERO = 2 ** -149;

/** The largest float32 below 6. */
const BELOW_SIX = 6 - 2 ** -21;

/** The outputs of an activation at which its gradient passes, both ends included; undefined where it always does. */
export function passingOutputs(activation: FusedActivation): MaskAttributes | undefined {
  switch (activation) {
    case 'linear':
      return undefined;
    case 'relu':
      return { low: ABOVE_ZERO, high: Infinity };
    case 'relu6':
      return { low: ABOVE_ZERO, high: BELOW_SIX };
  }
}

/** What an activation limits its output to; undefined where it is of another kind. */
export function outputLimits(activation: string | undefined): [low: number, high: number] | undefined {
  switch (activation) {
    case undefined:
    case 'linear':
      return [-Infinity, Infinity];
    case 'relu':
      return [0, Infinity];
    case 'relu6':
      return [0, 6];
    default:
      return undefined;
  }
}
