import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as z from 'zod';
import { writeFileAtomic } from './atomicFile.ts';
import { cacheDirectory } from './cacheDirectory.ts';

/** Folder of what was measured on this machine. */
export function measurementFolder(): string {
  return join(cacheDirectory(), 'measurements');
}

/** Something that was measured, kept under everything that it depends on. */
export class StoredMeasurement<T> {
  private readonly path: string;

  /** @param key all that the measured values depend on, as plain data */
  constructor(
    private readonly schema: z.ZodType<T>,
    key: unknown,
  ) {
    const hash = createHash('sha256').update(JSON.stringify(key)).digest('hex');
    this.path = join(measurementFolder(), `${hash.slice(0, 32)}.json`);
  }

  /** Null where nothing was measured yet, or the file is no good. */
  async read(): Promise<T | null> {
    try {
      const parsed = this.schema.safeParse(JSON.parse(await readFile(this.path, 'utf8')));
      return parsed.success ? parsed.data : null;
    } catch {
      return null;
    }
  }

  /** Where it cannot be kept, it is measured again the next time. */
  async write(value: T): Promise<void> {
    await writeFileAtomic(this.path, JSON.stringify(value)).catch(() => undefined);
  }
}
