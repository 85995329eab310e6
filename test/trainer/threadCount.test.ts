import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readThreadRecord, thisMachine, threadRecordPath, writeThreadRecord } from '../../src/node/threadRecord.ts';
import { knownThreads, measuredThreads, measureThreads } from '../../src/trainer/threadCount.ts';
import { temporaryFolder } from '../support/imageFiles.ts';
import { problemFrom } from '../support/problems.ts';

/** A program that takes the place of the one that measures; `threads` is the number it is asked for. */
async function probe(body: string): Promise<string> {
  const path = join(await temporaryFolder(), 'probe.mjs');
  const answer = 'const answer = (milliseconds) => console.log(JSON.stringify({ threads, milliseconds }));';
  await writeFile(path, `const threads = Number(process.argv[2]);\n${answer}\n${body}\n`);
  return path;
}

const record = { threads: 2, times: [{ threads: 1, milliseconds: 10 }, { threads: 2, milliseconds: 6 }] }; // prettier-ignore

describe('a measurement of threads', () => {
  it('goes on as long as more threads are worth it', async () => {
    const entry = await probe('answer({ 1: 100, 2: 60, 4: 58, 8: 1 }[threads]);');
    const { threads, times } = (await measureThreads(8, { entry, timeLimitMs: 60_000 })) ?? {};
    expect(threads).toBe(2);
    expect(times?.map((each) => each.threads)).toEqual([1, 2, 4]);
  });

  it.each([
    ['crashes', "if (threads > 2) process.kill(process.pid, 'SIGSEGV'); answer(100 / threads);"],
    ['fails', "if (threads > 2) throw new Error('no threads'); answer(100 / threads);"],
    ['answers for another number', 'console.log(JSON.stringify({ threads: Math.min(threads, 2), milliseconds: 100 / threads }));'], // prettier-ignore
  ])('does not take a number with which the process %s', async (_, body) => {
    const entry = await probe(body);
    expect(await measureThreads(8, { entry, timeLimitMs: 60_000 })).toMatchObject({ threads: 2 });
  });

  it('takes one thread where no process works', async () => {
    const entry = await probe('process.exit(3);');
    expect(await measureThreads(8, { entry, timeLimitMs: 60_000 })).toEqual({ threads: 1, times: [] });
  });

  it('says nothing where a process hangs', async () => {
    const entry = await probe('setInterval(() => undefined, 1000);');
    expect(await measureThreads(2, { entry, timeLimitMs: 300 })).toBeNull();
  });

  it('is cancelled', async () => {
    const entry = await probe('setInterval(() => undefined, 1000);');
    const measuring = measureThreads(2, { entry, timeLimitMs: 60_000, signal: AbortSignal.timeout(200) });
    expect(await problemFrom(measuring)).toEqual({ reason: 'cancelled' });
  });
});

describe('what is known of threads', () => {
  beforeEach(async () => {
    vi.stubEnv('THAW_CACHE_DIR', await temporaryFolder());
    vi.stubEnv('THAW_THREADS', 'auto');
  });
  afterEach(() => vi.unstubAllEnvs());

  it('is kept for this machine, this Node.js and this version of Thaw', async () => {
    expect(await readThreadRecord()).toBeNull();
    await writeThreadRecord(record);
    expect(await readThreadRecord()).toMatchObject(record);
    const machine = thisMachine();
    expect(JSON.parse(await readFile(threadRecordPath(), 'utf8'))).toEqual({ ...machine, ...record });
    for (const other of [{ processor: 'x' }, { cores: 99 }, { node: '1' }, { thaw: '0' }]) {
      expect(await readThreadRecord({ ...machine, ...other })).toBeNull();
    }
  });

  it.each(['', '{', '{}', '[]', 'null'])('is nothing where the file holds "%s"', async (text) => {
    await writeFile(threadRecordPath(), text);
    expect(await readThreadRecord()).toBeNull();
  });

  it('gives way to what was asked for, by the variable and before that by the caller', async () => {
    expect(await knownThreads(3)).toEqual({ threads: 3, source: 'asked' });
    vi.stubEnv('THAW_THREADS', '');
    expect(await knownThreads(undefined)).toEqual({ threads: 1, source: 'asked' });
    vi.stubEnv('THAW_THREADS', '5');
    expect(await knownThreads(undefined)).toEqual({ threads: 5, source: 'asked' });
    expect(await knownThreads(3)).toEqual({ threads: 3, source: 'asked' });
    expect((await knownThreads('auto')).source).not.toBe('asked');
  });

  it('refuses a variable that is no number of threads', async () => {
    vi.stubEnv('THAW_THREADS', 'many');
    expect(await problemFrom(knownThreads(undefined))).toMatchObject({
      reason: 'usage',
      message: expect.stringContaining('THAW_THREADS is "many"') as string,
    });
  });

  it('is used without measuring again', async ({ skip }) => {
    if (thisMachine().cores === 1) skip('this machine has one core');
    expect(await knownThreads('auto')).toEqual({ threads: 1, source: 'unmeasured' });
    await writeThreadRecord(record);
    expect(await knownThreads('auto')).toEqual({ threads: 2, source: 'measured' });
    expect(await measuredThreads('auto')).toEqual({ threads: 2, source: 'measured' });
  });
});
