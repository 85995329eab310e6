import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach } from 'vitest';

/**
 * Every test has a cache of its own, which programs that it starts inherit, so that none finds what another has left there.
 * What a test file does before its tests has one too.
 */
const folder = mkdtempSync(join(tmpdir(), 'thaw-cache-'));
let tests = 0;

process.env.THAW_CACHE_DIR = join(folder, 'before');
beforeEach(() => {
  process.env.THAW_CACHE_DIR = join(folder, String(++tests));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
