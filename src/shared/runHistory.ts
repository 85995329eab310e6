import { t } from '@vscode/l10n';
import { metricsLineSchema } from './metricsLine.ts';
import type { TrainEvent } from './results.ts';
import type { EpochPoint, PhaseBand, RunDelta, RunView, RunViewState, StepSeries } from './runView.ts';

type EventOf<K extends TrainEvent['event']> = Extract<TrainEvent, { event: K }>;

/** A single step; `secondsLeft` only in live events, `learningRate` not from earlier versions. */
export type StepLine = Omit<EventOf<'step'>, 'secondsLeft' | 'learningRate'> &
  Partial<Pick<EventOf<'step'>, 'secondsLeft' | 'learningRate'>>;

/** What a run's history is made of: an event, or a step as the metrics file has it. */
export type HistoryEvent = Exclude<TrainEvent, EventOf<'step'>> | StepLine;

/** How a run ended, as far as it is known. */
export interface RunEnd {
  problem?: string | null;
  freezeProof?: RunView['freezeProof'];
  seconds?: number | null;
}

/**
 * A run folded from its events, in their order. Steps come either from the metrics file, which has every one, or from the
 * live events, which hold the mean of several: a history takes one of the two with `add`, and the other with `noteLive`.
 * A step or epoch that is not after the last one is that of a resumed run: it replaces what came from there on.
 */
export class RunHistory {
  private readonly state: RunView;
  /** What each replacement left over, oldest first. */
  private readonly cuts: { steps: number; points: number }[] = [];
  private cachedTo: string | null = null;

  /** Starts from a view, mostly `emptyRunView`, which is copied. */
  constructor(start: RunView) {
    this.state = structuredClone(start);
  }

  /** Folder of the run; its identity. */
  get run(): string {
    return this.state.run;
  }

  /** A copy, to be sent or kept. */
  get view(): RunView {
    const { steps, ...rest } = this.state;
    return { ...structuredClone(rest), steps: stepsFrom(steps, 0) };
  }

  /** Number of times that known steps or epochs were replaced; see `deltaSince`. */
  get generation(): number {
    return this.cuts.length;
  }

  /** Epochs of the whole plan; 0 until the run has started. */
  get plannedEpochs(): number {
    return this.state.epochs;
  }

  add(event: HistoryEvent): void {
    switch (event.event) {
      case 'start':
        this.start(event);
        break;
      case 'phase':
        this.startPhase(event);
        break;
      case 'step':
        this.addStep(event);
        break;
      case 'epoch':
        this.addEpoch(event);
        break;
      case 'warning':
        if (!this.state.warnings.includes(event.text)) this.state.warnings.push(event.text);
        break;
      case 'images':
      case 'cache':
      case 'download':
        this.noteActivity(event);
        break;
      case 'measure':
      case 'probe':
        break;
      case 'change':
        this.addChange(event);
        break;
      case 'checkpoint':
        break;
    }
  }

  /** Takes what only live events know: the time left, and what goes on before the first step. Adds no step. */
  noteLive(event: TrainEvent): void {
    if (!isActive(this.state.state)) return;
    if (event.event === 'step') this.state.secondsLeft = event.secondsLeft;
    else if (event.event === 'images' || event.event === 'cache' || event.event === 'download') {
      this.noteActivity(event);
    }
  }

  /** The state the run has from here on; one that is over has no time left. */
  setState(state: RunViewState, { problem = null, freezeProof, seconds }: RunEnd = {}): void {
    Object.assign(this.state, { state, problem });
    if (freezeProof !== undefined) this.state.freezeProof = freezeProof;
    if (seconds !== undefined) this.state.seconds = seconds;
    if (isActive(state)) return;
    this.state.activity = null;
    this.state.secondsLeft = null;
  }

  /**
   * What a receiver lacks that has the first `steps` steps and `points` epochs as they were in `generation`. Without the
   * generation it gets everything again that was ever replaced.
   */
  deltaSince(steps: number, points: number, generation = 0): RunDelta {
    const missed = this.cuts.slice(generation);
    const from = Math.min(steps, this.state.steps.loss.length, ...missed.map((cut) => cut.steps));
    const fromPoints = Math.min(points, this.state.points.length, ...missed.map((cut) => cut.points));
    const { steps: series, points: known, ...rest } = this.state;
    return {
      ...structuredClone({ ...rest, points: known.slice(fromPoints) }),
      ...{ from, fromPoints },
      steps: stepsFrom(series, from),
    };
  }

