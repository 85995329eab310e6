import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { InstallProgress } from '../../../src/node/nativeEngine/installRoute.ts';
import { throttledProgress } from '../../../src/node/nativeEngine/throttledProgress.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const at = (receivedBytes: number, text = 'file'): InstallProgress => ({ step: 'download', text, receivedBytes });

it('tells every new text at once, of a burst the first and the last, and then ten a second', () => {
  const heard: string[] = [];
  const hear = throttledProgress(({ text, receivedBytes }) => heard.push(`${text} ${receivedBytes}`));
  for (const bytes of [1, 2, 3]) hear(at(bytes));
  expect(heard).toEqual(['file 1']);
  vi.advanceTimersByTime(100);
  expect(heard).toEqual(['file 1', 'file 3']);
  for (let bytes = 4; bytes < 104; bytes++) {
    hear(at(bytes));
    vi.advanceTimersByTime(10);
  }
  expect(heard.length).toBeLessThanOrEqual(13);
  hear(at(200));
  hear(at(1, 'next'));
  expect(heard.slice(-2)).toEqual(['file 200', 'next 1']);
  vi.advanceTimersByTime(1000);
  expect(heard.at(-1)).toBe('next 1');
});
