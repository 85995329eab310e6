/** Most threads of the portable engine. */
export const MOST_THREADS = 8;

/** A number of threads, or `auto` for what was measured on this machine. */
export type ThreadChoice = 'auto' | number;

/** How long the same work took with so many threads. */
export interface ThreadTime {
  threads: number;
  milliseconds: number;
}

/** How many times as quick more threads must be to be taken: they burden the machine, and times vary. */
const LEAST_GAIN = 1.15;

/** What a user wrote for a number of threads; null where it is none. */
export function parseThreads(text: string): ThreadChoice | null {
  if (text === 'auto') return 'auto';
  const threads = /^\d+$/.test(text) ? Number(text) : 0;
  return threads >= 1 && threads <= MOST_THREADS ? threads : null;
}

/** The numbers of threads to try out on a machine with so many cores: powers of two, and all cores. */
export function threadCandidates(cores: number): number[] {
  const most = Math.max(1, Math.min(cores, MOST_THREADS));
  const powers = [1, 2, 4, 8].filter((threads) => threads < most);
  return [...powers, most];
}

/** The number of threads to take; `times` are in ascending order of threads. 1 where nothing was measured. */
export function quickestThreads(times: readonly ThreadTime[]): number {
  const first: ThreadTime = { threads: 1, milliseconds: Infinity };
  const best = times.reduce((taken, next) => (isQuicker(next, taken) ? next : taken), times.at(0) ?? first);
  return best.threads;
}

/** Whether more threads are worth it. */
export function isQuicker(more: ThreadTime, fewer: ThreadTime): boolean {
  return more.milliseconds * LEAST_GAIN <= fewer.milliseconds;
}

/**
 * Whether others use so much of a machine that a measurement of threads would say nothing of it later. `load` is the mean
 * number of threads that wanted to run in the last minute.
 */
export function isBusy(load: number, cores: number): boolean {
  return load > cores / 2;
}
