import * as vscode from 'vscode';
import type { Plan } from '../shared/plan.ts';
import type { Measurable } from '../shared/planView.ts';
import type { Results } from '../shared/protocol.ts';
import type { TrainEvent } from '../shared/results.ts';
import { Pace } from './pace.ts';
import { PlanAnswer, type PlanText } from './planAnswer.ts';
import type { TrainerService } from './trainerService.ts';

/** What is measured of a plan in the background. */
export type MeasuredPart = 'cost' | 'similarity';

/** Time without typing before anything is measured. */
const SETTLE_MS = 1000;

/** What of a plan the measured values depend on. */
const KEYS: Record<MeasuredPart, (plan: Plan) => unknown[]> = {
  cost: (plan) => [plan.model, plan.head, plan.input, plan.data, plan.batchNorm === 'adapt'],
  similarity: (plan) => [plan.model, plan.input, plan.data.train],
};

/**
 * Something that is measured of a plan: asked of the trainer when it has nothing else to do, and not while a run trains, which
 * needs the machine.
 */
export class MeasuredSource<M extends MeasuredPart> extends PlanAnswer<Results[M], Measurable<Results[M]>> {
  private plan: Plan | null = null;
  private isPaused = false;
  private readonly pace = new Pace();

  constructor(
    private readonly part: M,
    ...rest: [document: vscode.TextDocument, trainer: TrainerService, onChange: () => void]
  ) {
    super(...rest);
  }

  /** Measures what the plan names, unless that is known or was stopped. */
  load(plan: Plan): void {
    this.plan = plan;
    const key = this.keyOf(plan);
    if (this.isPaused) {
      // What is shown is about something else, and what is wanted is not known before the machine is free.
      if (this.view.state === 'ready' && key !== this.subject) this.show({ state: 'loading' });
      return;
    }
    if (vscode.workspace.isTrusted) {
      this.ask(key, key, SETTLE_MS);
    } else {
      this.show({ state: 'failed', problem: vscode.l10n.t('Images are decoded once you trust the workspace.') });
    }
  }

  /** Gives up what is being measured, until it is wanted again or the plan names something else. */
  stop(): void {
    if (this.view.state !== 'loading' || !this.plan) return;
    this.giveUp();
    this.key = this.keyOf(this.plan);
    this.show({ state: 'stopped' });
  }

  /** Measures what was stopped or has failed. */
  restart(): void {
    if (!this.plan || this.view.state === 'ready') return;
    this.key = null;
    this.show({ state: 'loading' });
    this.load(this.plan);
  }

  /** Measures again what has been measured: the images have changed. What is shown stays until that is done. */
  again(): void {
    if (!this.plan || this.view.state !== 'ready') return;
    this.key = null;
    this.load(this.plan);
  }

  /** While a run trains nothing is measured; what is under way is given up, and begun again afterwards. */
  pause(isPaused: boolean): void {
    if (isPaused === this.isPaused) return;
    this.isPaused = isPaused;
    if (!isPaused) {
      if (this.plan) this.load(this.plan);
      return;
    }
    this.giveUp();
    if (this.view.state !== 'loading') return;
    this.key = null;
    this.show({ state: 'loading' });
  }

  override dispose(): void {
    super.dispose();
    this.pace.dispose();
  }

  protected request(params: PlanText, signal: AbortSignal): Promise<Results[M]> {
    let progress = { done: 0, total: 0 };
    const show = (): void => {
      // A failure that is tried again stays in view until it is known to be none.
      if (this.view.state === 'loading' && !signal.aborted) this.show({ state: 'loading', progress });
    };
    const onEvent = (event: TrainEvent): void => {
      if (event.event !== 'measure') return;
      progress = { done: event.done, total: event.total };
      this.pace.ask(show);
    };
    return this.trainer.requestWhenIdle<MeasuredPart>(this.part, params, { signal, onEvent }) as Promise<Results[M]>;
  }

  private keyOf(plan: Plan): string {
    return JSON.stringify(KEYS[this.part](plan));
  }
}
