import { resolve } from 'node:path';
import * as vscode from 'vscode';
import {
  ensureThawFolder,
  hasThawFolder,
  newRunPath,
  removeUnusedThawFolder,
  RunFolder,
  workspaceOf,
} from '../node/runFolder.ts';
import type { RunHistory } from '../shared/runHistory.ts';
import { MOST_COMPARED, type StartState } from '../shared/webviewProtocol.ts';
import { LiveRun, type RunOrder, type RunOutcome } from './liveRun.ts';
import { readRunHistory } from './storedHistory.ts';
import type { TrainerService } from './trainerService.ts';

/** A plan that waits for the run before it. */
export interface QueuedRun {
  plan: string;
  /** The run to continue; null starts a new one. */
  resume: string | null;
}

export interface RunEnded {
  order: RunOrder;
  outcome: RunOutcome;
  history: RunHistory;
}

/** How long a stop may take when the editor closes: it does not wait longer than five seconds itself. */
const SHUTDOWN_MS = 4000;

/** Histories of finished runs kept in memory: those on the charts of a plan, and some that are looked at beside. */
const KEPT_HISTORIES = 2 * (MOST_COMPARED + 1);

/**
 * Owns all training: one run at a time, the others in a queue, whatever editors are open. Commands decide whether a plan
 * may be trained; this class trains it.
 */
export class RunService implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly progressed = new vscode.EventEmitter<LiveRun>();
  private readonly ended = new vscode.EventEmitter<RunEnded>();
  /** A run was queued, started or ended. */
  readonly onDidChange = this.changed.event;
  /** The history of the live run has grown. */
  readonly onDidProgress = this.progressed.event;
  readonly onDidEnd = this.ended.event;

  private queue: QueuedRun[] = [];
  private current: { run: LiveRun; done: Promise<void> } | null = null;
  private readonly histories = new Map<string, Promise<RunHistory>>();

  constructor(private readonly trainer: TrainerService) {}

  /** The run that trains now. */
  get live(): LiveRun | null {
    return this.current?.run ?? null;
  }

  get queued(): readonly QueuedRun[] {
    return this.queue;
  }

  /** What can be done with a plan as far as runs are concerned. */
  startState(plan: string): StartState {
    if (this.live?.order.plan === plan) return { state: 'running', run: this.live.order.run, change: 'none' };
    return this.queue.some((waiting) => waiting.plan === plan) ? { state: 'queued' } : { state: 'ready' };
  }

  /** Trains a plan, now or when the runs before it are over; one that trains or waits already is left alone. */
  start(plan: string): void {
    this.enqueue({ plan, resume: null });
  }

  /** Continues a run from its checkpoint. */
  resume(run: string, plan: string): void {
    this.enqueue({ plan, resume: run });
  }

  /** Takes a plan out of the queue, or stops its run with a checkpoint; without a plan, the run that trains now. */
  stop(plan?: string): void {
    const waiting = this.queue.filter((each) => each.plan !== plan);
    if (waiting.length < this.queue.length) {
      this.queue = waiting;
    } else if (this.live && (plan === undefined || this.live.order.plan === plan)) {
      this.live.stop();
    }
    this.changed.fire();
  }

  /** History of a run, live or from its folder. */
  async history(run: string): Promise<RunHistory> {
    if (this.live?.order.run === run) return this.live.history;
    const kept = this.histories.get(run);
    if (kept) return kept;
    const reading = readRunHistory(new RunFolder(run));
    this.keep(run, reading);
    // One that another program trains goes on without a word, so the next look reads it again.
    if ((await reading).deltaSince(Infinity, Infinity).state === 'running') this.forget(run);
    return reading;
  }

  /** Whether a run trains, or did so in this window; its folder may be gone where the input was at fault. */
  knows(run: string): boolean {
    return this.live?.order.run === run || this.histories.has(run);
  }

  /** Forgets what was read of a run that is no longer there or has been changed elsewhere. */
  forget(run: string): void {
    this.histories.delete(run);
  }

  /** Stops everything with a checkpoint, as far as there is time. */
  async shutdown(): Promise<void> {
    this.queue = [];
    const { current } = this;
    if (!current) return;
    if (!current.run.isStopping) current.run.stop();
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, SHUTDOWN_MS)));
    await Promise.race([current.done, timeout]);
    clearTimeout(timer);
  }

  dispose(): void {
    for (const emitter of [this.changed, this.progressed, this.ended]) emitter.dispose();
  }

  private enqueue(order: QueuedRun): void {
    if (this.startState(order.plan).state !== 'ready') return;
    this.queue.push(order);
    if (this.current) this.changed.fire();
    else this.next();
  }

  private next(): void {
    const order = this.queue.shift();
    if (!order) {
      this.current = null;
      this.changed.fire();
      return;
    }
    this.current = this.begin(order);
    this.changed.fire();
  }

  private begin({ plan, resume }: QueuedRun): { run: LiveRun; done: Promise<void> } {
    const home = homeOf(plan);
    const isNew = !hasThawFolder(home);
    const order = { plan, run: resume ?? newRunPath(plan, new Date(), home), resume: resume !== null };
    const run: LiveRun = new LiveRun(order, this.trainer, {
      onProgress: () => this.progressed.fire(run),
      onPlan: () => this.changed.fire(),
    });
    this.histories.delete(order.run);
    const done = ensureThawFolder(home)
      .catch(() => undefined)
      .then(() => run.train())
      .then(async (outcome) => {
        if (isNew) await removeUnusedThawFolder(home).catch(() => undefined);
        this.keep(order.run, Promise.resolve(run.history));
        this.next();
        this.ended.fire({ order, outcome, history: run.history });
      });
    return { run, done };
  }

  private keep(run: string, history: Promise<RunHistory>): void {
    this.histories.set(run, history);
    history.catch(() => this.histories.delete(run));
    for (const oldest of [...this.histories.keys()].slice(0, -KEPT_HISTORIES)) this.histories.delete(oldest);
  }
}

/** Folder that keeps the runs of a plan: one that does so already, else the open folder, else that of the plan. */
function homeOf(plan: string): string {
  const existing = workspaceOf(plan);
  if (hasThawFolder(existing)) return existing;
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(plan));
  return folder ? resolve(folder.uri.fsPath) : existing;
}
