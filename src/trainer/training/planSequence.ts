import { isDeepStrictEqual } from 'node:util';
import { planAfter, readRunChanges, type RunChange, writeRunChanges } from '../../node/runChanges.ts';
import type { RunFolder } from '../../node/runFolder.ts';
import { describeProblem, ThawError } from '../../shared/errors.ts';
import { liveChange } from '../../shared/liveChange.ts';
import type { Plan } from '../../shared/plan.ts';
import type { PlanChange } from '../../shared/planEdits.ts';
import { planChanges } from '../../shared/planEdits/planChanges.ts';
import { requireFittingPlan, type TrainingSetup } from './trainingSetup.ts';

interface PlansOfRun {
  setup: TrainingSetup;
  run: RunFolder;
  onChange?: (listener: (plan: Plan) => void) => void;
}

/**
 * The plans of a run one after the other: the one it began with, and those that it took over between two epochs. Each is
 * written into the run before it is used, so that a run that is resumed, also from an older checkpoint, takes them over at
 * the same epochs. `setup.plan` is always the present one.
 */
export class PlanSequence {
  private readonly setup: TrainingSetup;
  private readonly run: RunFolder;
  private first: Plan;
  private recorded: RunChange[] = [];
  private wanted: Plan | null = null;

  constructor({ setup, run, onChange }: PlansOfRun) {
    this.setup = setup;
    this.run = run;
    this.first = setup.plan;
    onChange?.((plan) => (this.wanted = plan));
  }

  /** Puts the plan in place that the run had once this many epochs were complete. Throws `runDamaged`. */
  async resume(epochs: number): Promise<void> {
    this.recorded = await readRunChanges(this.run);
    if (this.recorded.length === 0) return;
    this.first = await this.run.readPlan();
    this.setup.plan = planAfter(this.first, this.recorded, epochs);
    this.setup.earlierPlans = [this.first, ...this.recorded.map(({ plan }) => plan)];
  }

  /** What was changed just after this many epochs, or null. */
  madeAfter(epochs: number): PlanChange[] | null {
    const place = this.recorded.findIndex(({ afterEpoch }) => afterEpoch === epochs);
    if (place < 0) return null;
    return planChanges(this.recorded[place - 1]?.plan ?? this.first, this.recorded[place].plan);
  }

  /**
   * Takes over the plan that belongs after this many epochs, from the record or as it was asked for meanwhile. Returns what
   * that changes, or null where nothing does; `refuse` hears in words why a plan was not taken over.
   */
  async next(epochs: number, refuse: (text: string) => void): Promise<PlanChange[] | null> {
    const recorded = planAfter(this.first, this.recorded, epochs);
    if (!isDeepStrictEqual(recorded, this.setup.plan)) return this.replaceBy(recorded);
    const { wanted } = this;
    this.wanted = null;
    if (!wanted) return null;
    const plan = this.fitting(wanted, refuse);
    if (!plan) return null;
    this.recorded = [...this.recorded.filter(({ afterEpoch }) => afterEpoch < epochs), { afterEpoch: epochs, plan }];
    await writeRunChanges(this.run, this.recorded);
    return this.replaceBy(plan);
  }

  /** The present plan with what it can take over, or null. */
  private fitting(wanted: Plan, refuse: (text: string) => void): Plan | null {
    const change = liveChange(this.setup.plan, wanted);
    if ('reason' in change) {
      refuse('The plan has other phases than the one this run trains, so it is not taken over.');
      return null;
    }
    if (change.changes.length === 0) return null;
    try {
      requireFittingPlan('plan', () => 1, change.plan, this.setup.network);
      return change.plan;
    } catch (error) {
      if (!(error instanceof ThawError)) throw error;
      refuse(`The plan is not taken over: ${describeProblem(error.problem)}`);
      return null;
    }
  }

  private replaceBy(plan: Plan): PlanChange[] {
    const changes = planChanges(this.setup.plan, plan);
    this.setup.earlierPlans = [...(this.setup.earlierPlans ?? []), this.setup.plan];
    this.setup.plan = plan;
    return changes;
  }
}
