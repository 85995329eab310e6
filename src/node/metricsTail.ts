import { open } from 'node:fs/promises';
import { type HistoryEvent, parseMetricsLine } from '../shared/runHistory.ts';
import { errorCode } from './atomicFile.ts';

const CHUNK_BYTES = 1 << 18;

/**
 * Reads the metrics file of a run from where the last reading ended: all of it at first, then what has been added. A
 * line that is still being written waits for its end.
 */
export class MetricsTail {
  private offset = 0;
  /** Bytes of a line whose end has not come yet. */
  private rest: Buffer = Buffer.alloc(0);

  constructor(private readonly path: string) {}

  /**
   * What has come since the last time, in pieces small enough that the caller can do other things between them. Lines
   * that are damaged are passed over; a file that does not exist has none.
   */
  async *read(): AsyncGenerator<HistoryEvent[]> {
    const file = await open(this.path, 'r').catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return null;
      throw error;
    });
    if (!file) return;
    try {
      const buffer = Buffer.alloc(CHUNK_BYTES);
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, this.offset);
        if (bytesRead === 0) return;
        this.offset += bytesRead;
        yield this.completeLines(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }

  private completeLines(chunk: Buffer): HistoryEvent[] {
    const bytes = Buffer.concat([this.rest, chunk]);
    const end = bytes.lastIndexOf('\n') + 1;
    this.rest = Buffer.from(bytes.subarray(end));
    return bytes
      .toString('utf8', 0, end)
      .split('\n')
      .flatMap((line) => parseMetricsLine(line) ?? []);
  }
}
