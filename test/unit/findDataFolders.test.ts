import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findDataFolders } from '../../src/node/findDataFolders.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

async function folderWith(...files: string[]): Promise<string> {
  const root = await temporaryFolder();
  for (const file of files) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), '');
  }
  return root;
}

describe('findDataFolders', () => {
  it('finds folders of classes, nearest first, and not what lies inside them', async () => {
    const root = await folderWith(
      ...['deep/er/pets/cat/1.jpg', 'deep/er/pets/dog/1.jpg', 'deep/er/pets/dog/small/1.jpg'],
      ...['letters/a/1.png', 'letters/b/1.png'],
    );
    expect(await findDataFolders(root)).toEqual([join(root, 'letters'), join(root, 'deep/er/pets')]);
  });

  it('takes a folder with splits as a whole', async () => {
    const root = await folderWith('set/train/a/1.png', 'set/train/b/1.png', 'set/test/a/1.png', 'set/test/b/1.png');
    expect(await findDataFolders(root)).toEqual([join(root, 'set')]);
  });

  it('finds the folder it was given', async () => {
    const root = await folderWith('a/1.png', 'b/1.png');
    expect(await findDataFolders(root)).toEqual([root]);
  });

  it('passes over one class, other files, hidden folders and packages', async () => {
    const root = await folderWith(
      ...['one/a/1.png', 'texts/a/1.txt', 'texts/b/1.txt'],
      ...['.thaw/a/1.png', '.thaw/b/1.png', 'node_modules/p/a/1.png', 'node_modules/p/b/1.png'],
    );
    expect(await findDataFolders(root)).toEqual([]);
  });

  it('stops where it is told to', async () => {
    const root = await folderWith('letters/a/1.png', 'letters/b/1.png');
    expect(await findDataFolders(root, AbortSignal.abort())).toEqual([]);
  });
});
