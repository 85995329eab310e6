import { basename, dirname } from 'node:path';
import { MetricsTail } from '../node/metricsTail.ts';
import { RunFolder } from '../node/runFolder.ts';
import { planAfter, readRunChanges } from '../node/runChanges.ts';
import type { RequestControl, TrainerClient } from '../node/trainerClient.ts';
import { type Problem, problemOf } from '../shared/errors.ts';
import type { Plan } from '../shared/plan.ts';
import type { TrainEvent, TrainResult } from '../shared/results.ts';
import { RunHistory } from '../shared/runHistory.ts';
import { emptyRunView } from '../shared/runView.ts';
import { problemText } from './problemText.ts';
import { readRunHistory } from './storedHistory.ts';
import { type TrainerService, withEngine } from './trainerService.ts';

/** How a run ended. */
export type RunOutcome = { result: TrainResult } | { problem: Problem };

export interface RunOrder {
  /** Absolute path of the plan file. */
  plan: string;
  /** Absolute path of the run folder. */
  run: string;
  resume: boolean;
}

export interface LiveRunListener {
  /** The history has grown or was replaced. */
  onProgress(): void;
  /** The plan of the run, or what is to become of it, is another. */
  onPlan(): void;
}

/**
 * A run that trains now, in a child process of its own. Its history is what the run's metrics file holds: events of the
 * trainer only say that there is more to read, since they are thinned out on the way.
 */
export class LiveRun {
  readonly name: string;
  private current: RunHistory;
  private tail: MetricsTail;
  private readonly client: TrainerClient;
  private readonly controller = new AbortController();
  private reading: Promise<void> = Promise.resolve();
  private readsWaiting = 0;
  private readonly startedAt = new Date().toISOString();
  private control: RequestControl | null = null;
  private presentPlan: Plan | null = null;
  private waitsForChange = false;

  constructor(
    readonly order: RunOrder,
    private readonly trainer: TrainerService,
    private readonly listener: LiveRunListener,
  ) {
    this.name = basename(order.run);
    this.current = this.newHistory();
    this.tail = this.newTail();
    this.client = trainer.start();
  }

  get history(): RunHistory {
    return this.current;
  }

  get processId(): number | undefined {
    return this.client.processId;
  }

  /** The plan it trains now; null until it has begun. */
  get plan(): Plan | null {
    return this.presentPlan;
  }

  /** Whether it was given another plan that it has not taken over yet. */
  get isChanging(): boolean {
    return this.waitsForChange;
  }

  get isStopping(): boolean {
    return this.controller.signal.aborted;
  }

  /** Trains until the end, a stop or a failure; never rejects. */
  async train(): Promise<RunOutcome> {
    const { plan, run, resume } = this.order;
    if (resume) this.current = await readRunHistory(new RunFolder(run), 'running').catch(() => this.current);
    const params = withEngine<'train'>({ directory: dirname(plan), plan, ...(resume ? { resume: run } : { run }) });
    try {
      const result = await this.client.request('train', params, {
        signal: this.controller.signal,
        onEvent: (event) => this.hear(event),
        onControl: (control) => (this.control = control),
      });
      await this.readMetrics();
      this.current.setState(result.stopped, { freezeProof: result.freezeProof, seconds: result.seconds });
      return { result };
    } catch (error) {
      await this.readMetrics();
      const problem = problemOf(error);
      const interrupted = ['cancelled', 'trainerExited', 'trainerSilent'].includes(problem.reason);
      this.current.setState(interrupted ? 'interrupted' : 'failed', { problem: problemText(error) });
      return { problem };
    } finally {
      await this.trainer.end(this.client);
    }
  }

  /** Gives the run the text of a plan, from which it takes over what it can at its next epoch. */
  change(text: string): void {
    this.waitsForChange = true;
    this.control?.change(text);
    this.listener.onPlan();
  }

  /** Asks the trainer to stop with a checkpoint; asked a second time, ends it at once. */
  stop(): void {
    if (this.isStopping) void this.trainer.end(this.client);
    else this.controller.abort();
  }

  private hear(event: TrainEvent): void {
    if (event.event === 'start') {
      // By now a resumed run has dropped from its file what came after the checkpoint.
      this.current = this.newHistory();
      this.tail = this.newTail();
    }
    if (event.event === 'start' || event.event === 'change') void this.readPlan();
    if (event.event === 'change' || (event.event === 'warning' && event.code === 'changeRefused')) this.changed();
    this.current.noteLive(event);
    if (event.event === 'download') this.listener.onProgress();
    else void this.readMetrics();
  }

  private changed(): void {
    this.waitsForChange = false;
    this.listener.onPlan();
  }

  private async readPlan(): Promise<void> {
    const folder = new RunFolder(this.order.run);
    try {
      this.presentPlan = planAfter(await folder.readPlan(), await readRunChanges(folder), Infinity);
      this.listener.onPlan();
    } catch {
      // Without its plan a run cannot be changed, and goes on as it is.
    }
  }

  /** One reading at a time; any number of events that come during one lead to a single further one. */
  private readMetrics(): Promise<void> {
    if (this.readsWaiting > 0) return this.reading;
    this.readsWaiting++;
    this.reading = this.reading.then(async () => {
      this.readsWaiting--;
      await this.readNewLines();
    });
    return this.reading;
  }

  private async readNewLines(): Promise<void> {
    const { current, tail } = this;
    try {
      for await (const events of tail.read()) {
        for (const event of events) current.add(event);
      }
    } catch (error) {
      current.add({ event: 'warning', code: 'metricsUnreadable', text: problemText(error) });
    }
    this.listener.onProgress();
  }

  private newHistory(): RunHistory {
    return new RunHistory({ ...emptyRunView(this.order.run, this.name, 'running'), startedAt: this.startedAt });
  }

  private newTail(): MetricsTail {
    return new MetricsTail(new RunFolder(this.order.run).metricsPath);
  }
}
