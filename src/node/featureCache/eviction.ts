/** A file of the cache. */
export interface CacheFile {
  name: string;
  bytes: number;
  /** When it was last read or written, in milliseconds. */
  usedAt: number;
}

/** Bytes of the cache at most, where nothing else is said. */
const MOST_BYTES = 2e9;

/** Share of the free disk that the cache may take, where nothing else is said. */
const MOST_OF_FREE = 0.05;

/** The limit where none is stated; what the cache itself holds counts as free. */
export function defaultLimit(freeBytes: number, cachedBytes: number): number {
  return Math.floor(Math.min(MOST_BYTES, MOST_OF_FREE * (freeBytes + cachedBytes)));
}

/**
 * Names of the files to delete, least recently used first, so that with `neededBytes` more the others are within
 * `limitBytes`; all of them where even that is not enough.
 */
export function chooseEvictions(files: readonly CacheFile[], limitBytes: number, neededBytes = 0): string[] {
  let bytes = files.reduce((sum, file) => sum + file.bytes, neededBytes);
  const oldestFirst = [...files].sort((a, b) => a.usedAt - b.usedAt || (a.name < b.name ? -1 : 1));
  const chosen: string[] = [];
  for (const file of oldestFirst) {
    if (bytes <= limitBytes) break;
    bytes -= file.bytes;
    chosen.push(file.name);
  }
  return chosen;
}
