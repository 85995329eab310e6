import type { FunctionTime } from './ownTimes.ts';

/** What is measured of the editor. */
export const SUBJECTS = [
  'redrawDelta',
  'redrawSmoothing',
  'freezeLayer',
  'freezeBlock',
  'hostTurn',
  'hostTurnComparing',
  'chartLag',
  'chartLagComparing',
  'activation',
] as const;
export type Subject = (typeof SUBJECTS)[number];

export interface Measured {
  subject: Subject;
  /** Milliseconds, one value for each repetition; warm-up left out. */
  values: number[];
  /** More about it in words, such as its parts. */
  note: string | null;
  /** Own time of functions; empty unless asked for. */
  profile: FunctionTime[];
}
