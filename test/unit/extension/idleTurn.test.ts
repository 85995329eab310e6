import { expect, it } from 'vitest';
import { IdleTurn } from '../../../src/extension/idleTurn.ts';

/** Work that ends when it is told to, or gives way. */
function manualWork() {
  const begun: { finish(value: string): void; signal: AbortSignal }[] = [];
  const work = (signal: AbortSignal): Promise<string> =>
    new Promise((resolve, reject) => {
      begun.push({ finish: resolve, signal });
      const giveUp = (): void => reject(new Error('cancelled'));
      if (signal.aborted) giveUp();
      signal.addEventListener('abort', giveUp);
    });
  return { begun, work };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('waits until nothing is under way', async () => {
  const turn = new IdleTurn();
  const { begun, work } = manualWork();
  turn.begin();
  turn.begin();
  const result = turn.run(work, new AbortController().signal);
  turn.end();
  await settle();
  expect(begun).toHaveLength(0);
  turn.end();
  await settle();
  expect(begun).toHaveLength(1);
  begun[0].finish('done');
  expect(await result).toBe('done');
});

it('gives way to what comes meanwhile and begins again afterwards', async () => {
  const turn = new IdleTurn();
  const { begun, work } = manualWork();
  const result = turn.run(work, new AbortController().signal);
  await settle();
  turn.begin();
  expect(begun[0].signal.aborted).toBe(true);
  await settle();
  expect(begun).toHaveLength(1);
  turn.end();
  await settle();
  expect(begun).toHaveLength(2);
  begun[1].finish('done');
  expect(await result).toBe('done');
});

it('ends where the caller cancels it or the work fails', async () => {
  const turn = new IdleTurn();
  const { begun, work } = manualWork();
  const controller = new AbortController();
  const result = turn.run(work, controller.signal);
  await settle();
  controller.abort();
  await expect(result).rejects.toThrow('cancelled');
  expect(begun).toHaveLength(1);
  const failing = turn.run(() => Promise.reject(new Error('broken')), new AbortController().signal);
  await expect(failing).rejects.toThrow('broken');
});
