import { dirname } from 'node:path';
import type * as vscode from 'vscode';
import type { Plan } from '../shared/plan.ts';
import type { Loadable, PlanNetwork } from '../shared/planView.ts';
import { problemText } from './problemText.ts';
import type { TrainerService } from './trainerService.ts';

/** Time without typing before the trainer is asked again. */
const SETTLE_MS = 250;

/** The network of a plan, asked of the trainer whenever the plan names another network or head. */
export class PlanNetworkSource implements vscode.Disposable {
  private state: Loadable<PlanNetwork> = { state: 'loading' };
  /** What the last request was about. */
  private key: string | null = null;
  private model: string | null = null;
  private timer: NodeJS.Timeout | undefined;
  private controller = new AbortController();

  constructor(
    private readonly document: vscode.TextDocument,
    private readonly trainer: TrainerService,
    private readonly onChange: () => void,
  ) {}

  get view(): Loadable<PlanNetwork> {
    return this.state;
  }

  /** The network as last described. */
  get known(): PlanNetwork | null {
    return this.state.state === 'ready' ? this.state.value : null;
  }

  /** Loads what the plan names, unless that is what is shown. One that failed is tried again. */
  load(plan: Plan): void {
    const key = JSON.stringify([plan.model, plan.weights, plan.head, plan.input]);
    if (key === this.key && this.state.state !== 'failed') return;
    const isFirst = this.key === null;
    this.key = key;
    // Another head on the same network: what is shown stays until the new one is there.
    if (plan.model !== this.model) this.show({ state: 'loading' });
    this.model = plan.model;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.describe(key), isFirst ? 0 : SETTLE_MS);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.controller.abort();
  }

  private async describe(key: string): Promise<void> {
    this.controller.abort();
    this.controller = new AbortController();
    const { signal } = this.controller;
    const path = this.document.uri.fsPath;
    const params = { directory: dirname(path), plan: path, text: this.document.getText() };
    const next = await this.trainer.request('describe', params, { signal }).then(
      ({ network }): Loadable<PlanNetwork> => ({ state: 'ready', value: network }),
      (error: unknown): Loadable<PlanNetwork> => ({ state: 'failed', problem: problemText(error) }),
    );
    if (!signal.aborted && key === this.key) this.show(next);
  }

  private show(state: Loadable<PlanNetwork>): void {
    this.state = state;
    this.onChange();
  }
}
