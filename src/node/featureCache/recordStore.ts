import type { CacheFolder } from './cacheFolder.ts';
import { Segment } from './segment.ts';
import { type Entry, recordChecksum } from './segmentFormat.ts';

/** Records are written when they come to this many bytes, or after this time: what a crash may lose. */
const CHUNK_BYTES = 4e6;
const CHUNK_MS = 5000;

/** Records at most this far from each other are read at once, up to this many bytes. */
const LARGEST_GAP = 65_536;
const LARGEST_READ = 8e6;

interface Place extends Entry {
  segment: Segment;
}

/**
 * Records of one size under one key of the cache, in any number of segments: every writer has one of its own, so that
 * programs that write at the same time do not meet. What is damaged counts as missing.
 */
export class RecordStore {
  private readonly places = new Map<string, Place[]>();
  private readonly segments: Segment[] = [];
  private own: Segment | null = null;
  private waiting: { key: string; bytes: Uint8Array }[] = [];
  private writing = Promise.resolve();
  private writtenAt = performance.now();

  private constructor(
    private readonly folder: CacheFolder,
    private readonly key: string,
    readonly recordBytes: number,
  ) {}

  /** Opens what there is; nothing is written yet. `key` has 64 hexadecimal digits. */
  static async open(folder: CacheFolder, key: string, recordBytes: number): Promise<RecordStore> {
    const store = new RecordStore(folder, key, recordBytes);
    for (const path of await folder.filesOf(key)) {
      const found = await Segment.open(path, key, recordBytes);
      if (!found) continue;
      store.segments.push(found.segment);
      store.learn(found.segment, found.entries);
      await found.segment.touch();
    }
    return store;
  }

  /** Whether there is a record with this key, whole or not. */
  has(key: string): boolean {
    return this.places.has(key);
  }

  /** The records with these keys, null for each that is missing or damaged. A view may share its memory with others. */
  async read(keys: readonly string[]): Promise<(Uint8Array | null)[]> {
    const found = new Map<string, Uint8Array>();
    let wanted = [...new Set(keys)].filter((key) => this.has(key));
    for (let attempt = 0; wanted.length > 0; attempt++) {
      const places = wanted.flatMap((key) => this.places.get(key)?.at(attempt) ?? []);
      for (const [key, bytes] of await this.readPlaces(places)) found.set(key, bytes);
      wanted = places.filter(({ key }) => !found.has(key)).map(({ key }) => key);
    }
    return keys.map((key) => found.get(key) ?? null);
  }

  /** Makes room for records that are going to be added. */
  async reserve(bytes: number): Promise<void> {
    await this.attempt(() => this.folder.makeRoom(bytes));
  }

  /** Adds a record, which is written together with others; nothing where the cache cannot be written. */
  async add(key: string, bytes: Uint8Array): Promise<void> {
    if (bytes.byteLength !== this.recordBytes) throw new Error(`a record has ${this.recordBytes} bytes`);
    if (this.folder.isFailed) return;
    this.waiting.push({ key, bytes });
    const isMuch = this.waiting.length * this.recordBytes >= CHUNK_BYTES;
    if (isMuch || performance.now() - this.writtenAt >= CHUNK_MS) await this.flush();
  }

  /** Writes what waits to be written. */
  async flush(): Promise<void> {
    const records = this.waiting;
    this.waiting = [];
    this.writtenAt = performance.now();
    // One after the other: each goes where the one before has ended.
    this.writing = this.writing.then(async () => {
      if (records.length > 0) await this.attempt(() => this.write(records));
    });
    await this.writing;
  }

  /** Writes what waits and lets go of all files. */
  async close(): Promise<void> {
    await this.flush();
    for (const segment of this.segments) await segment.close();
    this.segments.length = 0;
    this.places.clear();
    if (this.own) await this.attempt(() => this.folder.makeRoom(0));
    this.own = null;
  }

  private async write(records: { key: string; bytes: Uint8Array }[]): Promise<void> {
    if (this.own) return this.learn(this.own, await this.own.append(records));
    await this.folder.makeRoom(records.length * this.recordBytes);
    const { segment, entries } = await Segment.create(this.folder.newFile(this.key), this.key, records);
    this.own = segment;
    this.segments.push(segment);
    this.learn(segment, entries);
  }

  /** A cache that cannot be written is done without. */
  private async attempt(action: () => Promise<void>): Promise<void> {
    if (this.folder.isFailed) return;
    try {
      await action();
    } catch (error) {
      this.folder.fail(error);
    }
  }

  private learn(segment: Segment, entries: readonly Entry[]): void {
    for (const entry of entries) {
      const known = this.places.get(entry.key);
      // The newest first: it was written because the others were missing or damaged.
      if (known) known.unshift({ ...entry, segment });
      else this.places.set(entry.key, [{ ...entry, segment }]);
    }
  }

  private async readPlaces(places: readonly Place[]): Promise<Map<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    const read = async (span: Place[]): Promise<void> => {
      const start = span[0].offset;
      const length = span[span.length - 1].offset + this.recordBytes - start;
      const bytes = await span[0].segment.read(start, length).catch(() => Buffer.alloc(0));
      for (const { key, offset, checksum } of span) {
        const record = bytes.subarray(offset - start, offset - start + this.recordBytes);
        if (record.length === this.recordBytes && recordChecksum(key, record).equals(checksum)) found.set(key, record);
      }
    };
    await Promise.all(this.spans(places).map(read));
    return found;
  }

  /** Places that are read at once, each list in the order of the file. */
  private spans(places: readonly Place[]): Place[][] {
    const spans: Place[][] = [];
    for (const segment of new Set(places.map((place) => place.segment))) {
      const own = places.filter((place) => place.segment === segment).sort((a, b) => a.offset - b.offset);
      let span: Place[] = [];
      for (const place of own) {
        const [first, last] = [span.at(0), span.at(-1)];
        const joins =
          first &&
          last &&
          place.offset - last.offset - this.recordBytes <= LARGEST_GAP &&
          place.offset + this.recordBytes - first.offset <= LARGEST_READ;
        if (joins) span.push(place);
        else spans.push((span = [place]));
      }
    }
    return spans;
  }
}
