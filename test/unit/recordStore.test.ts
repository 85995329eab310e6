import { copyFile, mkdir, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { CacheFolder } from '../../src/node/featureCache/cacheFolder.ts';
import { sha256 } from '../../src/node/featureCache/contentKey.ts';
import { RecordStore } from '../../src/node/featureCache/recordStore.ts';
import { CHUNK_HEAD_BYTES, ENTRY_BYTES, HEAD_BYTES } from '../../src/node/featureCache/segmentFormat.ts';
import { makeReadOnly, mountSmallDisk } from '../support/mounts.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const KEY = sha256('segment');
const BYTES = 12;

const keyOf = (number: number): string => sha256(`record ${number}`);

/** Bytes that depend on the number. */
const record = (number: number, bytes = BYTES): Buffer => Buffer.alloc(bytes, `<${number}>`);

async function cacheFolder(limitBytes = 1e6): Promise<CacheFolder> {
  return new CacheFolder(join(await temporaryFolder(), 'features'), limitBytes);
}

const open = (folder: CacheFolder, bytes = BYTES, key = KEY): Promise<RecordStore> =>
  RecordStore.open(folder, key, bytes);

/** Writes records as a program would: `chunks` times as many as are said. */
async function write(folder: CacheFolder, numbers: number[][], bytes = BYTES, key = KEY): Promise<void> {
  const store = await open(folder, bytes, key);
  for (const chunk of numbers) {
    for (const number of chunk) await store.add(keyOf(number), record(number, bytes));
    await store.flush();
  }
  await store.close();
}

/** Which of some records are there and right; a wrong one fails the test. */
async function present(folder: CacheFolder, numbers: number[], bytes = BYTES): Promise<number[]> {
  const store = await open(folder, bytes);
  const read = await store.read(numbers.map(keyOf));
  await store.close();
  return numbers.filter((number, position) => {
    const found = read[position];
    if (found) expect(record(number, bytes).equals(found), `record ${number}`).toBe(true);
    return found !== null;
  });
}

const files = async (folder: CacheFolder): Promise<string[]> =>
  (await readdir(folder.path)).sort().map((name) => join(folder.path, name));

/** Changes one bit of a file. */
async function flip(file: string, position: number): Promise<void> {
  const content = await readFile(file);
  content[position] ^= 4;
  await writeFile(file, content);
}

describe('records of a key', () => {
  it('are found again, in any order, by another program too', async () => {
    const folder = await cacheFolder();
    await write(folder, [[1, 2, 3], [4], [5, 6]]);
    expect(await files(folder)).toHaveLength(1);
    expect(await present(folder, [6, 1, 9, 4, 1])).toEqual([6, 1, 4, 1]);
    await write(folder, [[9]]);
    expect(await present(folder, [6, 1, 9, 4, 1])).toEqual([6, 1, 9, 4, 1]);
    expect(folder.takeWarning()).toBeNull();
  });

  it('can be read by the one who writes them', async () => {
    const folder = await cacheFolder();
    const store = await open(folder);
    await store.add(keyOf(1), record(1));
    expect(store.has(keyOf(1))).toBe(false);
    await store.flush();
    expect(store.has(keyOf(1))).toBe(true);
    await store.add(keyOf(2), record(2));
    await store.flush();
    expect(await store.read([keyOf(2), keyOf(1)])).toEqual([record(2), record(1)]);
    await store.close();
  });

  it('are not mixed with those of another key or size', async () => {
    const folder = await cacheFolder();
    await write(folder, [[1]], BYTES, sha256('another'));
    await write(folder, [[2]], BYTES + 4);
    expect(await present(folder, [1, 2])).toEqual([]);
    const [first, second] = await files(folder);
    // Somebody renames a file: it says of itself what it is.
    for (const file of [first, second]) await copyFile(file, folder.newFile(KEY));
    expect(await present(folder, [1, 2])).toEqual([]);
  });

  it('are many and large, and numbers in them are where numbers may be', async () => {
    const folder = await cacheFolder(1e9);
    const bytes = 400_000;
    const numbers = Array.from({ length: 40 }, (_, index) => index);
    await write(folder, [numbers], bytes);
    const store = await open(folder, bytes);
    const read = await store.read(numbers.map(keyOf));
    await store.close();
    expect(read.every((found) => found !== null && found.byteOffset % 4 === 0)).toBe(true);
    expect(await present(folder, [39, 0, 20], bytes)).toEqual([39, 0, 20]);
  });
});

describe('records that are added at once', () => {
  it('are written one after the other', async () => {
    const folder = await cacheFolder(1e9);
    const bytes = 1_500_000;
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    const store = await open(folder, bytes);
    await Promise.all(numbers.map((number) => store.add(keyOf(number), record(number, bytes))));
    await store.close();
    expect(await files(folder)).toHaveLength(1);
    expect(await present(folder, numbers, bytes)).toEqual(numbers);
  });
});

describe('a damaged file', () => {
  const CHUNKS = [
    [1, 2, 3],
    [4, 5],
  ];
  const ALL = CHUNKS.flat();

  it('never gives a wrong record, wherever a bit has changed', async () => {
    const folder = await cacheFolder();
    await write(folder, [[1], [2]]);
    const [file] = await files(folder);
    const { size } = await stat(file);
    let lost = 0;
    for (let position = 0; position < size; position++) {
      await flip(file, position);
      // `present` compares what is there with what was written.
      if ((await present(folder, [1, 2])).length < 2) lost++;
      await flip(file, position);
    }
    // Eight bytes of the head of each chunk, and four of the file's, mean nothing.
    expect(size - lost).toBeLessThanOrEqual(2 * 8);
    expect(await present(folder, [1, 2])).toEqual([1, 2]);
  });

  it('loses one record with a bit of it, and the rest of the file with a bit of an index', async () => {
    const folder = await cacheFolder();
    await write(folder, CHUNKS);
    const [file] = await files(folder);
    const firstRecord = HEAD_BYTES + CHUNK_HEAD_BYTES + 3 * ENTRY_BYTES;
    await flip(file, firstRecord + BYTES);
    expect(await present(folder, ALL)).toEqual([1, 3, 4, 5]);
    await flip(file, firstRecord + 3 * BYTES + CHUNK_HEAD_BYTES + 7);
    expect(await present(folder, ALL)).toEqual([1, 3]);
  });

  it('that was torn keeps the chunks that are whole', async () => {
    const folder = await cacheFolder();
    await write(folder, CHUNKS);
    const [file] = await files(folder);
    const { size } = await stat(file);
    const firstChunk = HEAD_BYTES + CHUNK_HEAD_BYTES + 3 * (ENTRY_BYTES + BYTES);
    for (const length of [size - 1, size - BYTES, firstChunk + CHUNK_HEAD_BYTES, firstChunk + 1]) {
      await truncate(file, length);
      expect(await present(folder, ALL)).toEqual([1, 2, 3]);
    }
    for (const length of [firstChunk - 1, HEAD_BYTES, 3, 0]) {
      await truncate(file, length);
      expect(await present(folder, ALL)).toEqual([]);
    }
  });

  it('gives way to what is computed anew, and stands in for it', async () => {
    const folder = await cacheFolder();
    await write(folder, CHUNKS);
    const [first] = await files(folder);
    await flip(first, HEAD_BYTES + CHUNK_HEAD_BYTES + 3 * ENTRY_BYTES);
    expect(await present(folder, ALL)).toEqual([2, 3, 4, 5]);
    await write(folder, [ALL]);
    expect(await present(folder, ALL)).toEqual(ALL);
    const second = (await files(folder)).find((file) => file !== first) ?? '';
    await flip(second, HEAD_BYTES + CHUNK_HEAD_BYTES + 5 * ENTRY_BYTES + BYTES);
    expect(await present(folder, ALL)).toEqual(ALL);
  });
});

describe('several programs', () => {
  it('write the same key at once, and both files are kept', async () => {
    const folder = await cacheFolder();
    const stores = await Promise.all([open(folder), open(folder)]);
    for (let number = 0; number < 6; number++) {
      for (const store of stores) {
        await store.add(keyOf(number), record(number));
        await store.flush();
      }
    }
    await Promise.all(stores.map((store) => store.close()));
    expect(await files(folder)).toHaveLength(2);
    expect(await present(folder, [0, 1, 2, 3, 4, 5])).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('go on reading and writing what another deletes', async () => {
    const folder = await cacheFolder();
    await write(folder, [[1, 2]]);
    const reader = await open(folder);
    const writer = await open(folder);
    await writer.add(keyOf(3), record(3));
    await writer.flush();
    await rm(folder.path, { recursive: true });
    expect(await reader.read([keyOf(2)])).toEqual([record(2)]);
    await writer.add(keyOf(4), record(4));
    await writer.flush();
    expect(await writer.read([keyOf(4), keyOf(3)])).toEqual([record(4), record(3)]);
    await Promise.all([reader.close(), writer.close()]);
    expect(folder.takeWarning()).toBeNull();
    expect(await present(folder, [1, 2, 3, 4])).toEqual([]);
  });
});

describe('the limit', () => {
  const one = HEAD_BYTES + CHUNK_HEAD_BYTES + ENTRY_BYTES + BYTES;
  const keys = ['a', 'b', 'c'].map((name) => sha256(name));

  async function filled(limitBytes: number): Promise<CacheFolder> {
    const folder = await cacheFolder(limitBytes);
    for (const [age, key] of keys.entries()) {
      await write(folder, [[1]], BYTES, key);
      const [file] = await folder.filesOf(key);
      await utimes(file, 1000 + age, 1000 + age);
    }
    return folder;
  }
  const left = async (folder: CacheFolder): Promise<string[]> => {
    const names = await readdir(folder.path);
    return ['a', 'b', 'c'].filter((_, index) => names.some((name) => keys[index].startsWith(name.slice(0, 40))));
  };

  it('takes what was not used for longest', async () => {
    const folder = await filled(4 * one);
    const used = await open(folder, BYTES, keys[0]);
    await used.close();
    await folder.makeRoom(2 * one);
    expect(await left(folder)).toEqual(['a', 'c']);
    await folder.makeRoom(4 * one);
    expect(await left(folder)).toEqual([]);
  });

  it('is kept by whoever writes', async () => {
    const folder = await filled(3 * one);
    const store = await open(folder);
    await store.reserve(2 * one);
    expect(await left(folder)).toEqual(['c']);
    await store.add(keyOf(1), record(1));
    await store.close();
    expect(await left(folder)).toEqual(['c']);
    expect(await present(folder, [1])).toEqual([1]);
  });

  it('leaves alone what is not of the cache', async () => {
    const folder = await filled(3 * one);
    await mkdir(join(folder.path, 'mine'));
    await writeFile(join(folder.path, 'notes.records'), 'mine');
    await folder.makeRoom(4 * one);
    expect((await readdir(folder.path)).sort()).toEqual(['mine', 'notes.records']);
  });
});

describe('a folder that cannot be written', () => {
  async function fill(folder: CacheFolder): Promise<void> {
    const store = await open(folder, 100_000);
    for (let number = 0; number < 50; number++) {
      await store.add(keyOf(number), record(number, 100_000));
      if (number % 5 === 4) await store.flush();
    }
    await store.close();
  }

  const NEEDED = /^Features are not kept for other runs: .*THAW_CACHE_DIR names another folder/;

  it('that is full keeps what it has, and is told of once', async (context: TestContext) => {
    const disk = join(await temporaryFolder(), 'disk');
    await mountSmallDisk(context, disk, '2m');
    const folder = new CacheFolder(join(disk, 'features'), 1e9);
    await fill(folder);
    const warning = folder.takeWarning();
    expect(warning).toMatch(NEEDED);
    expect(warning).toContain('space');
    expect(folder.takeWarning()).toBeNull();
    expect(folder.isFailed).toBe(true);
    expect(await present(folder, [0, 1, 2, 3, 4, 49], 100_000)).toEqual([0, 1, 2, 3, 4]);
    // No torn end is left to be carried along.
    const [file] = await files(folder);
    expect(((await stat(file)).size - HEAD_BYTES) % (CHUNK_HEAD_BYTES + 5 * (ENTRY_BYTES + 100_000))).toBe(0);
  });

  it('that is read-only can still be read', async (context: TestContext) => {
    const disk = join(await temporaryFolder(), 'disk');
    await mountSmallDisk(context, disk, '2m');
    const path = join(disk, 'features');
    await write(new CacheFolder(path, 1e9), [[1, 2]]);
    await makeReadOnly(disk);
    const folder = new CacheFolder(path, 1e9);
    await fill(folder);
    expect(folder.takeWarning()).toMatch(NEEDED);
    expect(await present(folder, [1, 2, 3])).toEqual([1, 2]);
  });

  it('that is a file is done without', async () => {
    const path = join(await temporaryFolder(), 'features');
    await writeFile(path, 'no folder');
    const folder = new CacheFolder(path, 1e9);
    await fill(folder);
    expect(folder.takeWarning()).toMatch(NEEDED);
    expect(await readFile(path, 'utf8')).toBe('no folder');
  });
});
