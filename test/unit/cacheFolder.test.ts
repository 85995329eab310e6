import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CacheFolder, cacheStatus, clearCache } from '../../src/node/featureCache/cacheFolder.ts';
import { contentKey } from '../../src/node/featureCache/contentKey.ts';
import { type CacheFile, chooseEvictions, defaultLimit } from '../../src/node/featureCache/eviction.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const file = (name: string, bytes: number, usedAt: number): CacheFile => ({ name, bytes, usedAt });
const OWN = `${'a'.repeat(40)}-${'b'.repeat(12)}.records`;

describe('what is deleted', () => {
  const files = [file('new', 10, 30), file('old', 20, 10), file('middle', 5, 20)];

  it('is nothing within the limit', () => {
    expect(chooseEvictions(files, 35)).toEqual([]);
    expect(chooseEvictions(files, 50, 15)).toEqual([]);
    expect(chooseEvictions([], 0, 5)).toEqual([]);
  });

  it('is what was not used for longest, and no more than needed', () => {
    expect(chooseEvictions(files, 34)).toEqual(['old']);
    expect(chooseEvictions(files, 35, 20)).toEqual(['old']);
    expect(chooseEvictions(files, 35, 21)).toEqual(['old', 'middle']);
    expect(chooseEvictions(files, 35, 100)).toEqual(['old', 'middle', 'new']);
    expect(chooseEvictions([file('b', 1, 5), file('a', 1, 5)], 1)).toEqual(['a']);
  });
});

describe('the limit', () => {
  it('is 2 GB, or 5 % of what the disk has free besides the cache', () => {
    expect(defaultLimit(1e12, 0)).toBe(2e9);
    expect(defaultLimit(10e9, 0)).toBe(0.5e9);
    expect(defaultLimit(9.5e9, 0.5e9)).toBe(0.5e9);
    expect(defaultLimit(0, 0)).toBe(0);
  });

  it('can be stated, and what is no number is not', async () => {
    const THAW_CACHE_DIR = await temporaryFolder();
    const limit = async (THAW_CACHE_LIMIT_MB?: string): Promise<number> =>
      (await cacheStatus({ THAW_CACHE_DIR, THAW_CACHE_LIMIT_MB })).limitBytes;
    expect(await limit('120')).toBe(120e6);
    expect(await limit('0')).toBe(0);
    const standard = await limit();
    expect(standard).toBeGreaterThan(0);
    expect(standard).toBeLessThanOrEqual(2e9);
    for (const text of ['many', '', ' ', '-3']) expect(await limit(text)).toBeGreaterThan(0);
  });

  it('of 0, or THAW_FEATURE_CACHE=off, switches the cache off', async () => {
    const THAW_CACHE_DIR = await temporaryFolder();
    expect(await CacheFolder.open({ THAW_CACHE_DIR })).toMatchObject({ path: join(THAW_CACHE_DIR, 'features') });
    for (const off of [{ THAW_FEATURE_CACHE: 'off' }, { THAW_CACHE_LIMIT_MB: '0' }]) {
      expect(await CacheFolder.open({ THAW_CACHE_DIR, ...off })).toBeNull();
      expect(await cacheStatus({ THAW_CACHE_DIR, ...off })).toMatchObject({ enabled: false });
    }
  });
});

describe('the cache of a machine', () => {
  it('can be looked at and emptied, and only what is its own is deleted', async () => {
    const THAW_CACHE_DIR = await temporaryFolder();
    const environment = { THAW_CACHE_DIR, THAW_CACHE_LIMIT_MB: '1' };
    const directory = join(THAW_CACHE_DIR, 'features');
    const empty = { directory, bytes: 0, limitBytes: 1e6, entries: 0, enabled: true };
    expect(await cacheStatus(environment)).toEqual(empty);
    expect(await clearCache(environment)).toBe(0);
    await mkdir(join(directory, 'folder'), { recursive: true });
    for (const name of [OWN, `${OWN}.tmp-1-1`, 'mine.txt']) await writeFile(join(directory, name), '12345');
    expect(await cacheStatus(environment)).toEqual({ ...empty, bytes: 10, entries: 2 });
    expect(await clearCache(environment)).toBe(10);
    expect((await readdir(directory)).sort()).toEqual(['folder', 'mine.txt']);
  });
});

describe('a key', () => {
  it('is that of the content, not of the order in which it was put together', () => {
    expect(contentKey({ a: 1, b: { c: [1, 2], d: undefined } })).toBe(contentKey({ b: { c: [1, 2] }, a: 1 }));
    const different = [{ a: 1 }, { a: 2 }, { a: '1' }, { b: 1 }, { a: [1] }, { a: null }, { a: Infinity }, { a: NaN }];
    expect(new Set(different.map(contentKey)).size).toBe(different.length);
    expect(contentKey([1, 2])).not.toBe(contentKey([2, 1]));
    expect(contentKey({})).toMatch(/^[0-9a-f]{64}$/);
  });
});
