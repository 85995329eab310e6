import { describe, expect, it } from 'vitest';
import type { LiveRun } from '../../../src/extension/liveRun.ts';
import { PlanRuns } from '../../../src/extension/planRuns.ts';
import type { RunList } from '../../../src/extension/runList.ts';
import type { RunService } from '../../../src/extension/runService.ts';
import { applyDelta } from '../../../src/shared/chartSeries.ts';
import { RunHistory, type StepLine } from '../../../src/shared/runHistory.ts';
import { emptyRunView, type RunView } from '../../../src/shared/runView.ts';
import type { Snapshot, ToWebview } from '../../../src/shared/webviewProtocol.ts';

const PLAN = '/project/a.finetune.json';

/** An event as VS Code makes them. */
class Emitter<T> {
  private readonly listeners: ((value: T) => void)[] = [];
  readonly event = (listener: (value: T) => void): { dispose: () => void } => {
    this.listeners.push(listener);
    return { dispose: () => undefined };
  };
  fire(value: T): void {
    for (const listener of this.listeners) listener(value);
  }
}

function history(run: string, state: RunView['state'], steps: number): RunHistory {
  const made = new RunHistory(emptyRunView(run, run, state));
  for (let step = 1; step <= steps; step++) made.add(stepOf(step));
  return made;
}

function stepOf(step: number): StepLine & { event: 'step' } {
  return { event: 'step', phase: 'p', epoch: 1, step, steps: 100, loss: step, accuracy: 0.5 };
}

/** The runs of a plan, the newest first, and a page that takes in what is sent about them. */
class Scene {
  readonly histories = new Map<string, RunHistory>();
  readonly messages: ToWebview[] = [];
  readonly runs: PlanRuns;
  live: LiveRun | null = null;
  private readonly changed = new Emitter<void>();
  private readonly progressed = new Emitter<LiveRun>();
  private readonly listed = new Emitter<void>();
  shown: RunView | null = null;
  private compared: RunView[] = [];
  private answered: () => void = () => undefined;

  constructor(...names: string[]) {
    for (const name of names) this.histories.set(name, history(name, 'finished', 3));
    const service = {
      onDidChange: this.changed.event,
      onDidProgress: this.progressed.event,
      knows: () => false,
      history: async (run: string) => this.histories.get(run),
    };
    Object.defineProperty(service, 'live', { get: () => this.live });
    const list = {
      onDidChange: this.listed.event,
      ofPlan: async () => this.summaries.map((summary) => ({ ...summary, best: null })),
      find: async (run: string) => (this.histories.has(run) ? {} : undefined),
    };
    const post = (message: ToWebview): void => this.receive(message);
    this.runs = new PlanRuns(PLAN, service as unknown as RunService, list as unknown as RunList, post);
  }

  get summaries(): Snapshot['runs'] {
    const rest = { state: 'finished', accuracy: null, startedAt: null } as const;
    return [...this.histories.keys()].map((run) => ({ run, name: run, ...rest }));
  }

  /** What the page shows of the runs it compares, by their last loss. */
  get losses(): Record<string, number | undefined> {
    return Object.fromEntries(this.compared.map(({ run, steps }) => [run, steps.loss.at(-1)]));
  }

  async open(): Promise<void> {
    const { run, compared } = await this.runs.full();
    [this.shown, this.compared] = [run, compared];
    this.messages.length = 0;
  }

  /** A run starts, which takes the place of the one that is shown. */
  async start(run: string): Promise<void> {
    this.histories.set(run, history(run, 'running', 0));
    this.setLive(run);
    await this.after(() => this.changed.fire());
  }

  /** The live run, with the history that it has now. */
  setLive(run: string): void {
    const current = this.histories.get(run);
    this.live = { history: current, order: { plan: PLAN, run, resume: false } } as unknown as LiveRun;
  }

  /** Something has come to the live run. */
  async progress(): Promise<void> {
    const { live } = this;
    if (live) await this.after(() => this.progressed.fire(live));
  }

