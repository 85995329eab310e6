import { readFile, stat } from 'node:fs/promises';
import { relative } from 'node:path';
import * as z from 'zod';
import { writeFileAtomic } from '../atomicFile.ts';
import type { CacheFolder } from './cacheFolder.ts';
import { contentKey, sha256 } from './contentKey.ts';

/** Size, times of change of content and of the file in nanoseconds, and number of the file, as text. */
const entrySchema = z.object({ state: z.string(), sha256: z.string() });
const indexSchema = z.record(z.string(), entrySchema);
type IndexEntry = z.output<typeof entrySchema>;

/**
 * A file that changed less than this before it was read may change again without a sign: some file systems count time in
 * steps of two seconds. Git calls such a file racily clean (git-scm.com/docs/racy-git).
 */
const SETTLED_MS = 2000;

/** Entries of files that were not asked for are kept up to this number, or as many as were. */
const MOST_OTHERS = 1000;

/** What a file holds. */
export interface FileContent {
  /** In hexadecimal. */
  sha256: string;
  bytes: number;
  /** The content, where it had to be read. */
  content: Uint8Array | null;
}

/**
 * Hashes of the files below a folder, remembered from one time to the next by what the file system says of each file
 * (size, times, number), so that files that have not changed need not be read.
 */
export class FileHashes {
  private readonly asked = new Map<string, IndexEntry | null>();

  private constructor(
    private readonly folder: CacheFolder | null,
    private readonly root: string,
    private readonly remembered: ReadonlyMap<string, IndexEntry>,
  ) {}

  /** What is remembered of the files below `root`; nothing without a cache. */
  static async open(folder: CacheFolder | null, root: string): Promise<FileHashes> {
    const text = folder ? await readFile(pathOf(folder, root), 'utf8').catch(() => '') : '';
    return new FileHashes(folder, root, parse(text));
  }

  /** The hash of a file, which is read with `read` where it may have changed. Throws what `read` throws. */
  async of(file: string, read: (file: string) => Promise<Uint8Array>): Promise<FileContent> {
    const name = relative(this.root, file);
    const now = Date.now();
    const info = this.folder ? await stat(file, { bigint: true }).catch(() => null) : null;
    const state = info && [info.size, info.mtimeNs, info.ctimeNs, info.ino].join(' ');
    const known = this.remembered.get(name);
    if (info && known?.state === state) {
      this.asked.set(name, known);
      return { sha256: known.sha256, bytes: Number(info.size), content: null };
    }
    const content = await read(file);
    const hash = sha256(content);
    const changedAt = info && Math.max(Number(info.mtimeMs), Number(info.ctimeMs));
    const isSettled = changedAt !== null && changedAt < now - SETTLED_MS;
    this.asked.set(name, isSettled && state !== null ? { state, sha256: hash } : null);
    return { sha256: hash, bytes: content.length, content };
  }

  /** Remembers what was found out; nothing where nothing is new. */
  async save(): Promise<void> {
    const { folder } = this;
    const isNew = [...this.asked].some(([name, entry]) => this.remembered.get(name) !== (entry ?? undefined));
    if (!folder || folder.isFailed || !isNew) return;
    const others = [...this.remembered].filter(([name]) => !this.asked.has(name));
    const kept = others.length <= Math.max(MOST_OTHERS, this.asked.size) ? others : [];
    const index = Object.fromEntries([...kept, ...this.asked].filter(([, entry]) => entry !== null));
    const text = JSON.stringify(index);
    try {
      await folder.makeRoom(text.length);
      await writeFileAtomic(pathOf(folder, this.root), `${sha256(text)}\n${text}`);
    } catch (error) {
      folder.fail(error);
    }
  }
}

const pathOf = (folder: CacheFolder, root: string): string => folder.sharedFile(contentKey({ kind: 'files', root }));

/** The entries of an index; none where it is torn or damaged. */
function parse(text: string): Map<string, IndexEntry> {
  const end = text.indexOf('\n');
  const body = text.slice(end + 1);
  if (end < 0 || sha256(body) !== text.slice(0, end)) return new Map();
  const parsed = indexSchema.safeParse(JSON.parse(body));
  return new Map(parsed.success ? Object.entries(parsed.data) : []);
}