  private start({ engine, epochs }: EventOf<'start'>): void {
    Object.assign(this.state, { engine, epochs });
    // The events of a run that is over are read again when its charts are opened.
    if (this.state.state === 'queued') this.setState('running');
  }

  /** A phase that a resumed run enters again keeps its first epoch. */
  private startPhase({ phase: name, index, epochs, trainable, cachedTo }: EventOf<'phase'>): void {
    const known = this.state.phases.at(index);
    const from = known?.name === name ? known.from : (this.state.points.at(-1)?.epoch ?? 0) + 1;
    const band: PhaseBand = { name, from, epochs, trainable: [...trainable] };
    this.state.phases = [...this.state.phases.slice(0, index), band];
    this.cachedTo = cachedTo;
  }

  private addStep({ epoch, step, steps, loss, accuracy, secondsLeft }: StepLine): void {
    const position = epoch - 1 + step / steps;
    const series = this.state.steps;
    this.cut(position, epoch);
    series.epoch.push(epoch);
    series.position.push(position);
    series.loss.push(loss);
    series.accuracy.push(accuracy);
    this.state.activity = null;
    if (secondsLeft !== undefined && isActive(this.state.state)) this.state.secondsLeft = secondsLeft;
  }

  private addEpoch(event: EventOf<'epoch'>): void {
    const { epoch, phase, loss, accuracy, validationLoss, validationAccuracy, low, high, n, seconds, best } = event;
    const validation = { validationLoss, validationAccuracy, low, high, n };
    const point: EpochPoint = { epoch, phase, loss, accuracy, ...validation, seconds, best, movement: event.movement };
    this.state.epochs = event.epochs;
    // The last step of the epoch is at the position `epoch` itself.
    this.cut(epoch + 1e-9, epoch);
    this.state.points.push(point);
  }

  /** A resumed run makes its changes again. */
  private addChange({ epoch, changes }: EventOf<'change'>): void {
    const before = this.state.changes.filter((change) => change.epoch < epoch);
    this.state.changes = [...before, { epoch, changes }];
  }

  private noteActivity(event: EventOf<'images' | 'cache' | 'download'>): void {
    if (!isActive(this.state.state)) return;
    if (event.event === 'download') {
      const { file, received, total } = event;
      this.state.activity = { text: t('Downloading {0}', file), done: received, total: total ?? 0 };
      return;
    }
    const { done, total } = event;
    if (event.event === 'images') {
      this.state.activity = { text: t('Opening images'), done, total };
      return;
    }
    const text = this.cachedTo === null ? t('Reading images') : t('Computing features up to {0}', this.cachedTo);
    this.state.activity = { text, done, total };
  }

  /** Keeps the steps before a position and the points of the epochs before one. */
  private cut(position: number, epoch: number): void {
    const { steps: series, points: known } = this.state;
    const steps = series.position.findLastIndex((value) => value < position) + 1;
    const points = known.findLastIndex((point) => point.epoch < epoch) + 1;
    if (steps === series.loss.length && points === known.length) return;
    for (const values of [series.epoch, series.position, series.loss, series.accuracy]) values.length = steps;
    known.length = points;
    this.cuts.push({ steps, points });
  }
}

/** A copy of the steps from one on, in slices: a structured clone takes every number by itself. */
function stepsFrom({ epoch, position, loss, accuracy }: StepSeries, from: number): StepSeries {
  return {
    epoch: epoch.slice(from),
    position: position.slice(from),
    loss: loss.slice(from),
    accuracy: accuracy.slice(from),
  };
}

function isActive(state: RunViewState): boolean {
  return state === 'running' || state === 'queued';
}

/** A line of a metrics file, or null where it is cut off, damaged or of another kind. */
export function parseMetricsLine(line: string): HistoryEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const parsed = metricsLineSchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}
