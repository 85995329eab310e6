import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import {
  CHUNK_HEAD_BYTES,
  chunkCount,
  decodeIndex,
  encodeChunk,
  encodeHead,
  type Entry,
  ENTRY_BYTES,
  HEAD_BYTES,
  isHeadOf,
} from './segmentFormat.ts';

/** Bytes read at the start of a chunk, in the hope that its whole index is among them. */
const GLANCE_BYTES = 16_384;

let temporaries = 0;

/** An open file of records. It stays readable when somebody deletes the file. */
export class Segment {
  private constructor(
    private readonly file: FileHandle,
    /** Where the next chunk goes. */
    private end: number,
  ) {}

  /** Opens a segment for reading. Null where it is gone, is damaged at its head or belongs to another key. */
  static async open(
    path: string,
    key: string,
    recordBytes: number,
  ): Promise<{ segment: Segment; entries: Entry[] } | null> {
    const file = await open(path, 'r').catch(() => null);
    if (!file) return null;
    try {
      const { size } = await file.stat();
      if (!isHeadOf(await readAt(file, 0, HEAD_BYTES), key, recordBytes)) throw new Error('it is another file');
      const { entries, end } = await readEntries(file, size, recordBytes);
      return { segment: new Segment(file, end), entries };
    } catch {
      await file.close();
      return null;
    }
  }

  /** Writes a new segment with its first records under a temporary name, and renames it. Throws what the disk says. */
  static async create(
    path: string,
    key: string,
    records: readonly { key: string; bytes: Uint8Array }[],
  ): Promise<{ segment: Segment; entries: Entry[] }> {
    const temporary = `${path}.tmp-${process.pid}-${++temporaries}`;
    const { chunk, entries } = encodeChunk(records, HEAD_BYTES);
    const file = await open(temporary, 'wx+');
    try {
      const content = Buffer.concat([encodeHead(key, records[0].bytes.byteLength), chunk]);
      await writeAt(file, 0, content);
      await rename(temporary, path);
      return { segment: new Segment(file, content.length), entries };
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  /** Adds records to a segment that was created here. Throws what the disk says; what was there before stays whole. */
  async append(records: readonly { key: string; bytes: Uint8Array }[]): Promise<Entry[]> {
    const { chunk, entries } = encodeChunk(records, this.end);
    try {
      await writeAt(this.file, this.end, chunk);
    } catch (error) {
      await this.file.truncate(this.end).catch(() => undefined);
      throw error;
    }
    this.end += chunk.length;
    return entries;
  }

  /** Bytes of the file, fewer where it ends before. Throws what the disk says. */
  read(offset: number, bytes: number): Promise<Buffer> {
    return readAt(this.file, offset, bytes);
  }

  /** Says that the segment is in use, for those who delete what is not. */
  async touch(): Promise<void> {
    const now = new Date();
    await this.file.utimes(now, now).catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.file.close().catch(() => undefined);
  }
}

/** What all chunks hold, up to the first that is torn or damaged. */
async function readEntries(
  file: FileHandle,
  size: number,
  recordBytes: number,
): Promise<{ entries: Entry[]; end: number }> {
  const entries: Entry[] = [];
  let end = HEAD_BYTES;
  while (end + CHUNK_HEAD_BYTES <= size) {
    const glance = await readAt(file, end, GLANCE_BYTES);
    const count = chunkCount(glance);
    if (count === null) break;
    const indexBytes = CHUNK_HEAD_BYTES + count * ENTRY_BYTES;
    const next = end + indexBytes + count * recordBytes;
    if (next > size) break;
    const index = indexBytes <= glance.length ? glance.subarray(0, indexBytes) : await readAt(file, end, indexBytes);
    const found = decodeIndex(index, end, recordBytes);
    if (!found) break;
    for (const entry of found) entries.push(entry);
    end = next;
  }
  return { entries, end };
}

async function readAt(file: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  // Not from the pool that small buffers share: records are looked at as numbers, which must be aligned.
  const buffer = Buffer.from(new ArrayBuffer(bytes));
  let done = 0;
  while (done < bytes) {
    const { bytesRead } = await file.read(buffer, done, bytes - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

async function writeAt(file: FileHandle, offset: number, content: Buffer): Promise<void> {
  let done = 0;
  while (done < content.length) {
    const { bytesWritten } = await file.write(content, done, content.length - done, offset + done);
    done += bytesWritten;
  }
}
