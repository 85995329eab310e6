import { mkdir, symlink } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { groupedByFolder, listData, type DataListing } from '../../../src/node/dataFolder.ts';
import { ThawError } from '../../../src/shared/errors.ts';
import { put, temporaryFolder } from '../../support/imageFiles.ts';

/** Listing never opens an image, so that any content will do. */
const X = 'x';

/** Images as `split class path`, the path relative to the root. */
function lines({ root, classes, images }: DataListing): string[] {
  return images.map(({ file, classIndex, split }) => `${split} ${classes[classIndex]} ${relative(root, file)}`);
}

/** Problems as relative path and text. */
function problems({ root, problems: found }: DataListing): Record<string, string> {
  return Object.fromEntries(found.map(({ file, problem }) => [relative(root, file), problem]));
}

async function problemOf(listing: Promise<unknown>): Promise<unknown> {
  const error: unknown = await listing.catch((thrown: unknown) => thrown);
  return error instanceof ThawError ? error.problem : error;
}

describe('one folder per class', () => {
  it('lists classes and images in code-unit order, with folders inside a class', async () => {
    const root = await temporaryFolder();
    await put(X, root, 'tulip', '10.jpg');
    await put(X, root, 'tulip', '9.JPG');
    await put(X, root, 'rose', 'b.png');
    await put(X, root, 'rose', 'a', 'deep', 'c.webp');
    await put(X, root, 'Zinnia', 'a.tiff');
    const listing = await listData(root);
    expect(listing.classes).toEqual(['Zinnia', 'rose', 'tulip']);
    expect(lines(listing)).toEqual([
      'null Zinnia Zinnia/a.tiff',
      'null rose rose/a/deep/c.webp',
      'null rose rose/b.png',
      'null tulip tulip/10.jpg',
      'null tulip tulip/9.JPG',
    ]);
    expect(listing).toMatchObject({ root, layout: 'classes', problems: [] });
  });

  it('takes names with spaces, quotes, emoji, brackets, percent signs and newlines', async () => {
    const root = await temporaryFolder();
    const names = ['a b', `it's "so"`, '🌷', 'two\nlines', '[0]', '%20#?', 'ü'];
    for (const name of names) await put(X, root, name, `${name}.jpg`);
    const listing = await listData(root);
    expect([...listing.classes].sort()).toEqual([...names].sort());
    for (const { file, classIndex } of listing.images) {
      expect(basename(file)).toBe(`${listing.classes[classIndex]}.jpg`);
    }
    expect(listing.images).toHaveLength(names.length);
  });

  it('passes over hidden files and those of file managers', async () => {
    const root = await temporaryFolder();
    await put(X, root, 'a', '1.jpg');
    for (const name of ['.hidden.jpg', '.DS_Store', 'Thumbs.db', '._1.jpg']) await put(X, root, 'a', name);
    await put(X, root, '.thaw', 'runs', 'x.jpg');
    await put(X, root, '__MACOSX', 'a', 'x.jpg');
    const listing = await listData(root);
    expect(lines(listing)).toEqual(['null a a/1.jpg']);
    expect(listing.problems).toEqual([]);
  });

  it('lists what cannot be used as problems', async () => {
    const root = await temporaryFolder();
    await put(X, root, 'a', '1.jpg');
    await put('', root, 'a', 'empty.jpg');
    await put(X, root, 'a', 'labels.txt');
    await put(X, root, 'loose.jpg');
    await put(X, root, 'README.md');
    await mkdir(join(root, 'a', 'folder.jpg'));
    await symlink('nowhere.jpg', join(root, 'a', 'dangling.jpg'));
    const listing = await listData(root);
    expect(lines(listing)).toEqual(['null a a/1.jpg']);
    expect(problems(listing)).toEqual({
      'a/empty.jpg': 'the file is empty',
      'a/labels.txt': 'not an image file',
      'a/dangling.jpg': 'the link points to nothing',
      'loose.jpg': 'not in the folder of a class',
      'README.md': 'not an image file',
    });
  });

  it('keeps a class whose folder is empty or whose images are, but not a folder of notes', async () => {
    const root = await temporaryFolder();
    await put(X, root, 'a', '1.jpg');
    await mkdir(join(root, 'bare'));
    await put('', root, 'broken', '1.jpg');
    await put(X, root, 'notes', 'todo.txt');
    const listing = await listData(root);
    expect(listing.classes).toEqual(['a', 'bare', 'broken']);
    expect(problems(listing)).toEqual({
      bare: 'the folder of this class holds no images',
      'broken/1.jpg': 'the file is empty',
      'notes/todo.txt': 'not an image file',
    });
  });
});

