import cliProgress from 'cli-progress';
import { formatBytes, formatDuration, formatPercent } from '../shared/format.ts';
import type { TrainEvent } from '../shared/results.ts';
import type { Output } from './output.ts';

/** Events that are no part of the contract. */
const FOR_PEOPLE: ReadonlySet<TrainEvent['event']> = new Set(['images', 'measure', 'probe']);

/** Shows the events of a training run on stderr: a bar with the live loss on a terminal, a line per epoch elsewhere. */
export class TrainProgress {
  private readonly bar: cliProgress.SingleBar | null;
  private active = false;

  constructor(private readonly output: Output) {
    const visible = process.stderr.isTTY && !output.quiet && !output.json;
    const format = '{title} {bar} {percentage}%  {text}';
    this.bar = visible
      ? new cliProgress.SingleBar(
          { format, stream: process.stderr, hideCursor: true, barsize: 24, clearOnComplete: true, fps: 10 },
          cliProgress.Presets.shades_classic,
        )
      : null;
  }

  handle(event: TrainEvent): void {
    // Only people need it: programs have the events of the contract, of which `start` is the first.
    if (!FOR_PEOPLE.has(event.event)) this.output.object(event);
    if (this.output.json) return;
    switch (event.event) {
      case 'start':
        if (event.fold !== undefined) this.say(foldLine(event));
        this.say(
          `${event.images.train} images to train on, ${event.images.validation} to validate, ${event.classes.length} classes, ${event.engine} engine`,
        );
        this.say(
          `${event.trainableParameters.toLocaleString('en')} of ${event.totalParameters.toLocaleString('en')} parameters train`,
        );
        if (event.resumed) this.say('continuing from the last checkpoint');
        break;
      case 'phase':
        this.say(
          `phase "${event.phase}": ${event.trainable.length === 0 ? 'the head' : `the head and ${event.trainable.join(', ')}`}`,
        );
        break;
      case 'change':
        this.say(`the plan was changed after epoch ${event.epoch}`);
        break;
      case 'images':
        this.show('images', event.done, event.total, `${event.done} of ${event.total} opened`);
        break;
      case 'measure':
        this.show('similarity', event.done, event.total, `${event.done} of ${event.total} images`);
        break;
      case 'probe':
        this.show('learning curve', event.done, event.total, `${event.done} of ${event.total} probes`);
        break;
      case 'cache':
        this.show(
          'features',
          event.done,
          event.total,
          `${event.done} of ${event.total} images, ${formatBytes(event.bytes)}`,
        );
        break;
      case 'download':
        this.show(
          'download',
          event.received,
          event.total ?? event.received,
          `${event.file} ${formatBytes(event.received)}`,
        );
        break;
      case 'step': {
        const left = event.secondsLeft === null ? '' : `  ${formatDuration(event.secondsLeft)} left in this phase`;
        this.show(
          `epoch ${event.epoch}`,
          event.step,
          event.steps,
          `loss ${event.loss.toFixed(4)}  accuracy ${formatPercent(event.accuracy)}${left}`,
        );
        break;
      }
      case 'epoch':
        this.say(epochLine(event));
        break;
      case 'warning':
        this.say(`warning: ${event.text}`);
        break;
      case 'checkpoint':
        break;
    }
  }

  /** Takes the bar away. */
  stop(): void {
    if (this.active) this.bar?.stop();
    this.active = false;
  }

  private say(text: string): void {
    this.stop();
    this.output.note(text);
  }

  private show(title: string, value: number, total: number, text: string): void {
    if (!this.bar) return;
    if (!this.active) this.bar.start(total, value, { title, text });
    this.active = true;
    this.bar.setTotal(total);
    this.bar.update(value, { title, text });
  }
}

function foldLine({ fold, folds, trial }: TrainEvent): string {
  const part = `fold ${fold} of ${folds}`;
  if (trial === undefined) return part;
  return trial === 'recommended' ? `the recommended plan, ${part}` : `the challenger, ${part}`;
}

function epochLine(event: Extract<TrainEvent, { event: 'epoch' }>): string {
  const validation = `validation loss ${event.validationLoss.toFixed(4)}, accuracy ${formatPercent(event.validationAccuracy)} (${formatPercent(event.low)} to ${formatPercent(event.high)})`;
  const width = String(event.epochs).length;
  return `epoch ${String(event.epoch).padStart(width)} of ${event.epochs}  loss ${event.loss.toFixed(4)}  ${validation}  ${formatDuration(event.seconds)}${event.best ? '  best' : ''}`;
}
