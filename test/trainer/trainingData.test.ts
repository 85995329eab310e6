import { createHash } from 'node:crypto';
import { appendFile, copyFile, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { listData } from '../../src/node/dataFolder.ts';
import { readPlanFile } from '../../src/node/planFile.ts';
import { readSplit, type SplitFile, splitImagePath, writeSplit } from '../../src/node/splitFile.ts';
import type { PlanInput } from '../../src/shared/plan.ts';
import { stratifiedSplit } from '../../src/shared/splitData.ts';
import { decodeImage } from '../../src/trainer/data/decodeImage.ts';
import { ExampleSet } from '../../src/trainer/training/examples.ts';
import { type DataOptions, openTrainingData, type TrainingData } from '../../src/trainer/training/trainingData.ts';
import { problemFrom } from '../support/problems.ts';
import { put, temporaryFolder } from '../support/imageFiles.ts';
import { IMAGE_SIZE, writePlan, writeTwoClasses } from '../support/trainingFixture.ts';

const DECODE = { width: IMAGE_SIZE, height: IMAGE_SIZE, channels: 'rgb', resize: 'stretch' } as const;
const PER_CLASS = 10;

/** A folder with images of two classes, `left` and `right`. */
async function project(): Promise<string> {
  const folder = await temporaryFolder();
  await writeTwoClasses(join(folder, 'images'), PER_CLASS);
  return folder;
}

async function open(
  folder: string,
  data: Partial<PlanInput['data']> = {},
  options: DataOptions = {},
  seed = 7,
): Promise<TrainingData> {
  const path = await writePlan(folder, { data: { train: 'images', validation: 0.2, ...data }, seed });
  const file = await readPlanFile(path);
  return openTrainingData(file, file.plan, DECODE, options);
}

const filesOf = (folder: string, { examples }: ExampleSet): string[] =>
  examples.map(({ file }) => relative(folder, file));

/** A copy of an image in another format. */
async function copyImage(from: string, to: string): Promise<string> {
  return put(await sharp(from).webp({ lossless: true }).toBuffer(), to);
}

/** A table of the images of a project; `more` gives the cells after path and label of image `index`. */
async function writeTable(folder: string, more: (index: number, side: string) => string): Promise<void> {
  const { images, classes } = await listData(join(folder, 'images'));
  const rows = images.map(({ file, classIndex }, image) => {
    const side = classes[classIndex];
    return `${relative(folder, file)},${side},${more(image % PER_CLASS, side)}`;
  });
  await put(`${rows.join('\n')}\n`, folder, 'list.csv');
}

describe('opening the images', () => {
  it('is told of, once for each', async () => {
    const told: [number, number][] = [];
    await open(await project(), {}, { onProgress: (done, total) => told.push([done, total]) });
    const all = 2 * PER_CLASS;
    expect(told).toEqual(Array.from({ length: all }, (_, index) => [index + 1, all]));
  });
});

describe('a share held out', () => {
  it('is that of the names alone where nothing belongs together', async () => {
    const folder = await project();
    const { images, classes } = await listData(join(folder, 'images'));
    const labels = images.map(({ classIndex }) => classIndex);
    const expected = stratifiedSplit(labels, 0.2, 7, classes);
    const { train, validation, warnings } = await open(folder);
    expect(train.examples.map(({ file }) => file)).toEqual(expected.train.map((at) => images[at].file));
    expect(validation.examples.map(({ file }) => file)).toEqual(expected.validation.map((at) => images[at].file));
    expect(warnings).toEqual([]);
  });

  it('never divides images that look nearly the same, whatever the seed', async () => {
    const folder = await project();
    const pairs = await Promise.all(
      ['000', '003', '004'].map(async (name): Promise<[string, string]> => {
        const copy = join(folder, 'images', 'left', `copy of ${name}.webp`);
        await copyImage(join(folder, 'images', 'left', `${name}.png`), copy);
        return [join('images', 'left', `${name}.png`), relative(folder, copy)];
      }),
    );
    let heldOut = 0;
    for (let seed = 0; seed < 12; seed++) {
      const { validation } = await open(folder, { validation: 0.3 }, {}, seed);
      const held = new Set(filesOf(folder, validation));
      for (const [original, copy] of pairs) {
        expect(held.has(copy)).toBe(held.has(original));
        if (held.has(copy)) heldOut++;
      }
    }
    expect(heldOut).toBeGreaterThan(0);
  });

  it('refuses a class that is one image many times', async () => {
    const folder = await project();
    const left = join(folder, 'images', 'left');
    for (const name of (await readdir(left)).slice(1)) await copyFile(join(left, '000.png'), join(left, name));
    expect(await problemFrom(open(folder))).toEqual({ reason: 'dataOneGroup', className: 'left', images: PER_CLASS });
  });

  it('keeps the groups of a table and of folders whole', async () => {
    const folder = await project();
    await writeTable(folder, (index) => `,p${index % 4}`);
    const { train, validation } = await open(folder, { train: 'list.csv' });
    const groups = ({ examples }: ExampleSet): Set<number> =>
      new Set(examples.map(({ file }) => Number(file.slice(-7, -4)) % 4));
    expect([...groups(validation)].filter((group) => groups(train).has(group))).toEqual([]);
    expect(validation.examples.length).toBeGreaterThan(0);

    for (const side of ['left', 'right']) {
      for (let index = 0; index < PER_CLASS; index++) {
        const name = `${String(index).padStart(3, '0')}.png`;
        const from = join(folder, 'images', side, name);
        await put(await readFile(from), folder, 'images', side, `p${index % 4}`, name);
        await rm(from);
      }
    }
    const byFolder = await open(folder, { groups: 'folder' });
    expect([...groups(byFolder.validation)].filter((group) => groups(byFolder.train).has(group))).toEqual([]);
    const free = await open(folder);
    expect([...groups(free.validation)].filter((group) => groups(free.train).has(group))).not.toEqual([]);
  });

  it('opens every image once, and keeps what it has read', async () => {
    const folder = await project();
    const { train } = await open(folder);
    await rm(join(folder, 'images'), { recursive: true });
    let read = 0;
    for await (const { pixels } of train.read(train.usable)) read += pixels.length;
    expect(read).toBe(16 * IMAGE_SIZE * IMAGE_SIZE * 3);
    expect(train.problems).toEqual([]);
  });

  it('gives each its own pixels, also where one is asked for twice before it was read, or cannot be read', async () => {
    const folder = await project();
    const bad = await put('text', folder, 'bad.png');
    const files = ['left/000', 'left/001'].map((name) => join(folder, 'images', `${name}.png`));
    const examples = [bad, ...files].map((file) => ({ file, classIndex: 0 }));
    const expected = await Promise.all(
      files.map(async (file) => ({
        pixels: await decodeImage(file, DECODE),
        sha256: createHash('sha256')
          .update(await readFile(file))
          .digest('hex'),
      })),
    );
    const read = [];
    for await (const image of new ExampleSet(examples, DECODE).read([1, 0, 1, 0, 2])) read.push(image);
    expect(read).toEqual([1, 1, 2].map((index) => ({ index, ...expected[index - 1] })));
  });

  it('stops when it is told to', async () => {
    const opening = open(await project(), {}, { signal: AbortSignal.abort() });
    expect(await problemFrom(opening)).toEqual({ reason: 'cancelled' });
  });
});

describe('validation images that the data gives', () => {
  it('stay where they are, with warnings of what is in both parts', async () => {
    const folder = await project();
    const given = join(folder, 'given');
    for (const side of ['left', 'right'])
      await put(await readFile(join(folder, `images/${side}/000.png`)), given, side, 'p1', 'x.png');
    await writeTwoClasses(given, 3, 2);
    const { validation, warnings } = await open(folder, { validation: 'given' });
    expect(validation.examples).toHaveLength(8);
    const text = `2 validation images look nearly the same as a training image, so results look too good; the first is ${given}/left/p1/x.png, which is like ${folder}/images/left/000.png.`;
    expect(warnings).toEqual([{ code: 'nearDuplicates', text }]);
  });

  it('name groups that are in both parts', async () => {
    const folder = await project();
    await writeTable(folder, (index) => `${['train', 'val', 'test'][index % 3]},p${Math.floor(index / 2)}`);
    const { train, validation, warnings } = await open(folder, { train: 'list.csv' });
    expect([train.examples.length, validation.examples.length]).toEqual([8, 6]);
    const text = '2 groups are in train and validation, so results look too good; the first is "p0".';
    expect(warnings).toEqual([{ code: 'groupsDivided', text }]);
  });
});

describe('a fold', () => {
  it('validates on each image once, over all folds, and trains on all others', async () => {
    const folder = await project();
    const folds = await Promise.all([0, 1, 2].map((index) => open(folder, {}, { fold: { index, count: 3 } })));
    const held = folds.flatMap(({ validation }) => filesOf(folder, validation));
    expect([...held].sort()).toEqual(
      ['left', 'right'].flatMap((side) =>
        Array.from({ length: PER_CLASS }, (_, index) => `images/${side}/${String(index).padStart(3, '0')}.png`),
      ),
    );
    for (const { train, validation, split } of folds) {
      expect(filesOf(folder, train).filter((file) => filesOf(folder, validation).includes(file))).toEqual([]);
      expect(train.examples.length + validation.examples.length).toBe(2 * PER_CLASS);
      expect(split?.fold).toEqual({ index: folds.findIndex((fold) => fold.split === split), count: 3 });
    }
  });

  it('takes in the images given for validation, but never those of a test', async () => {
    const folder = await project();
    await writeTable(folder, (index) => ['train', 'validation', 'test'][index % 3]);
    const { train, validation, warnings } = await open(folder, { train: 'list.csv' }, { fold: { index: 1, count: 2 } });
    const all = [...filesOf(folder, train), ...filesOf(folder, validation)];
    expect(all).toHaveLength(14);
    expect(all.filter((file) => Number(file.slice(-7, -4)) % 3 === 2)).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('refuses more folds than a class has images', async () => {
    const opening = open(await project(), {}, { fold: { index: 0, count: 11 } });
    const problem = { reason: 'dataClassTooSmall', className: 'left', images: 10, needed: 11, folds: 11 };
    expect(await problemFrom(opening)).toEqual(problem);
  });
});

describe('split.json', () => {
  /** Opens a project and writes its split beside the plan. */
  async function recorded(folder: string, data: Partial<PlanInput['data']> = {}): Promise<SplitFile> {
    const { split } = await open(folder, data);
    if (!split) throw new Error('there is no split');
    await writeSplit(join(folder, 'split.json'), split);
    return split;
  }

  it('names every image from the folder of the data, with its class, group, size and content', async () => {
    const folder = await project();
    await put('not an image', folder, 'images', 'left', 'text.png');
    await writeTable(folder, (index) => (index === 3 ? ',p3' : ','));
    const split = await recorded(folder, { train: 'list.csv' });
    expect(await readSplit(join(folder, 'split.json'))).toEqual(split);
    expect(split).toMatchObject({ version: 1, root: folder, seed: 7, fold: null });
    const all = [...split.train, ...split.validation];
    expect(all).toHaveLength(21);
    const third = all.find(({ file }) => file === 'images/left/003.png');
    const { size } = await stat(join(folder, 'images/left/003.png'));
    expect(third).toEqual({
      file: 'images/left/003.png',
      class: 'left',
      group: 'p3',
      bytes: size,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect(all.find(({ file }) => file === 'images/left/text.png')).toEqual({
      file: 'images/left/text.png',
      class: 'left',
      bytes: 12,
    });
    expect(all.every((image) => splitImagePath(split, image).startsWith(folder))).toBe(true);
  });

  it('names a validation folder beside the training folder from the folder that holds both', async () => {
    const folder = await project();
    await writeTwoClasses(join(folder, 'given'), 3, 2);
    const split = await recorded(folder, { validation: 'given' });
    expect(split.root).toBe(folder);
    expect(split.validation[0].file).toBe('given/left/000.png');
  });

  it('gives another plan exactly its images, also where the project was moved', async () => {
    const folder = await project();
    await recorded(folder);
    const before = await open(folder);
    const moved = `${folder} moved`;
    await rename(folder, moved);
    try {
      const after = await open(moved, { split: 'split.json', validation: 0.5 }, {}, 99);
      for (const part of ['train', 'validation'] as const) {
        expect(filesOf(moved, after[part])).toEqual(filesOf(folder, before[part]));
      }
      expect(after.warnings).toEqual([]);
    } finally {
      await rename(moved, folder);
    }
  });

  it('leaves out images that it does not list and says what else differs', async () => {
    const folder = await project();
    await recorded(folder);
    await writeTwoClasses(join(folder, 'more'), 1, 3);
    await rename(join(folder, 'more', 'left', '000.png'), join(folder, 'images', 'left', 'new.png'));
    const data = await open(folder, { split: 'split.json' });
    expect(data.train.examples.length + data.validation.examples.length).toBe(20);
    const text = `The data is not as ${folder}/split.json lists it: 1 image is new and not used (${folder}/images/left/new.png).`;
    expect(data.warnings).toEqual([{ code: 'splitDiffers', text }]);
  });

  it('can be divided into folds', async () => {
    const folder = await project();
    const split = await recorded(folder);
    await writeSplit(join(folder, 'split.json'), { ...split, train: split.train.slice(2) });
    const { train, validation } = await open(folder, { split: 'split.json' }, { fold: { index: 0, count: 2 } });
    expect(train.examples).toHaveLength(9);
    expect(validation.examples).toHaveLength(9);
  });

  it('is refused where files are missing, a class is unknown, or it is damaged', async () => {
    const folder = await project();
    const split = await recorded(folder);
    const path = join(folder, 'split.json');
    await rm(join(folder, 'images/left'), { recursive: true });
    await writeTwoClasses(join(folder, 'more'), 10, 3);
    await rename(join(folder, 'more/left'), join(folder, 'images/left'));
    await rm(join(folder, 'images/left/000.png'));
    await rm(join(folder, 'images/right/001.png'));
    const first = [...split.train, ...split.validation].find(({ file }) => /left.000|right.001/.test(file))?.file;
    expect(await problemFrom(open(folder, { split: 'split.json' }))).toEqual({
      reason: 'splitFilesMissing',
      path,
      files: 2,
      first: join(folder, 'images', first ?? ''),
    });
    await writeSplit(path, { ...split, train: [{ file: 'a.png', class: 'up', bytes: 1 }] });
    expect(await problemFrom(open(folder, { split: 'split.json' }))).toMatchObject({
      reason: 'dataClassUnknown',
      className: 'up',
      path,
    });
    for (const [content, detail] of [
      ['{', 'it is not valid JSON'],
      ['{"version":2}', 'version: '],
      ['[]', 'Invalid input'],
    ]) {
      await writeFile(path, content);
      const problem = await problemFrom(open(folder, { split: 'split.json' }));
      expect(problem).toMatchObject({ reason: 'splitDamaged', path });
      expect((problem as { detail: string }).detail).toContain(detail);
    }
    expect(await problemFrom(readSplit(join(folder, 'none.json')))).toMatchObject({ detail: 'there is no such file' });
  });
});

describe('a run that goes on', () => {
  async function started(folder: string): Promise<NonNullable<DataOptions['resumed']>> {
    const { split } = await open(folder);
    return { run: join(folder, 'run'), path: join(folder, 'run', 'split.json'), split };
  }

  it('has the images it had', async () => {
    const folder = await project();
    const resumed = await started(folder);
    const before = await open(folder);
    const { train, validation, warnings, split } = await open(folder, {}, { resumed });
    expect(filesOf(folder, train)).toEqual(filesOf(folder, before.train));
    expect(filesOf(folder, validation)).toEqual(filesOf(folder, before.validation));
    expect(warnings).toEqual([]);
    expect(split).toEqual(resumed.split);
  });

  it('keeps them where others were added, and says what has changed', async () => {
    const folder = await project();
    const resumed = await started(folder);
    const before = await open(folder);
    await writeTwoClasses(join(folder, 'more'), 1, 3);
    await put(await readFile(join(folder, 'more/left/000.png')), folder, 'images', 'up', '1.png');
    await put(await readFile(join(folder, 'more/right/000.png')), folder, 'images', 'left', 'new.png');
    const added = await open(folder, {}, { resumed });
    expect(filesOf(folder, added.train)).toEqual(filesOf(folder, before.train));
    const start = `The data has changed since run ${folder}/run began: `;
    const both = `2 images are new and not used (the first is ${folder}/images/left/new.png).`;
    expect(added.warnings).toEqual([
      { code: 'dataChanged', text: `${start}${both} It goes on with the images it recorded.` },
    ]);

    await copyFile(join(folder, 'images/right/005.png'), join(folder, 'images/right/004.png'));
    const changed = await open(folder, {}, { resumed });
    expect(changed.warnings.map(({ code }) => code)).toEqual(['dataChanged']);
    expect(changed.warnings[0].text).toBe(
      `${start}1 image has other content (${folder}/images/right/004.png); ${both} It goes on with the images it recorded, but its result is no longer that of an undisturbed run.`,
    );
  });

  it('is refused where images are gone', async () => {
    const folder = await project();
    const resumed = await started(folder);
    await rm(join(folder, 'images/right/004.png'));
    expect(await problemFrom(open(folder, {}, { resumed }))).toEqual({
      reason: 'splitFilesMissing',
      path: resumed.path,
      run: resumed.run,
      files: 1,
      first: join(folder, 'images/right/004.png'),
    });
  });

  it('from before there were groups has the division that it had then', async () => {
    const folder = await project();
    for (const name of ['000', '001', '002', '003']) {
      await copyImage(join(folder, `images/left/${name}.png`), join(folder, `images/left/${name} copy.webp`));
    }
    const { images, classes } = await listData(join(folder, 'images'));
    const labels = images.map(({ classIndex }) => classIndex);
    const expected = stratifiedSplit(labels, 0.2, 7, classes).validation.map((at) => images[at].file);
    const old = { run: join(folder, 'run'), path: '', split: null };
    const data = await open(folder, {}, { resumed: old });
    expect(data.validation.examples.map(({ file }) => file)).toEqual(expected);
    expect(data.split).toBeNull();
    expect((await open(folder)).validation.examples.map(({ file }) => file)).not.toEqual(expected);

    // A column that was passed over then.
    const table = await put('path,label,group\n', folder, 'list.csv');
    for (const image of images)
      await appendFile(table, `${image.file},${classes[image.classIndex]},${image.file.slice(-8, -7)}\n`);
    const fromTable = await open(folder, { train: 'list.csv' }, { resumed: old });
    expect(fromTable.validation.examples.map(({ file }) => file)).toEqual(expected);
  });
});
