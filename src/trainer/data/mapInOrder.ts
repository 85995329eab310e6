import { ThawError } from '../../shared/errors.ts';

export interface MapOptions {
  /** Items worked on at a time, at least 1; also the most results that wait to be taken. */
  concurrency: number;
  signal?: AbortSignal;
}

/**
 * Works on several items at a time and gives the results in the order of the items. Work runs ahead of the consumer by
 * at most `concurrency` items. Leaving the loop early, or an error, waits for what has been started and starts no more.
 *
 * @throws ThawError `cancelled` when the signal aborts, or the error of the work
 */
export async function* mapInOrder<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
  { concurrency, signal }: MapOptions,
): AsyncGenerator<R, void, undefined> {
  const started: Promise<R>[] = [];
  let next = 0;
  const startMore = (): void => {
    while (next < items.length && started.length < concurrency) {
      const result = work(items[next], next);
      // It is awaited in its turn; until then a failure must not count as unhandled.
      result.catch(() => undefined);
      started.push(result);
      next++;
    }
  };
  try {
    throwIfCancelled(signal);
    startMore();
    while (started.length > 0) {
      const result = await started[0];
      throwIfCancelled(signal);
      void started.shift();
      startMore();
      yield result;
      throwIfCancelled(signal);
    }
  } finally {
    await Promise.allSettled(started);
  }
}

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new ThawError({ reason: 'cancelled' });
}
