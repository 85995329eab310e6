import type { RunFolder } from '../../node/runFolder.ts';
import type { TrainEvent } from '../../shared/results.ts';

/** Longest time between two writes, and shortest between two step events, in milliseconds. */
const INTERVAL_MS = 100;

export interface StepMetrics {
  phase: string;
  epoch: number;
  step: number;
  steps: number;
  lossSum: number;
  correct: number;
  count: number;
  learningRate: number;
  secondsLeft: number | null;
}

/**
 * Writes every step to the run's metrics file and tells listeners at most ten times a second, with the mean since the
 * last time.
 */
export class MetricsLog {
  private lines: object[] = [];
  private lastTime = -Infinity;
  private since = { lossSum: 0, correct: 0, count: 0 };

  constructor(
    private readonly run: RunFolder,
    private readonly emit: (event: TrainEvent) => void,
  ) {}

  step(metrics: StepMetrics): void {
    const { phase, epoch, step, steps, secondsLeft, learningRate, lossSum, correct, count } = metrics;
    const place = { event: 'step', phase, epoch, step, steps } as const;
    this.lines.push({ ...place, loss: lossSum / count, accuracy: correct / count, learningRate });
    this.since.lossSum += lossSum;
    this.since.correct += correct;
    this.since.count += count;
    const now = performance.now();
    if (now - this.lastTime < INTERVAL_MS && step < steps) return;
    this.lastTime = now;
    const { since } = this;
    const [loss, accuracy] = [since.lossSum / since.count, since.correct / since.count];
    this.since = { lossSum: 0, correct: 0, count: 0 };
    this.flush();
    this.emit({ ...place, loss, accuracy, learningRate, secondsLeft });
  }

  /** Any other event: kept in the file and passed on at once, in this order, so that nobody knows more than the file. */
  event(event: TrainEvent): void {
    this.lines.push(event);
    this.flush();
    this.emit(event);
  }

  /** Throws `noSpace` and the like. */
  flush(): void {
    this.run.appendMetrics(this.lines);
    this.lines = [];
  }
}
