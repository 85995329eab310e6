import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { CrossValidationRuns } from '../node/crossValidationRuns.ts';
import type { TrainEvent } from '../shared/results.ts';
import { TRIAL_FOLDS, TRIAL_SIDES, type TrialSide } from '../shared/trial.ts';
import type { TrialState } from '../shared/webviewProtocol.ts';
import { problemText } from './problemText.ts';
import type { TrainerService } from './trainerService.ts';

/** What was tried of a plan, or is. */
interface Trial {
  /** What the answer depends on. */
  key: string;
  state: TrialState;
  /** Folder of its runs, once one has begun. */
  run: string | null;
}

/** A trial that has an answer, or has failed. */
export interface TrialEnded {
  /** Path of the plan. */
  plan: string;
  state: Extract<TrialState, { state: 'finished' | 'failed' }>;
  /** What the editor calls the two plans. */
  titles: Record<TrialSide, string>;
}

/** Trials of plans against their challengers: one at a time. Their answers are kept as long as the window is open. */
export class TrialService implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  /** One was started, ended, or has come to another fold. */
  readonly onDidChange = this.changed.event;
  private readonly ended = new vscode.EventEmitter<TrialEnded>();
  /** One has come to its end; one that was stopped has not. */
  readonly onDidEnd = this.ended.event;
  private readonly trials = new Map<string, Trial>();
  private current: { plan: string; controller: AbortController } | null = null;

  constructor(private readonly trainer: TrainerService) {}

  /** Path of the plan that is being tried. */
  get running(): string | null {
    return this.current?.plan ?? null;
  }

  /**
   * How the trial of a plan stands. One that goes on is told of in any case, so that it can be stopped; else one that was about
   * something else counts for nothing.
   *
   * @param key what the answer depends on; null while that is not known
   */
  state(plan: string, key: string | null): TrialState {
    const trial = this.trials.get(plan);
    return trial && (trial.key === key || this.running === plan) ? trial.state : { state: 'none' };
  }

  /**
   * Tries a plan that is saved. One that was stopped or has failed goes on; while another one is under way nothing happens.
   *
   * @param key what the answer depends on
   */
  async start(plan: string, key: string, titles: TrialEnded['titles']): Promise<void> {
    if (this.current) return;
    const before = this.trials.get(plan);
    const goesOn = before?.key === key && (before.state.state === 'stopped' || before.state.state === 'failed');
    const resumed = goesOn ? before.run : null;
    const controller = new AbortController();
    this.current = { plan, controller };
    const trial: Trial = { key, run: resumed, state: { state: 'running', fold: 0, folds: 2 * TRIAL_FOLDS } };
    this.trials.set(plan, trial);
    this.changed.fire();
    const params = { directory: dirname(plan), plan, ...(resumed === null ? {} : { run: resumed }) };
    const options = { signal: controller.signal, onEvent: (event: TrainEvent) => this.hear(trial, event) };
    trial.state = await this.trainer.requestAlone('trial', params, options).then(
      (result): TrialState => (result.stopped === 'finished' ? { state: 'finished', result } : { state: 'stopped' }),
      (error: unknown): TrialState =>
        controller.signal.aborted ? { state: 'stopped' } : { state: 'failed', problem: problemText(error) },
    );
    this.current = null;
    this.changed.fire();
    const { state } = trial;
    if (state.state === 'finished' || state.state === 'failed') this.ended.fire({ plan, state, titles });
  }

  /** Stops the trial of a plan. Folds that are done are kept. */
  stop(plan: string): void {
    if (this.current?.plan === plan) this.current.controller.abort();
  }

  dispose(): void {
    this.current?.controller.abort();
    this.changed.dispose();
    this.ended.dispose();
  }

  private hear(trial: Trial, event: TrainEvent): void {
    if (event.event !== 'start' || event.fold === undefined || event.folds === undefined || !event.trial) return;
    trial.run = dirname(CrossValidationRuns.nameOf(event.run));
    const before = TRIAL_SIDES.indexOf(event.trial) * event.folds;
    trial.state = { state: 'running', fold: before + event.fold, folds: TRIAL_SIDES.length * event.folds };
    this.changed.fire();
  }
}
