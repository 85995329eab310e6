import type { PlanChange } from './planEdits.ts';

/** A run as charts draw it. */

export const RUN_STATES = ['queued', 'running', 'finished', 'earlyStopped', 'interrupted', 'failed'] as const;
export type RunViewState = (typeof RUN_STATES)[number];

/** Every training step in order; all arrays have one entry a step. */
export interface StepSeries {
  /** Epoch of the run (1-based) the step belongs to. */
  epoch: number[];
  /** Position in epochs: epoch - 1 + step / steps of the epoch. */
  position: number[];
  loss: number[];
  accuracy: number[];
}

export interface EpochPoint {
  epoch: number;
  phase: string;
  loss: number;
  accuracy: number;
  validationLoss: number;
  validationAccuracy: number;
  /** 95 % interval of the validation accuracy, on `n` images. */
  low: number;
  high: number;
  n: number;
  seconds: number;
  best: boolean;
  movement: Record<string, number>;
}

/** A stretch of epochs of one phase: a band behind the curves. */
export interface PhaseBand {
  name: string;
  /** First epoch (1-based). */
  from: number;
  /** Epochs the plan gives it; early stopping may end it sooner. */
  epochs: number;
  /** Blocks that train in it besides the head. */
  trainable: string[];
}

export interface RunView {
  /** Folder of the run; its identity. */
  run: string;
  name: string;
  state: RunViewState;
  startedAt: string | null;
  engine: string | null;
  /** Epochs of the whole plan. */
  epochs: number;
  phases: PhaseBand[];
  steps: StepSeries;
  points: EpochPoint[];
  /** What is going on before the first step, such as the caching of features. */
  activity: { text: string; done: number; total: number } | null;
  /** Of the phase that trains now. */
  secondsLeft: number | null;
  /** Duration of the whole run, reading and caching included; null until it is over. */
  seconds: number | null;
  warnings: string[];
  /** What was changed of the plan while the run trained; `epoch` are the complete epochs. */
  changes: { epoch: number; changes: PlanChange[] }[];
  /** One line in words, where the run failed or was interrupted. */
  problem: string | null;
  freezeProof: { frozenTensors: number; changedTensors: number } | null;
}

/**
 * What has come to a run since the receiver had `from` steps and `fromPoints` epochs of it; everything else of the view
 * as it is now.
 */
export interface RunDelta extends RunView {
  from: number;
  fromPoints: number;
}

/** A run before its first event. */
export function emptyRunView(run: string, name: string, state: RunViewState): RunView {
  return {
    run,
    name,
    state,
    startedAt: null,
    engine: null,
    epochs: 0,
    phases: [],
    steps: { epoch: [], position: [], loss: [], accuracy: [] },
    points: [],
    activity: null,
    secondsLeft: null,
    seconds: null,
    warnings: [],
    changes: [],
    problem: null,
    freezeProof: null,
  };
}
