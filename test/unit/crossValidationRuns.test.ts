import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CrossValidationRuns } from '../../src/node/crossValidationRuns.ts';
import { RunFolder } from '../../src/node/runFolder.ts';
import { writeSplit } from '../../src/node/splitFile.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

/** A run that says which fold it is; null for one that is none. */
async function writeRun(path: string, fold: { index: number; count: number } | null): Promise<void> {
  await new RunFolder(path).create();
  const image = { file: 'a.png', class: 'a', bytes: 1 };
  await writeSplit(join(path, 'split.json'), { version: 1, root: path, seed: 1, fold, train: [image], validation: [] });
}

describe('the runs of a cross-validation', () => {
  it.each([
    { where: 'in a folder of their own', link: '/fold-' },
    { where: 'beside other runs', link: '-fold-' },
  ])('are found $where, some of them missing', async ({ link }) => {
    const name = join(await temporaryFolder(), 'runs', 'one');
    await writeRun(`${name}${link}1`, { index: 0, count: 12 });
    await writeRun(`${name}${link}12`, { index: 11, count: 12 });
    const runs = CrossValidationRuns.find(name);
    expect(runs?.existing).toEqual([1, 12]);
    expect(runs?.fold(3).path).toBe(`${name}${link}3`);
    expect(await runs?.count()).toBe(12);
    expect(CrossValidationRuns.nameOf(`${name}${link}12`)).toBe(name);
    expect(CrossValidationRuns.find(join(name, '..', 'two'))).toBeNull();
  });

  it.each([
    ['is none', null],
    ['is another', { index: 2, count: 3 }],
    ['is of another cross-validation', { index: 1, count: 4 }],
  ])('do not take in a run that %s', async (_what, fold) => {
    const folder = await temporaryFolder();
    await writeRun(join(folder, 'fold-1'), { index: 0, count: 3 });
    await writeRun(join(folder, 'fold-2'), fold);
    const problem = { reason: 'foldMisnamed', path: join(folder, 'fold-2') };
    await expect(CrossValidationRuns.find(folder)?.count()).rejects.toMatchObject({ problem });
  });

  it('are put into a folder that is new or empty, and no other', async () => {
    const folder = await temporaryFolder();
    expect((await CrossValidationRuns.inFolder(folder)).fold(1).path).toBe(join(folder, 'fold-1'));
    expect((await CrossValidationRuns.inFolder(join(folder, 'new'))).fold(2).path).toBe(join(folder, 'new', 'fold-2'));
    await writeFile(join(folder, 'notes.txt'), '');
    for (const path of [folder, join(folder, 'notes.txt')]) {
      await expect(CrossValidationRuns.inFolder(path)).rejects.toMatchObject({
        problem: { reason: 'runFolderTaken', path },
      });
    }
  });

  it('get a name among the runs of the workspace that no other has', async () => {
    const folder = await temporaryFolder();
    const plan = join(folder, 'small.finetune.json');
    const now = new Date(2026, 0, 2, 3, 4, 5);
    const first = CrossValidationRuns.createName(plan, now);
    expect(first.path).toBe(join(folder, '.thaw', 'runs', 'small-20260102-030405'));
    expect(first.fold(2).path).toBe(`${first.path}-fold-2`);
    await mkdir(first.fold(1).path, { recursive: true });
    expect(CrossValidationRuns.createName(plan, now).path).toBe(`${first.path}-2`);
  });
});
