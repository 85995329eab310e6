/** The installer of the native engine as a process of its own, for programs that must not be kept busy by it. */
import * as z from 'zod';
import { problemOf } from '../../shared/errors.ts';
import { installEngine, removeEngine } from './installEngine.ts';
import type { FromInstaller } from './runInstaller.ts';
import { throttledProgress } from './throttledProgress.ts';

const orderSchema = z.discriminatedUnion('order', [
  z.object({ order: z.literal('install'), probeEntry: z.string(), sources: z.string() }),
  z.object({ order: z.literal('remove') }),
]);

const controller = new AbortController();

function send(message: FromInstaller): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) resolve();
    else process.send?.(message, () => resolve());
  });
}

async function obey(message: unknown): Promise<void> {
  try {
    const order = orderSchema.parse(message);
    if (order.order === 'remove') {
      await send({ removed: await removeEngine() });
      return;
    }
    const { probeEntry, sources } = order;
    const onProgress = throttledProgress((progress) => void send({ progress }));
    const { signal } = controller;
    await send({ engine: await installEngine({ source: 'auto', probeEntry, sources, onProgress, signal }) });
  } catch (error) {
    await send({ problem: problemOf(error) });
  } finally {
    if (process.connected) process.disconnect();
  }
}

process.once('message', (message) => {
  process.on('message', () => controller.abort());
  void obey(message);
});
// Whoever asked for it has gone: what is half-done is cleared away.
process.on('disconnect', () => controller.abort());
