import type * as vscode from 'vscode';
import type { RunHistory } from '../shared/runHistory.ts';
import type { RunView } from '../shared/runView.ts';
import type { Snapshot, ToWebview } from '../shared/webviewProtocol.ts';
import { Disposables } from './disposables.ts';
import type { LiveRun } from './liveRun.ts';
import type { RunList } from './runList.ts';
import type { RunService } from './runService.ts';

/** Shortest time between two messages about a run that trains. */
const INTERVAL_MS = 100;

type Runs = Snapshot['runs'];

/** What a plan editor shows of a run, and of the other runs of the plan. */
interface ShownRun {
  run: RunView | null;
  runs: Runs;
}

/** How much of a history the webview has. */
interface Sent {
  history: RunHistory;
  steps: number;
  points: number;
  generation: number;
}

/**
 * The runs of one plan as its editor shows them: the one that trains, or that was chosen, or the newest. While it trains,
 * what has come is sent at most ten times a second.
 */
export class PlanRuns implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private chosen: string | null = null;
  private live: string | null = null;
  private sent: Sent | null = null;
  private timer: NodeJS.Timeout | undefined;
  /** Counts full messages: of two that are made at the same time only the later is sent. */
  private version = 0;

  constructor(
    private readonly plan: string,
    private readonly runs: RunService,
    private readonly runList: RunList,
    private readonly post: (message: ToWebview) => void,
  ) {
    this.disposables.add(runs.onDidChange(() => void this.runsChanged()));
    this.disposables.add(runList.onDidChange(() => void this.sendAll()));
    this.disposables.add(runs.onDidProgress((run) => this.progressed(run)));
  }

  /** Everything there is, for a webview that has nothing; old when another call came in the meantime. */
  async full(): Promise<ShownRun & { isCurrent: () => boolean }> {
    const version = ++this.version;
    const isCurrent = (): boolean => version === this.version;
    const stored = await this.runList.ofPlan(this.plan);
    const run = await this.shown(stored.at(0)?.run ?? null);
    const history = run === null ? null : await this.runs.history(run).catch(() => null);
    if (isCurrent()) this.sent = history && startOf(history);
    const view = history?.view ?? null;
    const others = stored.filter((each) => each.run !== run);
    return { run: view, runs: others.map(summaryOf), isCurrent };
  }

  /** Shows a run of this plan until another one starts. */
  async choose(run: string): Promise<void> {
    const known = (await this.runList.find(run)) !== undefined || this.runs.live?.order.run === run;
    if (!known) return;
    this.chosen = run;
    await this.sendAll();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.disposables.dispose();
  }

  /** One that was chosen and has been deleted since gives way to the newest. */
  private async shown(newest: string | null): Promise<string | null> {
    const live = this.runs.live?.order;
    const { chosen } = this;
    if (chosen !== null && (this.runs.knows(chosen) || (await this.runList.find(chosen)))) return chosen;
    return live?.plan === this.plan ? live.run : newest;
  }

  private async runsChanged(): Promise<void> {
    const live = this.runs.live?.order;
    const run = live?.plan === this.plan ? live.run : null;
    if (run === this.live) return;
    // One that has started takes the place of what was looked at; one that has ended stays.
    this.chosen = run ?? this.chosen ?? this.live;
    this.live = run;
    await this.sendAll();
  }

  private async sendAll(): Promise<void> {
    const { run, runs, isCurrent } = await this.full();
    if (isCurrent()) this.post({ type: 'run', run, runs });
  }

  private progressed(run: LiveRun): void {
    if (run.order.plan !== this.plan || this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.sendNew(run);
    }, INTERVAL_MS);
  }

  private sendNew({ history, order }: LiveRun): void {
    if (!this.sent || (this.chosen ?? order.run) !== order.run) return;
    // A run that is continued begins its history again.
    if (this.sent.history !== history) return void this.sendAll();
    const delta = history.deltaSince(this.sent.steps, this.sent.points, this.sent.generation);
    this.sent = { ...startOf(history), steps: delta.from + delta.steps.loss.length };
    this.sent.points = delta.fromPoints + delta.points.length;
    this.post({ type: 'delta', delta });
  }
}

/** What a receiver has that was sent a whole history. */
function startOf(history: RunHistory): Sent {
  const { from, fromPoints } = history.deltaSince(Infinity, Infinity, history.generation);
  return { history, steps: from, points: fromPoints, generation: history.generation };
}

function summaryOf({ run, name, state, best, startedAt }: Awaited<ReturnType<RunList['all']>>[number]): Runs[number] {
  return { run, name, state, accuracy: best?.validationAccuracy ?? null, startedAt };
}
