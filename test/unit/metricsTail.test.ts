import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MetricsTail } from '../../src/node/metricsTail.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

async function readAll(tail: MetricsTail): Promise<object[]> {
  const events: object[] = [];
  for await (const piece of tail.read()) events.push(...piece);
  return events;
}

const step = (number: number): object => {
  return { event: 'step', phase: 'head', epoch: 1, step: number, steps: 30_000, loss: 0.5, accuracy: 0.75 };
};
const line = (number: number): string => `${JSON.stringify(step(number))}\n`;

describe('MetricsTail', () => {
  it('reads everything once and then only what has been added', async () => {
    const path = join(await temporaryFolder(), 'metrics.jsonl');
    await writeFile(path, line(1) + line(2));
    const tail = new MetricsTail(path);
    expect(await readAll(tail)).toEqual([step(1), step(2)]);
    expect(await readAll(tail)).toEqual([]);
    await appendFile(path, line(3));
    expect(await readAll(tail)).toEqual([step(3)]);
  });

  it('waits for the end of a line, also in the middle of a character', async () => {
    const path = join(await temporaryFolder(), 'metrics.jsonl');
    const warning = { event: 'warning', code: 'example', text: 'täg' };
    const bytes = Buffer.from(`${JSON.stringify(warning)}\n`);
    const middle = bytes.indexOf(0xa4);
    await writeFile(path, bytes.subarray(0, middle));
    const tail = new MetricsTail(path);
    expect(await readAll(tail)).toEqual([]);
    await appendFile(path, bytes.subarray(middle));
    expect(await readAll(tail)).toEqual([warning]);
  });

  it('hands out a long file in several pieces', async () => {
    const path = join(await temporaryFolder(), 'metrics.jsonl');
    const count = 20_000;
    await writeFile(path, Array.from({ length: count }, (_, index) => line(index + 1)).join(''));
    const pieces: number[] = [];
    for await (const piece of new MetricsTail(path).read()) pieces.push(piece.length);
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.reduce((sum, length) => sum + length, 0)).toBe(count);
  });

  it('passes over a damaged line, and a missing file', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'metrics.jsonl');
    await writeFile(path, `{"event":\n${line(1)}`);
    expect(await readAll(new MetricsTail(path))).toEqual([step(1)]);
    expect(await readAll(new MetricsTail(join(folder, 'none.jsonl')))).toEqual([]);
  });
});
