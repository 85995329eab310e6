import type * as vscode from 'vscode';
import type { RunHistory } from '../shared/runHistory.ts';
import { MOST_COMPARED, type Snapshot, type ToWebview } from '../shared/webviewProtocol.ts';
import { Disposables } from './disposables.ts';
import type { LiveRun } from './liveRun.ts';
import type { RunList } from './runList.ts';
import type { RunService } from './runService.ts';

/** Shortest time between two messages about a run that trains. */
const INTERVAL_MS = 100;

/** What a plan editor shows of a run, of those beside it, and of all runs of the plan. */
type ShownRuns = Pick<Snapshot, 'run' | 'compared' | 'runs'>;

/** How much of a history the webview has. */
interface Sent {
  history: RunHistory;
  steps: number;
  points: number;
  generation: number;
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
  async full(): Promise<ShownRuns & { isCurrent: () => boolean }> {
    const version = ++this.version;
    const isCurrent = (): boolean => version === this.version;
    const stored = await this.runList.ofPlan(this.plan);
    const shown = await this.shown(stored.at(0)?.run ?? null);
    const compared = await this.stillCompared(shown);
    const histories = await Promise.all([shown, ...compared].map((run) => this.historyOf(run)));
    const present = histories.filter((history) => history !== null);
    if (isCurrent()) {
      this.compared = compared;
      this.sent = new Map(present.map((history) => [history.run, startOf(history)]));
    }
    const views = new Map(present.map((history) => [history.run, history.view]));
    return {
      run: views.get(shown ?? '') ?? null,
      compared: compared.flatMap((run) => views.get(run) ?? []),
      runs: stored.map(summaryOf),
      isCurrent,
    };
  }

  /** Shows a run of this plan until another one starts. */
  async choose(run: string): Promise<void> {
    if (!(await this.exists(run))) return;
    this.chosen = run;
    await this.sendAll();
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
    clearTimeout(this.timer);
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
    await this.sendAll();
  }

  private async sendAll(): Promise<void> {
    const { run, compared, runs, isCurrent } = await this.full();
    if (!isCurrent()) return;
    this.post({ type: 'run', run, runs });
    this.post({ type: 'compared', runs: compared.map((each) => each.run), views: compared });
  }

  private progressed(run: LiveRun): void {
    if (run.order.plan !== this.plan || this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.sendNew(run);
    }, INTERVAL_MS);
  }

  private sendNew({ history, order }: LiveRun): void {
    const sent = this.sent.get(order.run);
    if (!sent) return;
    // A run that is continued begins its history again.
    if (sent.history !== history) return void this.sendAll();
    const delta = history.deltaSince(sent.steps, sent.points, sent.generation);
    const steps = delta.from + delta.steps.loss.length;
    const points = delta.fromPoints + delta.points.length;
    this.sent.set(order.run, { history, steps, points, generation: history.generation });
    this.post({ type: 'delta', delta });
  }
}

/** What a receiver has that was sent a whole history. */
function startOf(history: RunHistory): Sent {
  const { from, fromPoints } = history.deltaSince(Infinity, Infinity, history.generation);
  return { history, steps: from, points: fromPoints, generation: history.generation };
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
