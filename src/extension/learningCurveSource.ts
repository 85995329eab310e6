import { dirname } from 'node:path';
import * as vscode from 'vscode';
import type { Plan } from '../shared/plan.ts';
import type { TrainEvent } from '../shared/results.ts';
import type { CurveState } from '../shared/webviewProtocol.ts';
import { Pace } from './pace.ts';
import { problemText } from './problemText.ts';
import type { TrainerService } from './trainerService.ts';

/** The learning curve of a plan: measured when asked for, by a trainer of its own, and forgotten when the plan is about others. */
export class LearningCurveSource implements vscode.Disposable {
  private state: CurveState = { state: 'none' };
  /** What it was measured of. */
  private key: string | null = null;
  private controller = new AbortController();
  private readonly pace = new Pace();

  constructor(
    private readonly document: vscode.TextDocument,
    private readonly trainer: TrainerService,
    private readonly onChange: () => void,
  ) {}

  get view(): CurveState {
    return this.state;
  }

  /** Forgets what does not hold for this plan. */
  load(plan: Plan): void {
    if (this.state.state !== 'none' && keyOf(plan) !== this.key) this.stop();
  }

  async measure(plan: Plan): Promise<void> {
    if (!vscode.workspace.isTrusted) {
      this.show({ state: 'failed', problem: vscode.l10n.t('Images are decoded once you trust the workspace.') });
      return;
    }
    this.controller.abort();
    const controller = new AbortController();
    this.controller = controller;
    this.key = keyOf(plan);
    this.show({ state: 'measuring', part: 'images', done: 0, total: 0 });
    const path = this.document.uri.fsPath;
    const params = { directory: dirname(path), plan: path, text: this.document.getText() };
    let progress = this.state;
    const show = (): void => {
      if (this.state.state === 'measuring' && !controller.signal.aborted) this.show(progress);
    };
    const onEvent = (event: TrainEvent): void => {
      if (event.event !== 'images' && event.event !== 'measure' && event.event !== 'probe') return;
      progress = { state: 'measuring', part: event.event, done: event.done, total: event.total };
      this.pace.ask(show);
    };
    const next = await this.trainer.requestAlone('learningCurve', params, { signal: controller.signal, onEvent }).then(
      (value): CurveState => ({ state: 'ready', value }),
      (error: unknown): CurveState => ({ state: 'failed', problem: problemText(error) }),
    );
    if (!controller.signal.aborted) this.show(next);
  }

  /** Gives up what is under way, and forgets what there is. */
  stop(): void {
    this.controller.abort();
    this.show({ state: 'none' });
  }

  /** Gives up what is under way: a run needs the machine. */
  giveWay(): void {
    if (this.state.state === 'measuring') this.stop();
  }

  dispose(): void {
    this.controller.abort();
    this.pace.dispose();
  }

  private show(state: CurveState): void {
    this.state = state;
    this.onChange();
  }
}

/** What of a plan the curve depends on. */
function keyOf({ model, head, input, data }: Plan): string {
  return JSON.stringify([model, head, input, data.train, data.groups ?? null]);
}
