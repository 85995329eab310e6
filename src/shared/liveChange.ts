import type { Plan, PlanPhase } from './plan.ts';
import type { PlanChange } from './planEdits.ts';
import { planChanges } from './planEdits/planChanges.ts';

/** What of an edited plan a run that trains can take over at its next epoch. */
export type LiveChange =
  | {
      /** The plan of the run with what it takes over. */
      plan: Plan;
      changes: PlanChange[];
    }
  /** The phases are others, so there is no saying which one the run is in. */
  | { reason: 'phases' };

/**
 * Takes from an edited plan what may change while a run trains: which blocks and layers are frozen, and every learning
 * rate. All else stays as the run began with it, whatever the edited plan says.
 */
export function liveChange(running: Plan, edited: Plan): LiveChange {
  const samePhases =
    running.phases.length === edited.phases.length &&
    running.phases.every(({ name }, index) => edited.phases[index].name === name);
  if (!samePhases) return { reason: 'phases' };
  const plan: Plan = {
    ...running,
    blocks: edited.blocks,
    optimizer: { ...running.optimizer, headLearningRate: edited.optimizer.headLearningRate },
    phases: running.phases.map((phase, index) => {
      const { unfreeze, headLearningRate, learningRates } = edited.phases[index];
      return withoutUndefined({ ...phase, unfreeze, headLearningRate, learningRates });
    }),
  };
  return { plan, changes: planChanges(running, plan) };
}

/** As a file has it: a key that is not set is not there. */
function withoutUndefined(phase: PlanPhase): PlanPhase {
  return Object.fromEntries(Object.entries(phase).filter(([, value]) => value !== undefined)) as PlanPhase;
}

/** Whether there is anything in an edited plan that a run can take over. */
export function hasLiveChange(running: Plan, edited: Plan): boolean {
  const change = liveChange(running, edited);
  return 'changes' in change && change.changes.length > 0;
}