describe('order', () => {
  it('is that of the names, however the file system lists them', async () => {
    const root = await temporaryFolder();
    // The last two are the other way round in UTF-8.
    const names = ['k', 'b', 'Z', 'm', 'a', 'é', '10', '9', 'x', 'c', '\uFF5A', '🌷'];
    for (const name of names) await put(X, root, 'a', `${name}.jpg`);
    for (const name of names) await put(X, root, 'a', `${name}.txt`);
    await put(X, root, 'a', 'b', '1.jpg');
    const listing = await listData(root);
    const order = ['10', '9', 'Z', 'a', 'b', 'c', 'k', 'm', 'x', 'é', '🌷', '\uFF5A'];
    const files = order.map((name) => `${name}.jpg`);
    files.splice(files.indexOf('b.jpg'), 0, '1.jpg');
    expect(listing.images.map(({ file }) => basename(file))).toEqual(files);
    expect(listing.problems.map(({ file }) => basename(file))).toEqual(order.map((name) => `${name}.txt`));
  });

  it('goes by split before class, also where two folders make one split', async () => {
    const root = await temporaryFolder();
    await put(X, root, 'val', 'b', '1.jpg');
    await put(X, root, 'validation', 'a', '1.jpg');
    await put(X, root, 'train', 'b', '1.jpg');
    expect(lines(await listData(root))).toEqual([
      'train b train/b/1.jpg',
      'validation a validation/a/1.jpg',
      'validation b val/b/1.jpg',
    ]);
  });
});

describe('links', () => {
  it('follows links to files and folders', async () => {
    const root = await temporaryFolder();
    const elsewhere = await temporaryFolder();
    await put(X, elsewhere, 'more', '2.jpg');
    await put(X, root, 'a', '1.jpg');
    await symlink(join(elsewhere, 'more'), join(root, 'a', 'linked'));
    await symlink(join(elsewhere, 'more'), join(root, 'b'));
    await symlink(join(elsewhere, 'more', '2.jpg'), join(root, 'a', '3.jpg'));
    expect(lines(await listData(root))).toEqual([
      'null a a/1.jpg',
      'null a a/3.jpg',
      'null a a/linked/2.jpg',
      'null b b/2.jpg',
    ]);
  });

  it('reports circles and goes on', async () => {
    const outer = await temporaryFolder();
    const root = join(outer, 'data');
    await put(X, outer, 'other', 'stray.jpg');
    await put(X, root, 'a', 'inner', '1.jpg');
    await symlink('..', join(root, 'a', 'inner', 'up'));
    await symlink(outer, join(root, 'a', 'out'));
    await symlink('.', join(root, 'loop'));
    await symlink('itself', join(root, 'a', 'itself'));
    await symlink('inner', join(root, 'a', 'twin'));
    const listing = await listData(root);
    expect(lines(listing)).toEqual(['null a a/inner/1.jpg']);
    expect(listing.classes).toEqual(['a']);
    const circle = 'the link leads back to a folder that holds it';
    expect(problems(listing)).toEqual({
      'a/inner/up': circle,
      'a/out': circle,
      'a/itself': 'the link leads back to itself',
      'a/twin': `the same folder as ${join(root, 'a', 'inner')}`,
      loop: circle,
    });
  });
});

describe('splits', () => {
  it('reads train, val and test in this order with the classes of all of them', async () => {
    const root = await temporaryFolder();
    await put(X, root, 'test', 'c', '1.jpg');
    await put(X, root, 'train', 'b', '1.jpg');
    await put(X, root, 'train', 'a', '1.jpg');
    await put(X, root, 'val', 'b', '2.jpg');
    await put(X, root, 'extra', '1.txt');
    await put(X, root, 'train', 'loose.jpg');
    const listing = await listData(root);
    expect(listing).toMatchObject({ layout: 'splits', classes: ['a', 'b', 'c'] });
    expect(lines(listing)).toEqual([
      'train a train/a/1.jpg',
      'train b train/b/1.jpg',
      'validation b val/b/2.jpg',
      'test c test/c/1.jpg',
    ]);
    expect(problems(listing)).toEqual({
      'train/loose.jpg': 'not in the folder of a class',
      extra: 'not in train, validation or test, so it is left out',
    });
  });

  it('does not mistake a class called "train" for a split', async () => {
    const root = await temporaryFolder();
    await put(X, root, 'train', 'steam', '1.jpg');
    await put(X, root, 'bus', '1.jpg');
    expect(await listData(root)).toMatchObject({ layout: 'classes', classes: ['bus', 'train'] });
    const flatRoot = await temporaryFolder();
    await put(X, flatRoot, 'train', '1.jpg');
    await put(X, flatRoot, 'test', '1.jpg');
    expect(await listData(flatRoot)).toMatchObject({ layout: 'classes', classes: ['test', 'train'] });
  });
});

describe('groupedByFolder', () => {
  it('takes the folder below that of the class as the group, across classes and splits', async () => {
    const root = await temporaryFolder();
    for (const path of ['train/a/p1/x/1.jpg', 'train/a/p2/1.jpg', 'train/a/1.jpg', 'test/b/p1/1.jpg'])
      await put(X, root, path);
    const groups = (listing: DataListing): (string | null)[] => listing.images.map(({ group }) => group);
    const listing = await listData(root);
    expect(groups(listing)).toEqual([null, null, null, null]);
    expect(groups(groupedByFolder(listing))).toEqual([null, 'p1', 'p2', 'p1']);
    expect(groups(groupedByFolder(await listData(join(root, 'train'))))).toEqual([null, 'p1', 'p2']);
  });
});

