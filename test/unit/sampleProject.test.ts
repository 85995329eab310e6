import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { strToU8, zipSync } from 'fflate';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { unpackSample } from '../../src/node/sampleProject.ts';
import { dataBand } from '../../src/shared/dataBand.ts';
import { applyPlanEdit } from '../../src/shared/planEdits.ts';
import { keepsWhatTrains } from '../../src/shared/planEdits/planDifference.ts';
import { planNetwork, planOf } from '../support/planNetwork.ts';

const MEDIA = fileURLToPath(new URL('../../media', import.meta.url));

const DIGITS = ['eight', 'five', 'nine', 'seven', 'six'];
const CLOTHING = ['ankle boot', 'bag', 'sandal', 't-shirt', 'trouser'];
const SETS: [string, string[], number][] = [
  ['digits-few', DIGITS, 40],
  ['digits-many', DIGITS, 500],
  ['clothing-few', CLOTHING, 40],
  ['clothing-many', CLOTHING, 500],
];
const TEST_IMAGES = 100;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thaw-sample-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A media folder of the given files, in `folder`; names ending in .zip take the content of an archive. */
async function mediaWith(files: Record<string, string | Record<string, string>>): Promise<string> {
  const media = join(folder, 'media');
  await mkdir(join(media, 'sample'), { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === 'string' ? content : archive(content);
    await writeFile(join(media, 'sample', name), bytes);
  }
  return media;
}

function archive(files: Record<string, string>): Uint8Array {
  return zipSync(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, strToU8(text)])));
}

const names = async (path: string): Promise<string[]> => (await readdir(path)).sort();

/** Every image below a folder of classes as `class/name`. */
async function imagesOf(split: string): Promise<string[]> {
  const classes = await names(split);
  return (
    await Promise.all(classes.map(async (each) => (await names(join(split, each))).map((n) => `${each}/${n}`)))
  ).flat();
}

describe('the sample project that is shipped', () => {
  let sample: string;

  beforeAll(async () => {
    sample = await mkdtemp(join(tmpdir(), 'thaw-shipped-'));
    await unpackSample(MEDIA, sample);
  });

  afterAll(async () => {
    await rm(sample, { recursive: true, force: true });
  });

  it('holds the four sets with the promised number of images in each class', async () => {
    for (const [set, classes, count] of SETS) {
      for (const [split, expected] of [
        ['train', count],
        ['test', TEST_IMAGES],
      ] as const) {
        expect(await names(join(sample, set, split))).toEqual(classes);
        for (const name of classes) expect(await names(join(sample, set, split, name))).toHaveLength(expected);
      }
    }
  });

  it('holds grayscale PNGs of 28 x 28 pixels that are not empty', async () => {
    for (const [set] of SETS) {
      for (const split of ['train', 'test']) {
        const images = (await imagesOf(join(sample, set, split))).filter((_, i) => i % 20 === 0);
        for (const image of images) {
          const file = sharp(join(sample, set, split, image));
          expect(await file.metadata()).toMatchObject({
            format: 'png',
            width: 28,
            height: 28,
            channels: 1,
            depth: 'uchar',
          });
          expect((await file.stats()).channels[0].max).toBeGreaterThan(100);
        }
      }
    }
  });

  it('has no test image among the training images, and the few among the many', async () => {
    const contents = async (set: string, split: string): Promise<string[]> => {
      const root = join(sample, set, split);
      return Promise.all((await imagesOf(root)).map((image) => readFile(join(root, image), 'base64')));
    };
    for (const kind of ['digits', 'clothing']) {
      const many = new Set(await contents(`${kind}-many`, 'train'));
      const test = await contents(`${kind}-many`, 'test');
      expect(many.size).toBe(2500);
      expect(new Set(test).size).toBe(500);
      expect(test.filter((image) => many.has(image))).toEqual([]);
      expect((await contents(`${kind}-few`, 'train')).filter((image) => !many.has(image))).toEqual([]);
      expect(await contents(`${kind}-few`, 'test')).toEqual(test);
    }
  });

  it('has plans that follow the advice for their quadrant, with the notes it gives today', async () => {
    const network = planNetwork(['stem', 'block_1', 'block_2', 'block_3']);
    for (const [set, classes, count] of SETS) {
      const plan = planOf(await readFile(join(sample, `${set}.finetune.json`), 'utf8'));
      const band = dataBand(classes.map(() => count));
      const data = { root: set, classes, perClass: {}, band, problems: [] };
      const { advice } = plan;
      if (!advice) throw new Error(`${set} names no advice.`);
      const edit = { kind: 'quadrant', data: advice.data, similarity: advice.similarity } as const;
      const { changes } = applyPlanEdit(plan, edit, { network, data });
      expect([set, keepsWhatTrains(changes)]).toEqual([set, true]);
      expect(changes.filter(({ path }) => path[0] === 'advice')).toEqual([]);
    }
  });

  it('keeps every archive under 2,000 kB', async () => {
    for (const [set] of SETS) expect((await stat(join(MEDIA, 'sample', `${set}.zip`))).size).toBeLessThan(2_000_000);
  });

  it('has git ignore the runs', async () => {
    expect(await readFile(join(sample, '.gitignore'), 'utf8')).toBe('.thaw/\n');
  });
});

