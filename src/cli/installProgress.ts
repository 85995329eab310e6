import cliProgress from 'cli-progress';
import type { InstallProgress } from '../node/nativeEngine/installRoute.ts';
import { formatBytes } from '../shared/format.ts';
import type { Output } from './output.ts';

/** Shows on stderr how far an installation is: a bar on a terminal, a line per step elsewhere; events with --json. */
export class InstallProgressBar {
  private readonly bar: cliProgress.SingleBar | null;
  private active = false;
  private said = '';

  constructor(private readonly output: Output) {
    const visible = process.stderr.isTTY && !output.quiet && !output.json;
    this.bar = visible
      ? new cliProgress.SingleBar(
          { format: '{bar} {text}', stream: process.stderr, hideCursor: true, barsize: 24, clearOnComplete: true },
          cliProgress.Presets.shades_classic,
        )
      : null;
  }

  show(progress: InstallProgress): void {
    const { step, text, receivedBytes, totalBytes } = progress;
    const line = `${step}: ${text}`;
    const isNew = line !== this.said;
    this.output.object({ event: 'progress', ...progress });
    if (isNew) this.stop();
    if (isNew && !this.output.json) this.output.note(line);
    this.said = line;
    if (!this.bar || receivedBytes === undefined) return;
    const total = totalBytes ?? receivedBytes;
    const amount =
      totalBytes === undefined ? formatBytes(receivedBytes) : `${formatBytes(receivedBytes)} of ${formatBytes(total)}`;
    if (!this.active) this.bar.start(total, receivedBytes, { text: amount });
    this.active = true;
    this.bar.setTotal(total);
    this.bar.update(receivedBytes, { text: amount });
  }

  /** Takes the bar away. */
  stop(): void {
    if (this.active) this.bar?.stop();
    this.active = false;
  }
}