describe('tables', () => {
  async function table(content: string | Uint8Array): Promise<string> {
    const root = await temporaryFolder();
    for (const name of ['1.jpg', '2.jpg', '3.jpg', 'a, b.jpg']) await put(X, root, 'images', name);
    await put('', root, 'images', 'empty.jpg');
    return put(content, root, 'list.csv');
  }

  it('reads path and label relative to the table, in its order', async () => {
    const file = await table('images/2.jpg,tulip\n\n"images/a, b.jpg", rose\r\nimages/1.jpg,"red ""rose"""\n');
    const listing = await listData(file);
    expect(listing).toMatchObject({ root: file, layout: 'table', classes: ['red "rose"', 'rose', 'tulip'] });
    expect(lines(listing)).toEqual([
      'null tulip ../images/2.jpg',
      'null rose ../images/a, b.jpg',
      'null red "rose" ../images/1.jpg',
    ]);
  });

  it('reads a header in any order, a byte order mark and splits', async () => {
    const file = await table(
      '\uFEFFLabel,Path,Split,note\na,images/1.jpg,train,x\nb,images/2.jpg,VAL,y\nb,images/3.jpg,test,\n',
    );
    expect(lines(await listData(file))).toEqual([
      'train a ../images/1.jpg',
      'validation b ../images/2.jpg',
      'test b ../images/3.jpg',
    ]);
  });

  it('reads groups from a fourth column, or one that a header names; an empty one is none', async () => {
    const groups = async (content: string): Promise<(string | null)[]> =>
      (await listData(await table(content))).images.map(({ group }) => group);
    expect(await groups('images/1.jpg,a,train,p1\nimages/2.jpg,a,train,\nimages/3.jpg,b,test\n')).toEqual([
      'p1',
      null,
      null,
    ]);
    expect(await groups('images/1.jpg,a,,p1\nimages/2.jpg,b,,p 2\n')).toEqual(['p1', 'p 2']);
    expect(await groups('Group,path,LABEL\np1,images/1.jpg,a\n,images/2.jpg,b\n')).toEqual(['p1', null]);
  });

  it('reads a table in UTF-16, as spreadsheets write it', async () => {
    const file = await table(Buffer.from('\uFEFFpath,label\nimages/1.jpg,müll\n', 'utf16le'));
    expect((await listData(file)).classes).toEqual(['müll']);
  });

  it('lists rows that cannot be used', async () => {
    const file = await table(
      'images/1.jpg,a\nimages/none.jpg,a\nimages/empty.jpg,a\nlist.csv,a\nimages,b\nimages/1.jpg,b\n',
    );
    const listing = await listData(file);
    expect(listing.classes).toEqual(['a', 'b']);
    expect(lines(listing)).toEqual(['null a ../images/1.jpg']);
    expect(problems(listing)).toEqual({
      '../images/none.jpg': 'it is gone',
      '../images/empty.jpg': 'the file is empty',
      '': 'not an image file',
      '../images': 'not an image file',
      '../images/1.jpg': 'listed in line 1 and again in line 6, which is left out',
    });
  });

  it.each([
    ['images/1.jpg,a\nimages/2.jpg\n', 2, 'the label is missing'],
    ['images/1.jpg,a\n,b\n', 2, 'the path is missing'],
    ['images/1.jpg,a,train\nimages/2.jpg,b,dev\n', 2, '"dev" is not a split (they are train, validation and test)'],
    [
      'path,label,split\nimages/1.jpg,a,train\nimages/2.jpg,b,\n',
      3,
      'there is no split here, though other lines have one',
    ],
    ['images/1.jpg,a\nimages/a, b.jpg,c,train\n', 2, '"c" is not a split (they are train, validation and test)'],
    [
      'images/1.jpg,a\nimages/a, b.jpg,c,train,g\n',
      2,
      'there are 5 columns (quote a path or label that holds a comma)',
    ],
    ['images/1.jpg,a\n"images/2.jpg,b\n', 2, 'the quotation marks do not match'],
    ['images/1.jpg,a\nimages/"2".jpg,b\n', 2, 'the quotation marks do not match'],
  ])('refuses %j', async (content, line, detail) => {
    const file = await table(content);
    expect(await problemOf(listData(file))).toEqual({ reason: 'dataTable', path: file, line, detail });
  });
});

describe('nothing to list', () => {
  it('tells a missing folder from an empty one', async () => {
    const root = await temporaryFolder();
    const text = await put(X, root, 'notes.txt');
    const emptyTable = await put('path,label\n', root, 'list.csv');
    for (const path of [join(root, 'nowhere'), join(text, 'below'), text, join(root, 'none.csv')]) {
      expect(await problemOf(listData(path))).toEqual({ reason: 'dataFolderMissing', path });
    }
    for (const path of [root, emptyTable]) {
      expect(await problemOf(listData(path))).toEqual({ reason: 'dataFolderEmpty', path });
    }
  });
});