describe('unpacking', () => {
  it('copies the plans and returns their paths', async () => {
    const media = await mediaWith({ 'b.finetune.json': '{"b":1}', 'a.finetune.json': '{"a":1}', 'notes.txt': 'x' });
    const target = join(folder, 'sample');
    expect(await unpackSample(media, target)).toEqual([
      join(target, 'a.finetune.json'),
      join(target, 'b.finetune.json'),
    ]);
    expect(await readFile(join(target, 'b.finetune.json'), 'utf8')).toBe('{"b":1}');
    expect(await names(target)).toEqual(['.gitignore', '.thaw', 'a.finetune.json', 'b.finetune.json']);
  });

  it('leaves what is current alone', async () => {
    const media = await mediaWith({ 'set.zip': { 'train/a/1.png': 'one', 'train/a/2.png': 'two' } });
    const target = join(folder, 'sample');
    await unpackSample(media, target);
    await rm(join(target, 'set', 'train', 'a', '2.png'));
    await unpackSample(media, target);
    expect(await names(join(target, 'set', 'train', 'a'))).toEqual(['1.png']);
  });

  it('replaces the folder of another version of the archive as a whole', async () => {
    const target = join(folder, 'sample');
    await unpackSample(await mediaWith({ 'set.zip': { 'train/a/1.png': 'old', 'train/b/1.png': 'old' } }), target);
    await unpackSample(await mediaWith({ 'set.zip': { 'train/a/1.png': 'new' } }), target);
    expect(await names(join(target, 'set', 'train'))).toEqual(['a']);
    expect(await readFile(join(target, 'set', 'train', 'a', '1.png'), 'utf8')).toBe('new');
    expect((await names(target)).filter((name) => name.startsWith('set'))).toEqual(['set']);
  });

  it('never touches a folder of the same name that the user made', async () => {
    const media = await mediaWith({ 'set.zip': { 'train/a/1.png': 'one' } });
    const target = join(folder, 'sample');
    await mkdir(join(target, 'set'), { recursive: true });
    await writeFile(join(target, 'set', 'mine.txt'), 'mine');
    await expect(unpackSample(media, target)).rejects.toMatchObject({ problem: { reason: 'sampleFolderTaken' } });
    expect(await names(join(target, 'set'))).toEqual(['mine.txt']);
  });

  it('updates a plan, but not one that was edited', async () => {
    const target = join(folder, 'sample');
    const media = await mediaWith({ 'a.finetune.json': '{"a":1}', 'b.finetune.json': '{"b":1}' });
    await unpackSample(media, target);
    await writeFile(join(target, 'b.finetune.json'), '{"b":"edited"}');
    await mediaWith({ 'a.finetune.json': '{"a":2}', 'b.finetune.json': '{"b":2}' });
    await unpackSample(media, target);
    await unpackSample(media, target);
    expect(await readFile(join(target, 'a.finetune.json'), 'utf8')).toBe('{"a":2}');
    expect(await readFile(join(target, 'b.finetune.json'), 'utf8')).toBe('{"b":"edited"}');
  });

  it('keeps the plans as they are when the record of them is damaged', async () => {
    const target = join(folder, 'sample');
    await unpackSample(await mediaWith({ 'a.finetune.json': '{"a":1}' }), target);
    await writeFile(join(target, '.thaw', 'sample.json'), 'not json');
    await unpackSample(await mediaWith({ 'a.finetune.json': '{"a":2}' }), target);
    expect(await readFile(join(target, 'a.finetune.json'), 'utf8')).toBe('{"a":1}');
  });

  it.each(['../outside.txt', 'train/../../outside.txt', '/outside.txt', 'C:/outside.txt', '..\\outside.txt'])(
    'refuses an archive with the path %s and writes none of it',
    async (path) => {
      const media = await mediaWith({ 'set.zip': { 'train/a/1.png': 'one', [path]: 'bad' } });
      const target = join(folder, 'deep', 'sample');
      await expect(unpackSample(media, target)).rejects.toThrow('outside of itself');
      expect(await names(target)).toEqual([]);
      expect(await names(join(folder, 'deep'))).toEqual(['sample']);
    },
  );

  it('says which archive is damaged', async () => {
    const media = await mediaWith({ 'set.zip': 'not an archive' });
    const attempt = unpackSample(media, join(folder, 'sample'));
    await expect(attempt).rejects.toMatchObject({ problem: { reason: 'internal' } });
    await expect(attempt).rejects.toThrow('set.zip');
  });
});
