import type * as vscode from 'vscode';
import type { RunHistory } from '../shared/runHistory.ts';
import type { RunView } from '../shared/runView.ts';
import { MOST_COMPARED, type Snapshot, type ToWebview } from '../shared/webviewProtocol.ts';
import { Disposables } from './disposables.ts';
import type { LiveRun } from './liveRun.ts';
import { Pace } from './pace.ts';
import type { RunList } from './runList.ts';
import type { RunService } from './runService.ts';

/** What a plan editor shows of a run, of those beside it, and of all runs of the plan. */
type ShownRuns = Pick<Snapshot, 'run' | 'compared' | 'runs'>;

/** How much of a history the webview has. */
interface Sent {
  history: RunHistory;
  steps: number;
  points: number;
  generation: number;
  state: RunView['state'];
}

/** The histories behind what is shown. */
interface Gathered {
  shown: RunHistory | null;
  compared: RunHistory[];
  runs: Snapshot['runs'];
  /** False where another call came in the meantime. */
  isCurrent: () => boolean;
}

/**
 * The runs of one plan as its editor shows them: the one that trains, or that was chosen, or the newest, and those it is
 * compared with. While one of them trains, what has come is sent at most ten times a second.
 */
export class PlanRuns implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private chosen: string | null = null;
  private compared: readonly string[] = [];
  private live: string | null = null;
  /** By run, of those the webview has. */
  private sent = new Map<string, Sent>();
  /** The one of them that it shows; the others it compares. */
  private sentShown: string | null = null;
  private readonly pace = this.disposables.add(new Pace());
  /** Counts full messages: of two that are made at the same time only the later is sent. */
  private version = 0;

  constructor(
    private readonly plan: string,
    private readonly runs: RunService,
    private readonly runList: RunList,
    private readonly post: (message: ToWebview) => void,
  ) {
    this.disposables.add(runs.onDidChange(() => void this.runsChanged()));
    this.disposables.add(runList.onDidChange(() => void this.sendChanged()));
    this.disposables.add(runs.onDidProgress((run) => this.progressed(run)));
  }

  /** Everything there is, for a webview that has nothing; old when another call came in the meantime. */
  async full(): Promise<ShownRuns & { isCurrent: () => boolean }> {
    const { shown, compared, runs, isCurrent } = await this.gather();
    if (isCurrent()) {
      this.sent = new Map([...(shown ? [shown] : []), ...compared].map((history) => [history.run, startOf(history)]));
      this.sentShown = shown?.run ?? null;
    }
    return { run: shown?.view ?? null, compared: compared.map(({ view }) => view), runs, isCurrent };
  }

  /** Shows a run of this plan until another one starts. */
  async choose(run: string): Promise<void> {
    if (!(await this.exists(run))) return;
    this.chosen = run;
    await this.sendChanged();
  }

  /** Draws a run beside the shown one, or no longer. More than fit are left out. */
  async compare(run: string, compared: boolean): Promise<void> {
    const others = this.compared.filter((each) => each !== run);
    if (!compared) {
      this.compared = others;
      this.sent.delete(run);
    } else if (others.length < MOST_COMPARED && (await this.exists(run))) {
      this.compared = [...others, run];
    }
    const history = compared ? await this.historyOf(run) : null;
    if (history) this.sent.set(run, startOf(history));
    this.post({ type: 'compared', runs: [...this.compared], views: history ? [history.view] : [] });
  }

  dispose(): void {
    this.disposables.dispose();
  }

  /** One that was chosen and has been deleted since gives way to the newest. */
  private async shown(newest: string | null): Promise<string | null> {
    const live = this.runs.live?.order;
    const { chosen } = this;
    if (chosen !== null && (await this.exists(chosen))) return chosen;
    return live?.plan === this.plan ? live.run : newest;
  }

  private async stillCompared(shown: string | null): Promise<string[]> {
    const exist = await Promise.all(this.compared.map((run) => this.exists(run)));
    return this.compared.filter((run, index) => run !== shown && exist[index]);
  }

  private async exists(run: string): Promise<boolean> {
    return this.runs.knows(run) || (await this.runList.find(run)) !== undefined;
  }

  private async historyOf(run: string | null): Promise<RunHistory | null> {
    return run === null ? null : this.runs.history(run).catch(() => null);
  }

  private async runsChanged(): Promise<void> {
    const live = this.runs.live?.order;
    const run = live?.plan === this.plan ? live.run : null;
    if (run === this.live) return;
    // One that has started takes the place of what was looked at; one that has ended stays.
    this.chosen = run ?? this.chosen ?? this.live;
    this.live = run;
    await this.sendChanged();
  }

  private async gather(): Promise<Gathered> {
    const version = ++this.version;
    const isCurrent = (): boolean => version === this.version;
    const stored = await this.runList.ofPlan(this.plan);
    const shown = await this.shown(stored.at(0)?.run ?? null);
    const compared = await this.stillCompared(shown);
    const history = await this.historyOf(shown);
    const beside: RunHistory[] = [];
    // One after the other: a long history takes a while to read, and the event loop is to turn in between.
    for (const run of compared) {
      const found = await this.historyOf(run);
      if (found) beside.push(found);
    }
    if (isCurrent()) this.compared = compared;
    return { shown: history, compared: beside, runs: stored.map(summaryOf), isCurrent };
  }

  /** Sends what the webview does not have: long runs take a while on their way. */
  private async sendChanged(): Promise<void> {
    const { shown, compared, runs, isCurrent } = await this.gather();
    if (!isCurrent()) return;
    const { sent, sentShown } = this;
    const all = [...(shown ? [shown] : []), ...compared];
    const isKnown = (history: RunHistory): boolean =>
      sent.get(history.run)?.history === history && (history.run === sentShown) === (history === shown);
    const known = new Set(all.filter(isKnown));
    if (shown && known.has(shown)) this.post({ type: 'runs', runs });
    else this.post({ type: 'run', run: shown?.view ?? null, runs });
    const views = compared.filter((history) => !known.has(history)).map(({ view }) => view);
    this.post({ type: 'compared', runs: compared.map(({ run }) => run), views });
    const before = (history: RunHistory): Sent | undefined => (known.has(history) ? sent.get(history.run) : undefined);
    this.sent = new Map(all.map((history) => [history.run, before(history) ?? startOf(history)]));
    this.sentShown = shown?.run ?? null;
    for (const each of this.sent.values()) if (hasGrown(each)) this.sendDelta(each);
  }

  private progressed(run: LiveRun): void {
    if (run.order.plan === this.plan) this.pace.ask(() => this.sendNew(run));
  }

  private sendNew({ history, order }: LiveRun): void {
    const sent = this.sent.get(order.run);
    if (!sent) return;
    // A run that is continued begins its history again.
    const isSame = sent.history === history;
    this.sendDelta(isSame ? sent : { ...sent, history, steps: 0, points: 0, generation: 0 });
  }

  private sendDelta({ history, steps, points, generation }: Sent): void {
    const delta = history.deltaSince(steps, points, generation);
    this.post({ type: 'delta', delta });
    this.sent.set(history.run, {
      history,
      steps: delta.from + delta.steps.loss.length,
      points: delta.fromPoints + delta.points.length,
      generation: history.generation,
      state: delta.state,
    });
  }
}

/** What a receiver has that was sent a whole history. */
function startOf(history: RunHistory): Sent {
  const { from, fromPoints, state } = history.deltaSince(Infinity, Infinity, history.generation);
  return { history, steps: from, points: fromPoints, generation: history.generation, state };
}

/** Whether steps, epochs or the end of a run have come since. */
function hasGrown({ history, steps, points, generation, state }: Sent): boolean {
  const delta = history.deltaSince(steps, points, generation);
  return delta.steps.loss.length + delta.points.length > 0 || delta.state !== state;
}

function summaryOf({
  run,
  name,
  state,
  best,
  startedAt,
}: Awaited<ReturnType<RunList['all']>>[number]): Snapshot['runs'][number] {
  return { run, name, state, accuracy: best?.validationAccuracy ?? null, startedAt };
}
