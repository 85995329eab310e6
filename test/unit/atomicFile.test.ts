import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { replaceDirectory, restoreDirectory, toFileProblem, writeFileAtomic } from '../../src/node/atomicFile.ts';
import { ThawError } from '../../src/shared/errors.ts';
import { problemFrom } from '../support/problems.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

describe('writeFileAtomic', () => {
  it('writes, replaces, and leaves nothing else behind', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'deep', 'file.txt');
    await writeFileAtomic(path, 'one');
    await writeFileAtomic(path, 'two');
    expect(await readFile(path, 'utf8')).toBe('two');
    expect(await readdir(join(folder, 'deep'))).toEqual(['file.txt']);
  });

  it('keeps the old content and clears up when it cannot replace it', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'taken', 'inside'), { recursive: true });
    await expect(writeFileAtomic(join(folder, 'taken'), 'x')).rejects.toBeInstanceOf(ThawError);
    expect(await readdir(folder)).toEqual(['taken']);
    expect(await readdir(join(folder, 'taken'))).toEqual(['inside']);
  });
});

describe('replaceDirectory', () => {
  it('replaces a folder as a whole', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'model');
    await replaceDirectory(path, (temporary) => writeFile(join(temporary, 'old.txt'), '1'));
    await replaceDirectory(path, (temporary) => writeFile(join(temporary, 'new.txt'), '2'));
    expect(await readdir(path)).toEqual(['new.txt']);
    expect(await readdir(folder)).toEqual(['model']);
  });

  it('shows nothing of the new folder before it is complete, and keeps the old one on failure', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'model');
    await replaceDirectory(path, (temporary) => writeFile(join(temporary, 'old.txt'), '1'));
    const failure = new Error('half way');
    const failed = replaceDirectory(path, async (temporary) => {
      await writeFile(join(temporary, 'new.txt'), '2');
      expect(await readdir(path)).toEqual(['old.txt']);
      throw failure;
    });
    await expect(failed).rejects.toBe(failure);
    expect(await readdir(path)).toEqual(['old.txt']);
    expect(await readdir(folder)).toEqual(['model']);
  });

  it('turns a full disk into words', async () => {
    const path = join(await temporaryFolder(), 'model');
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const problem = await problemFrom(replaceDirectory(path, () => Promise.reject(full)));
    expect(problem).toEqual({ reason: 'noSpace', path });
  });
});

describe('restoreDirectory', () => {
  it('puts back a folder that a crash left aside, and never over one that is there', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'model');
    await mkdir(path);
    await rename(path, `${path}.old-1`);
    await restoreDirectory(path);
    expect(await readdir(folder)).toEqual(['model']);
    await mkdir(`${path}.old-2`);
    await restoreDirectory(path);
    expect((await readdir(folder)).sort()).toEqual(['model', 'model.old-2']);
  });
});

describe('toFileProblem', () => {
  it.each([
    ['ENOSPC', 'noSpace'],
    ['EROFS', 'readOnly'],
    ['EACCES', 'notPermitted'],
    ['EIO', 'internal'],
  ])('%s is %s', (code, reason) => {
    expect(toFileProblem(Object.assign(new Error('x'), { code }), '/p')).toMatchObject({ reason });
  });

  it('keeps a problem that is one already', () => {
    expect(toFileProblem(new ThawError({ reason: 'cancelled' }), '/p')).toEqual({ reason: 'cancelled' });
  });
});
