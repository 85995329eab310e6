import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listPlanImages, trainingFolder, withoutUnreadable } from '../../../src/extension/planData.ts';
import type { DataSummary } from '../../../src/shared/dataSummary.ts';
import { samplePlan } from '../../support/plans.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

async function folderWith(...files: string[]): Promise<string> {
  const root = await temporaryFolder();
  for (const file of files) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), 'x');
  }
  return root;
}

const summary = (root: string, problems: DataSummary['problems']): DataSummary => ({
  ...{ root, layout: 'classes', classes: ['a', 'b'], images: 3, splits: null },
  ...{ perClass: { a: 2, b: 1 }, perClassToTrain: { a: 2, b: 1 } },
  ...{ smallestClass: 1, imbalance: 2, channels: 'rgb', acrossSplits: null, problems },
});

describe('images of a plan', () => {
  it('lie where the plan says, relative to its file', () => {
    expect(trainingFolder(join('/work', 'a.finetune.json'), samplePlan())).toBe(join('/work', 'flowers', 'train'));
  });

  it('are counted by class; of a folder with splits, only those to train on', async () => {
    const root = await folderWith('train/a/1.png', 'train/a/2.png', 'train/b/1.png', 'test/a/1.png', 'test/b/1.png');
    const { view, files } = await listPlanImages(root);
    expect(view).toMatchObject({ root, classes: ['a', 'b'], perClass: { a: 2, b: 1 }, problems: [] });
    expect(view.band).toMatchObject({ images: 3, smallestClass: 1, tiny: true });
    expect(files.get('a')).toEqual([join(root, 'train/a/1.png'), join(root, 'train/a/2.png')]);
  });

  it('lose those that cannot be read, and keep those that are only worth a look', async () => {
    const root = await folderWith('a/1.png', 'a/2.png', 'b/1.png', 'b/2.png');
    const listed = await listPlanImages(root);
    const broken = { file: join(root, 'a/2.png'), problem: 'broken' };
    const twice = { file: join(root, 'b/2.png'), problem: 'there twice', used: true as const };
    const { view, files } = withoutUnreadable(listed, summary(root, [broken, twice]));
    expect(view.perClass).toEqual({ a: 1, b: 2 });
    expect(view.band.images).toBe(3);
    expect(view.problems).toEqual([broken]);
    expect(view.notes).toEqual([twice]);
    expect(files.get('a')).toEqual([join(root, 'a/1.png')]);
  });
});
