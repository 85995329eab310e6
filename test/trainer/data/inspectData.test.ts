import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { dataSummarySchema, type DataSummary } from '../../../src/shared/dataSummary.ts';
import { inspectData } from '../../../src/trainer/data/inspectData.ts';
import { flat, jpeg, noise, put, temporaryFolder } from '../../support/imageFiles.ts';
import { photographs } from '../../support/photograph.ts';

/** Problems with paths relative to the root. */
function problems({ root, problems: found }: DataSummary): [string, string][] {
  return found.map(({ file, problem }) => [file.replace(`${root}/`, ''), problem.replace(`${root}/`, '')]);
}

function grayJpeg(seed: number): Promise<Buffer> {
  return noise(seed, 40, 40, 1).toColourspace('srgb').jpeg({ quality: 70 }).toBuffer();
}

describe('inspectData', () => {
  it('counts what can be read and says what cannot', async () => {
    const root = await temporaryFolder();
    for (let seed = 0; seed < 4; seed++) await put(await jpeg(seed), root, 'tulip', `${seed}.jpg`);
    await put(await jpeg(10), root, 'rose 🌹', '1.jpg');
    await put(await jpeg(11), root, 'rose 🌹', '2.jpg');
    const whole = await jpeg(12, 40, 400);
    await put(whole.subarray(0, Math.round(whole.length * 0.9)), root, 'tulip', 'cut.jpg');
    await put('text', root, 'tulip', 'text.jpg');
    await put('', root, 'rose 🌹', 'empty.jpg');
    const progress: number[][] = [];
    const summary = await inspectData(root, { onProgress: (...now) => progress.push(now) });
    expect(summary).toMatchObject({
      root,
      layout: 'classes',
      classes: ['rose 🌹', 'tulip'],
      images: 6,
      perClass: { 'rose 🌹': 2, tulip: 4 },
      splits: null,
      smallestClass: 2,
      imbalance: 2,
      channels: 'rgb',
    });
    expect(problems(summary)).toEqual([
      ['rose 🌹/empty.jpg', 'the file is empty'],
      ['tulip/cut.jpg', 'the file is cut off'],
      ['tulip/text.jpg', 'it is not an image, or of a format that is not supported'],
    ]);
    expect(dataSummarySchema.parse(JSON.parse(JSON.stringify(summary)))).toEqual(summary);
    expect(progress).toHaveLength(8);
    expect(progress.at(-1)).toEqual([8, 8]);
  });

  it('finds the same image again, in another class and in another split', async () => {
    const root = await temporaryFolder();
    const image = await jpeg(1);
    await put(image, root, 'train', 'a', '1.jpg');
    await put(image, root, 'train', 'a', '2.jpg');
    await put(image, root, 'train', 'b', '1.jpg');
    await put(image, root, 'val', 'a', '1.jpg');
    await put(image, root, 'test', 'b', '9.jpg');
    await put(await jpeg(2), root, 'test', 'b', '1.jpg');
    const summary = await inspectData(root);
    expect(summary.splits).toEqual({ train: 3, validation: 1, test: 2 });
    expect(summary.images).toBe(6);
    const wrong = 'which is of class "a": one of the two labels is wrong';
    expect(problems(summary)).toEqual([
      ['train/a/2.jpg', 'same image as train/a/1.jpg'],
      ['train/b/1.jpg', `same image as train/a/1.jpg, ${wrong}`],
      [
        'val/a/1.jpg',
        'same image as train/a/1.jpg, which is in the train split: results on the validation split would look too good',
      ],
      [
        'test/b/9.jpg',
        `same image as train/a/1.jpg, ${wrong}, which is in the train split: results on the test split would look too good`,
      ],
    ]);
  });

  it('finds images that look nearly the same, in another class and in another split', async () => {
    const root = await temporaryFolder();
    const { jpg, png, webp } = await photographs(1);
    await put(jpg, root, 'train', 'a', '1.jpg');
    await put(png, root, 'train', 'a', '2.png');
    await put(await sharp(png).resize(90).jpeg().toBuffer(), root, 'train', 'b', 'small.jpg');
    await put(webp, root, 'test', 'a', '1.webp');
    await put((await photographs(2)).jpg, root, 'test', 'b', '1.jpg');
    await put((await photographs(3)).jpg, root, 'train', 'b', '2.jpg');
    const summary = await inspectData(root);
    expect(problems(summary)).toEqual([
      [
        'train/b/small.jpg',
        'nearly the same image as train/a/1.jpg, which is of class "a": one of the two labels is wrong',
      ],
      [
        'test/a/1.webp',
        'nearly the same image as train/a/1.jpg, which is in the train split: results on the test split would look too good',
      ],
    ]);
    expect(summary.problems.every(({ used }) => used)).toBe(true);
    expect(summary.images).toBe(6);
    const across = { images: 1, file: join(root, 'test/a/1.webp'), split: 'test' };
    expect(summary.acrossSplits).toEqual({ ...across, like: join(root, 'train/a/1.jpg'), likeSplit: 'train' });
  });

  it('compares a folder to train on with those to judge by, and counts only its own', async () => {
    const root = await temporaryFolder();
    const { jpg, png, webp } = await photographs(1);
    const other = (await photographs(2)).jpg;
    await put(jpg, root, 'images', 'a', '1.jpg');
    await put((await photographs(3)).jpg, root, 'images', 'b', '1.jpg');
    await put(webp, root, 'val', 'a', '1.webp');
    await put(other, root, 'val', 'b', '1.jpg');
    await put(png, root, 'test', 'a', '1.png');
    await put(other, root, 'test', 'b', '1.jpg');
    const heldOut = { validation: join(root, 'val'), test: join(root, 'test') };
    const summary = await inspectData(join(root, 'images'), { heldOut });
    expect(summary).toMatchObject({ images: 2, perClass: { a: 1, b: 1 }, problems: [] });
    const first = { file: join(root, 'val/a/1.webp'), split: 'validation' };
    const like = { like: join(root, 'images/a/1.jpg'), likeSplit: 'train' };
    expect(summary.acrossSplits).toEqual({ images: 3, ...first, ...like });
    const alone = await inspectData(join(root, 'images'), { heldOut: { validation: join(root, 'nowhere') } });
    expect(alone.acrossSplits).toBeNull();
  });

  it('names groups that lie in several splits', async () => {
    const root = await temporaryFolder();
    for (let seed = 0; seed < 4; seed++) await put(await jpeg(seed), root, `${seed}.jpg`);
    const rows = ['0.jpg,a,train,p1', '1.jpg,b,train,p2', '2.jpg,a,test,p1', '3.jpg,b,test,'];
    const summary = await inspectData(await put(`${rows.join('\n')}\n`, root, 'list.csv'));
    const problem = 'of group "p1", which is also in the train split: results on the test split would look too good';
    expect(summary.problems).toEqual([{ file: join(root, '2.jpg'), problem, used: true }]);
  });

  it('reports odd sizes, upright, and still counts the images', async () => {
    const root = await temporaryFolder();
    await put(await jpeg(1, 32, 32), root, 'a', '1.jpg');
    await put(await jpeg(2, 31, 40), root, 'a', '2.jpg');
    await put(await jpeg(3, 160, 40), root, 'a', '3.jpg');
    await put(await noise(4, 40, 164).withMetadata({ orientation: 6 }).jpeg().toBuffer(), root, 'a', '4.jpg');
    await put(await jpeg(5, 10, 50), root, 'a', '5.jpg');
    const summary = await inspectData(root);
    expect(summary.images).toBe(5);
    expect(problems(summary)).toEqual([
      ['a/2.jpg', 'only 31 x 40 pixels: little can be seen at this size'],
      ['a/4.jpg', '164 x 40 pixels, 4.1 to 1: a square crop loses most of it'],
      ['a/5.jpg', 'only 10 x 50 pixels: little can be seen at this size'],
      ['a/5.jpg', '10 x 50 pixels, 5.0 to 1: a square crop loses most of it'],
    ]);
  });

  it('tells gray from colour by the pixels', async () => {
    const root = await temporaryFolder();
    await put(await grayJpeg(1), root, 'gray', 'a', '1.jpg');
    await put(await noise(2, 40, 40, 1).toColourspace('b-w').png().toBuffer(), root, 'gray', 'b', '1.png');
    await put(await noise(3, 40, 40, 1).toColourspace('srgb').webp().toBuffer(), root, 'gray', 'b', '1.webp');
    expect((await inspectData(join(root, 'gray'))).channels).toBe('gray');
    await put(await grayJpeg(1), root, 'mixed', 'a', '1.jpg');
    await put(await flat({ r: 120, g: 120, b: 128 }).png().toBuffer(), root, 'mixed', 'b', '1.png');
    expect((await inspectData(join(root, 'mixed'))).channels).toBe('mixed');
  });

  it('has no imbalance when a class has no readable image', async () => {
    const root = await temporaryFolder();
    await put(await jpeg(1), root, 'a', '1.jpg');
    await put('text', root, 'b', '1.jpg');
    const summary = await inspectData(root);
    expect(summary).toMatchObject({ smallestClass: 0, imbalance: null, perClass: { a: 1, b: 0 } });
    expect(dataSummarySchema.safeParse(summary).success).toBe(true);
  });

  it('reads a table with splits', async () => {
    const root = await temporaryFolder();
    for (let seed = 0; seed < 3; seed++) await put(await jpeg(seed), root, `${seed}.jpg`);
    const table = await put('0.jpg,a,train\n1.jpg,b,train\n2.jpg,a,test\n', root, 'list.csv');
    expect(await inspectData(table)).toMatchObject({
      root: table,
      layout: 'table',
      perClass: { a: 2, b: 1 },
      perClassToTrain: { a: 1, b: 1 },
      splits: { train: 2, validation: 0, test: 1 },
      problems: [],
    });
  });

  it('stops when it is told to', async () => {
    const root = await temporaryFolder();
    await put(await jpeg(1), root, 'a', '1.jpg');
    await expect(inspectData(root, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      problem: { reason: 'cancelled' },
    });
  });
});