  async end(): Promise<void> {
    this.live = null;
    await this.after(() => this.changed.fire());
  }

  async refresh(): Promise<void> {
    await this.after(() => this.listed.fire());
  }

  /** Does something and waits for the last of the messages it leads to. */
  private async after(act: () => void): Promise<void> {
    const answered = new Promise<void>((resolve) => (this.answered = resolve));
    act();
    await answered;
    await Promise.resolve();
  }

  private receive(message: ToWebview): void {
    this.messages.push(message);
    if (message.type === 'run') this.shown = message.run;
    if (message.type === 'compared') {
      const known = new Map([...this.compared, ...message.views].map((view) => [view.run, view]));
      this.compared = message.runs.flatMap((run) => known.get(run) ?? []);
      expect(this.compared).toHaveLength(message.runs.length);
    }
    if (message.type === 'delta') {
      const update = (view: RunView): RunView => {
        if (view.run !== message.delta.run) return view;
        const next = applyDelta(view, message.delta);
        if (next === 'resync') throw new Error('the delta does not fit');
        return next;
      };
      this.shown = this.shown && update(this.shown);
      this.compared = this.compared.map(update);
    }
    if (message.type === 'compared' || message.type === 'delta') this.answered();
  }
}

const typesOf = (messages: readonly ToWebview[]): string[] => messages.map(({ type }) => type);

describe('runs of a plan in its editor', () => {
  it('are sent once, however often the list of runs changes', async () => {
    const scene = new Scene('c', 'b', 'a');
    await scene.open();
    await scene.runs.compare('a', true);
    await scene.runs.compare('b', true);
    expect(scene.losses).toEqual({ a: 3, b: 3 });
    scene.messages.length = 0;
    await scene.refresh();
    expect(scene.messages).toEqual([
      { type: 'runs', runs: scene.summaries },
      { type: 'compared', runs: ['a', 'b'], views: [] },
    ]);
  });

  it('stay on the charts while another starts, of which everything is sent', async () => {
    const scene = new Scene('b', 'a');
    await scene.open();
    await scene.runs.compare('a', true);
    scene.messages.length = 0;
    await scene.start('new');
    expect(scene.shown?.run).toBe('new');
    expect(scene.messages).toEqual([
      expect.objectContaining({ type: 'run' }),
      { type: 'compared', runs: ['a'], views: [] },
    ]);
    for (const step of [1, 2]) scene.histories.get('new')?.add(stepOf(step));
    await scene.progress();
    expect(scene.shown?.steps.loss).toEqual([1, 2]);
  });

  it('begin again where a run that is continued does', async () => {
    const scene = new Scene('a');
    await scene.open();
    await scene.start('new');
    scene.histories.get('new')?.add({ ...stepOf(1), loss: 9 });
    await scene.progress();
    expect(scene.shown?.steps.loss).toEqual([9]);
    scene.histories.set('new', history('new', 'running', 5));
    scene.setLive('new');
    await scene.progress();
    expect(scene.shown?.steps.loss).toEqual([1, 2, 3, 4, 5]);
  });

  it('tell how a run has ended', async () => {
    const scene = new Scene('a');
    await scene.open();
    await scene.start('new');
    const live = scene.histories.get('new');
    live?.add(stepOf(1));
    live?.setState('finished', { seconds: 7 });
    scene.messages.length = 0;
    await scene.end();
    expect(typesOf(scene.messages)).toEqual(['runs', 'compared', 'delta']);
    expect(scene.shown).toMatchObject({ state: 'finished', seconds: 7, steps: { loss: [1] } });
  });

  it('are sent again where one of those beside takes the place of the shown one', async () => {
    const scene = new Scene('b', 'a');
    await scene.open();
    await scene.runs.compare('a', true);
    await scene.runs.choose('a');
    expect(scene.shown?.run).toBe('a');
    expect(scene.losses).toEqual({});
    await scene.runs.compare('b', true);
    expect(scene.losses).toEqual({ b: 3 });
  });
});
