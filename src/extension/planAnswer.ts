import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type * as vscode from 'vscode';
import type { Loadable } from '../shared/planView.ts';
import { problemText } from './problemText.ts';
import type { TrainerService } from './trainerService.ts';

/** A plan as it stands, for the trainer: its text, the path it lies at, and that folder. */
export interface PlanText {
  directory: string;
  plan: string;
  text: string;
}

/** What the trainer says of a plan as it stands: asked a while after the plan has come to name something else. */
export abstract class PlanAnswer<T, Own extends { state: string } = never> implements vscode.Disposable {
  private state: Loadable<T> | Own = { state: 'loading' };
  /** What was asked about last. */
  protected key: string | null = null;
  /** What is shown is about this. */
  protected subject: string | null = null;
  private timer: NodeJS.Timeout | undefined;
  private controller = new AbortController();

  constructor(
    private readonly document: vscode.TextDocument,
    protected readonly trainer: TrainerService,
    private readonly onChange: () => void,
  ) {}

  get view(): Loadable<T> | Own {
    return this.state;
  }

  dispose(): void {
    this.giveUp();
  }

  /** Asks the trainer; what it says after the signal has aborted is passed over. */
  protected abstract request(params: PlanText, signal: AbortSignal): Promise<T>;

  /**
   * Asks about `key` after a while, unless that was asked already; one that failed is asked again. What is shown stays until
   * the answer is there, unless it is about another subject.
   */
  protected ask(key: string, subject: string, settleMs: number): void {
    if (key === this.key && this.state.state !== 'failed') return;
    if (subject !== this.subject) this.show({ state: 'loading' });
    this.giveUp();
    this.key = key;
    this.subject = subject;
    this.timer = setTimeout(() => void this.answer(), settleMs);
  }

  /** Leaves off asking. */
  protected giveUp(): void {
    clearTimeout(this.timer);
    this.controller.abort();
  }

  protected show(state: Loadable<T> | Own): void {
    if (isDeepStrictEqual(state, this.state)) return;
    this.state = state;
    this.onChange();
  }

  private async answer(): Promise<void> {
    this.controller = new AbortController();
    const { signal } = this.controller;
    const path = this.document.uri.fsPath;
    const next = await this.request(
      { directory: dirname(path), plan: path, text: this.document.getText() },
      signal,
    ).then(
      (value): Loadable<T> => ({ state: 'ready', value }),
      (error: unknown): Loadable<T> => ({ state: 'failed', problem: problemText(error) }),
    );
    if (!signal.aborted) this.show(next);
  }
}
