import { loadavg } from 'node:os';
import * as z from 'zod';
import { runProbe, lastAnswer } from '../node/runProbe.ts';
import { readThreadRecord, thisMachine, type ThreadRecord, writeThreadRecord } from '../node/threadRecord.ts';
import { ThawError } from '../shared/errors.ts';
import {
  isBusy,
  isQuicker,
  MOST_THREADS,
  parseThreads,
  quickestThreads,
  threadCandidates,
  type ThreadChoice,
  type ThreadTime,
} from '../shared/threads.ts';
import { THREAD_PROBE_ENTRY } from './resources.ts';

/** All processes of a measurement together; most of it is starting them. */
const TIME_LIMIT_MS = 4000;

export interface ThreadCount {
  threads: number;
  /** Where the number is from. `unmeasured`: nothing is known, so it is 1. */
  source: 'asked' | 'measured' | 'oneCore' | 'unmeasured';
}

/**
 * The number of threads to start the portable engine with: what was asked for, else THAW_THREADS, else 1; `auto` is what
 * was measured on this machine. Measures nothing. Throws `ThawError` `usage` where THAW_THREADS is no number of threads.
 */
export async function knownThreads(choice: ThreadChoice | undefined): Promise<ThreadCount> {
  const asked = choice ?? threadsOfEnvironment();
  if (asked !== 'auto') return { threads: asked, source: 'asked' };
  const { cores } = thisMachine();
  if (cores === 1) return { threads: 1, source: 'oneCore' };
  const record = await readThreadRecord();
  return record ? { threads: record.threads, source: 'measured' } : { threads: 1, source: 'unmeasured' };
}

/**
 * `knownThreads`, after a measurement where it would matter and there is none. On a busy machine it is put off: short work
 * gets more of the processor there than a training does. Throws also `cancelled`.
 */
export async function measuredThreads(choice: ThreadChoice | undefined, signal?: AbortSignal): Promise<ThreadCount> {
  const known = await knownThreads(choice);
  if (known.source !== 'unmeasured') return known;
  const { cores } = thisMachine();
  const record = isBusy(loadavg()[0], cores) ? null : await measureThreads(cores, { signal });
  if (!record) return known;
  // Where the folder cannot be written to, the next process finds out again.
  await writeThreadRecord(record).catch(() => undefined);
  return { threads: record.threads, source: 'measured' };
}

function threadsOfEnvironment(): ThreadChoice {
  const text = process.env.THAW_THREADS;
  if (text === undefined || text === '') return 1;
  const threads = parseThreads(text);
  if (threads !== null) return threads;
  const message = `THAW_THREADS is "${text}"; it must be auto or a whole number from 1 to ${MOST_THREADS}.`;
  throw new ThawError({ reason: 'usage', message });
}

export interface MeasureOptions {
  signal?: AbortSignal;
  /** Path of the built program that measures one number of threads; default: the one that comes with Thaw. */
  entry?: string;
  timeLimitMs?: number;
}

const answerSchema = z.object({ threads: z.number(), milliseconds: z.number().positive() });

/**
 * Measures one thread, two, and so on, each in a process that is thrown away, as long as more are worth it. A number of
 * threads with which that process fails is not taken. Null where time ran out, which may be for another load of the
 * machine. Throws ThawError cancelled.
 */
export async function measureThreads(cores: number, options: MeasureOptions = {}): Promise<ThreadRecord | null> {
  const { signal, entry = THREAD_PROBE_ENTRY, timeLimitMs = TIME_LIMIT_MS } = options;
  const end = performance.now() + timeLimitMs;
  const times: ThreadTime[] = [];
  for (const threads of threadCandidates(cores)) {
    if (signal?.aborted) throw new ThawError({ reason: 'cancelled' });
    const probe = await runProbe([entry, String(threads)], Math.max(1, end - performance.now()), signal).catch(
      () => null,
    );
    if (signal?.aborted) throw new ThawError({ reason: 'cancelled' });
    if (probe?.timedOut) return null;
    const answer = probe?.code === 0 ? lastAnswer(probe.stdout, answerSchema) : null;
    if (answer?.threads !== threads) break;
    const before = times.at(-1);
    times.push(answer);
    if (before && !isQuicker(answer, before)) break;
  }
  return { threads: quickestThreads(times), times };
}
