import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Transform } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { type Entry, openPromise } from 'yauzl';

export interface ZipArchive {
  has(name: string): boolean;
  /** Names of all files in it. */
  names: string[];
  readText(name: string): Promise<string>;
  /** Writes one file and gives the SHA-256 of what was written, in URL-safe Base64 without padding. */
  extract(name: string, path: string, options: ExtractOptions): Promise<string>;
  close(): void;
}

export interface ExtractOptions {
  signal: AbortSignal;
  /** Hears how many bytes of this file are written. */
  onBytes?: (bytes: number) => void;
}

/** Opens a zip file, of which only the table of contents is read. Throws when that is damaged or a member is missing. */
export async function openZip(path: string): Promise<ZipArchive> {
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false });
  const entries = new Map<string, Entry>();
  try {
    for await (const entry of zip.eachEntry()) if (!entry.fileName.endsWith('/')) entries.set(entry.fileName, entry);
  } catch (error) {
    zip.close();
    throw error;
  }
  const entryOf = (name: string): Entry => {
    const entry = entries.get(name);
    if (!entry) throw new Error(`it has no ${name}`);
    return entry;
  };
  return {
    names: [...entries.keys()],
    has: (name) => entries.has(name),
    readText: async (name) => text(await zip.openReadStreamPromise(entryOf(name))),
    extract: async (name, target, { signal, onBytes }) => {
      const stream = await zip.openReadStreamPromise(entryOf(name));
      await mkdir(dirname(target), { recursive: true });
      const hash = createHash('sha256');
      let bytes = 0;
      const meter = new Transform({
        transform(chunk: Uint8Array, _encoding, done) {
          hash.update(chunk);
          bytes += chunk.length;
          onBytes?.(bytes);
          done(null, chunk);
        },
      });
      await pipeline(stream, meter, createWriteStream(target), { signal });
      return hash.digest('base64url');
    },
    close: () => zip.close(),
  };
}
