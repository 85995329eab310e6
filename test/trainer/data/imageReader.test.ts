import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DecodeSettings } from '../../../src/trainer/data/decodeImage.ts';
import { readImages, unreadableDetail, type ReadImage } from '../../../src/trainer/data/imageReader.ts';
import { mapInOrder } from '../../../src/trainer/data/mapInOrder.ts';
import { flat, put, temporaryFolder } from '../../support/imageFiles.ts';

const ONE: DecodeSettings = { width: 1, height: 1, channels: 'gray', resize: 'stretch' };

/** Work that finishes when the test says so. */
class Bench {
  readonly started: number[] = [];
  private readonly finishers = new Map<number, (error?: Error) => void>();

  readonly work = (item: number): Promise<number> => {
    this.started.push(item);
    return new Promise((resolve, reject) => {
      this.finishers.set(item, (error) => (error ? reject(error) : resolve(10 * item)));
    });
  };

  finish(item: number, error?: Error): void {
    this.finishers.get(item)?.(error);
  }
}

describe('mapInOrder', () => {
  const items = [0, 1, 2, 3, 4, 5];

  it('gives results in order and runs ahead by as many as may wait', async () => {
    const bench = new Bench();
    const results = mapInOrder(items, bench.work, { concurrency: 2 });
    const first = results.next();
    bench.finish(1);
    expect(bench.started).toEqual([0, 1]);
    bench.finish(0);
    expect((await first).value).toBe(0);
    expect(bench.started).toEqual([0, 1, 2]);
    expect((await results.next()).value).toBe(10);
    expect(bench.started).toEqual([0, 1, 2, 3]);
    for (const item of [2, 3]) bench.finish(item);
    await results.return();
  });

  it('waits for what it started when the loop is left, and starts no more', async () => {
    const bench = new Bench();
    const results = mapInOrder(items, bench.work, { concurrency: 3 });
    const first = results.next();
    bench.finish(0);
    await first;
    let left = false;
    const leaving = results.return().then(() => (left = true));
    bench.finish(1);
    bench.finish(3);
    await new Promise(setImmediate);
    expect(left).toBe(false);
    bench.finish(2);
    await leaving;
    expect(bench.started).toEqual([0, 1, 2, 3]);
  });

  it('throws the error of the work in its turn', async () => {
    const bench = new Bench();
    const results = mapInOrder([0, 1, 2], bench.work, { concurrency: 3 });
    const first = results.next();
    bench.finish(1, new Error('broken'));
    // Nobody waits for this one yet; that alone must not end the process.
    await new Promise(setImmediate);
    bench.finish(0);
    expect((await first).value).toBe(0);
    bench.finish(2);
    await expect(results.next()).rejects.toThrow('broken');
    expect(await results.next()).toEqual({ done: true, value: undefined });
  });

  it('is cancelled by its signal', async () => {
    const bench = new Bench();
    const abort = new AbortController();
    const results = mapInOrder(items, bench.work, { concurrency: 2, signal: abort.signal });
    const first = results.next();
    abort.abort();
    bench.finish(0);
    bench.finish(1);
    await expect(first).rejects.toMatchObject({ problem: { reason: 'cancelled' } });
    expect(bench.started).toEqual([0, 1]);
    const late = mapInOrder(items, bench.work, { concurrency: 2, signal: abort.signal });
    await expect(late.next()).rejects.toMatchObject({ problem: { reason: 'cancelled' } });
    expect(bench.started).toEqual([0, 1]);
  });

  it('ends at once without items', async () => {
    const results = mapInOrder([], new Bench().work, { concurrency: 2 });
    expect(await results.next()).toEqual({ done: true, value: undefined });
  });
});

const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

describe('readImages', () => {
  it.each([1, 3, undefined])(
    'reads in order with a concurrency of %s and goes on past unreadable files',
    async (concurrency) => {
      const folder = await temporaryFolder();
      const files: string[] = [];
      for (let gray = 0; gray < 12; gray++) {
        const size = gray % 3 === 0 ? 300 : 8;
        const image = await flat({ r: gray, g: gray, b: gray }, size, size).png().toBuffer();
        files.push(await put(image, folder, `${gray}.png`));
      }
      files[5] = join(folder, 'none.png');
      files[7] = await put('text', folder, 'text.png');
      const read: ReadImage[] = [];
      for await (const image of readImages(files, ONE, { concurrency })) read.push(image);
      expect(read).toHaveLength(12);
      read.forEach((image, index) => {
        if (index === 5) expect(image).toEqual({ index, problem: 'it is gone' });
        else if (index === 7)
          expect(image).toEqual({ index, problem: 'it is not an image, or of a format that is not supported' });
        else expect(image).toEqual({ index, pixels: Uint8Array.of(index), sha256: hashOf(files[index]) });
      });
    },
  );

  it('can be left early', async () => {
    const folder = await temporaryFolder();
    const file = await put(await flat('#ffffff').png().toBuffer(), folder, 'a.png');
    for await (const image of readImages([file, file, file], ONE)) {
      expect(image).toEqual({ index: 0, pixels: Uint8Array.of(255), sha256: hashOf(file) });
      break;
    }
  });

  it('does not take a fault of the program for an unreadable image', () => {
    const fault = new TypeError('fault');
    expect(() => unreadableDetail(fault)).toThrow(fault);
  });
});
