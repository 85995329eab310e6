import { describe, expect, it } from 'vitest';
import { isBusy, MOST_THREADS, parseThreads, quickestThreads, threadCandidates } from '../../src/shared/threads.ts';

describe('the number of threads a user states', () => {
  it.each([
    ['auto', 'auto'],
    ['1', 1],
    ['8', 8],
  ])('may be %s', (text, expected) => {
    expect(parseThreads(text)).toBe(expected);
  });

  it.each(['', '0', '9', '-1', '1.5', '2e0', 'two', 'AUTO', ' 2'])('may not be "%s"', (text) => {
    expect(parseThreads(text)).toBeNull();
  });
});

describe('the numbers of threads that are tried out', () => {
  it.each([
    [1, [1]],
    [2, [1, 2]],
    [3, [1, 2, 3]],
    [4, [1, 2, 4]],
    [6, [1, 2, 4, 6]],
    [8, [1, 2, 4, 8]],
    [64, [1, 2, 4, MOST_THREADS]],
    [0, [1]],
  ])('on %i cores', (cores, expected) => {
    expect(threadCandidates(cores)).toEqual(expected);
  });
});

describe('the number of threads that is taken', () => {
  const choose = (...milliseconds: number[]): number =>
    quickestThreads(milliseconds.map((each, index) => ({ threads: 2 ** index, milliseconds: each })));

  it('is the largest whose threads are worth it', () => {
    expect(choose(100, 60)).toBe(2);
    expect(choose(100, 60, 40)).toBe(4);
  });

  it('is the smaller one where more are less than 15 % quicker', () => {
    expect(choose(115, 100)).toBe(2);
    expect(choose(114, 100)).toBe(1);
    expect(choose(100, 60, 55)).toBe(2);
    expect(choose(100, 130)).toBe(1);
  });

  it('is 1 where nothing was measured', () => {
    expect(choose()).toBe(1);
  });
});

describe('a busy machine', () => {
  it('is one of which others use more than half', () => {
    expect([0, 0.9, 1, 1.1, 7].map((load) => isBusy(load, 2))).toEqual([false, false, false, true, true]);
  });
});
