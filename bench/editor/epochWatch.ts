import { type FSWatcher, watch } from 'node:fs';
import { open } from 'node:fs/promises';

/** Notes when epochs come to stand in a metrics file. */
export class EpochWatch {
  /** By epoch, in milliseconds since 1970. One is left out where more was written before it was seen. */
  private readonly times = new Map<number, number>();
  private last = 0;
  private offset = 0;
  private rest = '';
  private reading: Promise<void> = Promise.resolve();
  private notify: () => void = () => undefined;
  private readonly watcher: FSWatcher;

  /** @param path of a file that exists */
  constructor(private readonly path: string) {
    this.watcher = watch(path, () => this.look());
    this.look();
  }

  /** The times of the epochs so far, once there are so many. */
  async until(epochs: number, patience: number): Promise<ReadonlyMap<number, number>> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`there were not ${epochs} epochs in time`)), patience);
      this.notify = () => {
        if (this.last < epochs) return;
        clearTimeout(limit);
        resolve(this.times);
      };
      this.reading.then(this.notify, reject);
    });
  }

  close(): void {
    this.watcher.close();
  }

  private look(): void {
    this.reading = this.reading.then(() => this.read()).then(() => this.notify());
  }

  /** The file's own time is that of its last line. */
  private async read(): Promise<void> {
    const file = await open(this.path, 'r').catch(() => null);
    if (!file) return;
    try {
      const { mtimeMs, size } = await file.stat();
      const length = Math.max(0, size - this.offset);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, this.offset);
      this.offset += bytesRead;
      const lines = `${this.rest}${buffer.toString('utf8', 0, bytesRead)}`.split('\n');
      this.rest = lines.pop() ?? '';
      lines.forEach((line, index) => this.note(line, index === lines.length - 1 ? mtimeMs : null));
    } finally {
      await file.close();
    }
  }

  private note(line: string, time: number | null): void {
    const { event, epoch } = JSON.parse(line) as { event: string; epoch: number };
    if (event !== 'epoch') return;
    if (time !== null) this.times.set(epoch, time);
    this.last = epoch;
  }
}
