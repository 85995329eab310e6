import { copyFile, mkdir, readdir, readFile, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { CacheFolder } from '../../src/node/featureCache/cacheFolder.ts';
import { sha256 } from '../../src/node/featureCache/contentKey.ts';
import { FileHashes } from '../../src/node/featureCache/fileHashes.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

interface Place {
  root: string;
  folder: CacheFolder;
}

async function place(): Promise<Place> {
  const root = await temporaryFolder();
  await mkdir(join(root, 'images'));
  return { root: join(root, 'images'), folder: new CacheFolder(join(root, 'features'), 1e6) };
}

/** Hashes files as a run does, by this clock; tells which of them were read. */
async function hash(
  { root, folder }: Place,
  names: string[],
  now = Date.now() + 60_000,
): Promise<{ hashes: string[]; read: string[] }> {
  vi.spyOn(Date, 'now').mockReturnValue(now);
  const files = await FileHashes.open(folder, root);
  const read: string[] = [];
  const hashes: string[] = [];
  for (const name of names) {
    const found = await files.of(join(root, name), async (file) => {
      read.push(name);
      return readFile(file);
    });
    hashes.push(found.sha256);
    expect(found.bytes).toBe((await readFile(join(root, name))).length);
  }
  await files.save();
  vi.restoreAllMocks();
  return { hashes, read };
}

describe('hashes of files', () => {
  it('are those of their content, and files are read only once', async () => {
    const at = await place();
    await writeFile(join(at.root, 'a'), 'one');
    await writeFile(join(at.root, 'b'), 'two');
    const hashes = [sha256('one'), sha256('two')];
    expect(await hash(at, ['a', 'b'])).toEqual({ hashes, read: ['a', 'b'] });
    expect(await hash(at, ['b', 'a'])).toEqual({ hashes: [...hashes].reverse(), read: [] });
    expect(at.folder.takeWarning()).toBeNull();
  });

  it('follow a change of the content, also of the same size and with its old time', async () => {
    const at = await place();
    const file = join(at.root, 'a');
    await writeFile(file, 'one');
    await utimes(file, 1000, 1000);
    await hash(at, ['a']);
    await writeFile(file, 'two');
    await utimes(file, 1000, 1000);
    expect(await hash(at, ['a'])).toEqual({ hashes: [sha256('two')], read: ['a'] });
    // Another file takes its place.
    await writeFile(join(at.root, 'b'), 'six');
    await utimes(join(at.root, 'b'), 1000, 1000);
    await rename(join(at.root, 'b'), file);
    expect(await hash(at, ['a'])).toEqual({ hashes: [sha256('six')], read: ['a'] });
  });

  it('are not remembered of a file that changed less than two seconds before', async () => {
    const at = await place();
    await writeFile(join(at.root, 'a'), 'one');
    const now = Date.now();
    expect((await hash(at, ['a'], now + 1000)).read).toEqual(['a']);
    expect((await hash(at, ['a'], now + 1900)).read).toEqual(['a']);
    expect((await hash(at, ['a'], now + 3000)).read).toEqual(['a']);
    expect((await hash(at, ['a'], now + 3000)).read).toEqual([]);
    // A clock that is behind says nothing.
    await copyFile(join(at.root, 'a'), join(at.root, 'b'));
    expect((await hash(at, ['b'], now - 60_000)).read).toEqual(['b']);
    expect((await hash(at, ['b'], now - 60_000)).read).toEqual(['b']);
  });

  it('are forgotten with a damaged index', async () => {
    const at = await place();
    await writeFile(join(at.root, 'a'), 'one');
    await hash(at, ['a']);
    const [file] = await readdir(at.folder.path);
    const index = await readFile(join(at.folder.path, file), 'utf8');
    const other = index.replace(sha256('one'), sha256('two'));
    expect(other).not.toBe(index);
    for (const content of [other, index.slice(0, -3), '', 'x\n{']) {
      await writeFile(join(at.folder.path, file), content);
      expect(await hash(at, ['a'])).toEqual({ hashes: [sha256('one')], read: ['a'] });
    }
  });

  it('stay when others are asked for, up to a bound', async () => {
    const at = await place();
    const names = Array.from({ length: 1001 }, (_, index) => `f${index}`);
    await Promise.all(names.map((name) => writeFile(join(at.root, name), name)));
    await hash(at, names);
    await writeFile(join(at.root, 'new'), 'new');
    await hash(at, names.slice(0, 1));
    expect((await hash(at, names)).read).toEqual([]);
    await hash(at, ['new']);
    expect((await hash(at, names)).read).toEqual(names);
  });
});
