import { dirname } from 'node:path';
import * as vscode from 'vscode';
import type { Plan } from '../shared/plan.ts';
import type { Loadable } from '../shared/planView.ts';
import type { Results } from '../shared/protocol.ts';
import { problemText } from './problemText.ts';
import type { TrainerService } from './trainerService.ts';

/** What is measured of a plan in the background. */
export type MeasuredPart = 'cost' | 'similarity';

/** Time without typing before anything is measured. */
const SETTLE_MS = 1000;

/** What of a plan the measured values depend on. */
const KEYS: Record<MeasuredPart, (plan: Plan) => unknown[]> = {
  cost: (plan) => [plan.model, plan.head, plan.input, plan.data, plan.batchNorm === 'adapt'],
  similarity: (plan) => [plan.model, plan.head.after, plan.input, plan.data.train],
};

/**
 * Something that is measured of a plan: asked of the trainer when it has nothing else to do, and not while a run trains, which
 * needs the machine.
 */
export class MeasuredSource<M extends MeasuredPart> implements vscode.Disposable {
  private state: Loadable<Results[M]> = { state: 'loading' };
  /** What is measured, or was. */
  private key: string | null = null;
  private plan: Plan | null = null;
  private isPaused = false;
  private timer: NodeJS.Timeout | undefined;
  private controller = new AbortController();

  constructor(
    private readonly part: M,
    private readonly document: vscode.TextDocument,
    private readonly trainer: TrainerService,
    private readonly onChange: () => void,
  ) {}

  get view(): Loadable<Results[M]> {
    return this.state;
  }

  /** Measures what the plan names, unless that is known. One that failed is tried again. */
  load(plan: Plan): void {
    this.plan = plan;
    if (this.isPaused) return;
    if (!vscode.workspace.isTrusted) {
      this.show({ state: 'failed', problem: vscode.l10n.t('Images are decoded once you trust the workspace.') });
      return;
    }
    const key = JSON.stringify(KEYS[this.part](plan));
    if (key === this.key && this.state.state !== 'failed') return;
    this.key = key;
    this.controller.abort();
    if (this.state.state !== 'loading') this.show({ state: 'loading' });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.measure(key), SETTLE_MS);
  }

  /** While a run trains nothing is measured; what is under way is given up, and begun again afterwards. */
  pause(isPaused: boolean): void {
    if (isPaused === this.isPaused) return;
    this.isPaused = isPaused;
    if (!isPaused) {
      if (this.plan) this.load(this.plan);
      return;
    }
    clearTimeout(this.timer);
    this.controller.abort();
    if (this.state.state === 'loading') this.key = null;
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.controller.abort();
  }

  private async measure(key: string): Promise<void> {
    this.controller = new AbortController();
    const { signal } = this.controller;
    const path = this.document.uri.fsPath;
    const params = { directory: dirname(path), plan: path, text: this.document.getText() };
    const next = await this.trainer.requestWhenIdle<MeasuredPart>(this.part, params, signal).then(
      (value): Loadable<Results[M]> => ({ state: 'ready', value: value as Results[M] }),
      (error: unknown): Loadable<Results[M]> => ({ state: 'failed', problem: problemText(error) }),
    );
    if (!signal.aborted && key === this.key) this.show(next);
  }

  private show(state: Loadable<Results[M]>): void {
    this.state = state;
    this.onChange();
  }
}
