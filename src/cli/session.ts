import { fileURLToPath } from 'node:url';
import { TrainerClient } from '../node/trainerClient.ts';
import type { Method, Params, Results } from '../shared/protocol.ts';
import type { TrainEvent } from '../shared/results.ts';
import type { ThreadChoice } from '../shared/threads.ts';

const TRAINER_ENTRY = fileURLToPath(new URL('./trainer.js', import.meta.url));

/** Options common to all commands. */
export interface CommonOptions {
  json?: boolean;
  quiet?: boolean;
  engine?: 'auto' | 'native' | 'portable';
  threads?: ThreadChoice;
  seed?: number;
  /** Megabytes. */
  memory?: number;
}

/**
 * Runs one request in a trainer of its own. The first Ctrl-C (or a SIGTERM) asks the trainer to stop and waits for its
 * answer; a second one ends it at once.
 */
export async function runRequest<M extends Method>(
  method: M,
  params: Omit<Params<M>, 'directory' | 'engine' | 'memoryMB' | 'threads'>,
  options: CommonOptions,
  onEvent?: (event: TrainEvent) => void,
): Promise<Results[M]> {
  const controller = new AbortController();
  const client = new TrainerClient(TRAINER_ENTRY, {
    onLog: (text) => {
      if (process.env.THAW_LOG) process.stderr.write(text);
    },
  });
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    const { engine = 'auto', threads, memory: memoryMB } = options;
    const all = { ...params, directory: process.cwd(), engine, threads, memoryMB } as Params<M>;
    return await client.request(method, all, { onEvent, signal: controller.signal });
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    await client.dispose();
  }
}
