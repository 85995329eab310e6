import * as tf from '@tensorflow/tfjs-core';
import { readInstalledEngine } from '../node/nativeEngine/installedEngine.ts';
import { proveEngine } from '../node/nativeEngine/probeEngine.ts';
import { describeProblem, ThawError } from '../shared/errors.ts';
import type { EngineStatus } from '../shared/results.ts';
import type { ThreadChoice } from '../shared/threads.ts';
import type { Engine } from './engine/engine.ts';
import { createNativeEngine } from './engine/native/nativeEngine.ts';
import { createPortableEngine } from './engine/portable/portableEngine.ts';
import { NATIVE_PROBE_ENTRY, WASM_DIRECTORY } from './resources.ts';
import { knownThreads, measuredThreads, type ThreadCount } from './threadCount.ts';

export type EngineChoice = 'auto' | 'native' | 'portable';
type OwnEngine = Exclude<EngineChoice, 'auto'>;

/** An engine, and in words why it is this one. */
export interface ChosenEngine {
  engine: Engine;
  reason: string;
}

/** Threads of the portable engine; `measure` finds out what is best where nobody knows yet and none was asked for. */
export interface ThreadRequest {
  threads?: ThreadChoice;
  measure?: boolean;
  signal?: AbortSignal;
}

const opened = new Map<OwnEngine, Promise<Engine>>();

/** The engine to compute with; it becomes the current one of this process. Throws `engineUnavailable`, `usage`. */
export async function openEngine(choice: EngineChoice, request: ThreadRequest = {}): Promise<Engine> {
  return (await chooseEngine(choice, request)).engine;
}

/**
 * The engine to compute with, which becomes the current one of this process: `auto` takes the native one where it is
 * installed and was proven on this machine, else the portable one. A process has one portable engine: it goes on with
 * the number of threads that it has, and the reason says so where another was asked for.
 *
 * Throws `engineUnavailable`; `usage` where THAW_THREADS is no number of threads; `cancelled`.
 */
export async function chooseEngine(choice: EngineChoice, request: ThreadRequest = {}): Promise<ChosenEngine> {
  if (choice === 'portable') return openPortable('it was asked for', request);
  const native = await nativeState();
  if (native.works) {
    const reason = choice === 'native' ? 'it was asked for' : 'it is installed and was proven on this machine';
    return { engine: await open('native', createNative), reason };
  }
  if (choice === 'native') {
    throw new ThawError({ reason: 'engineUnavailable', engine: 'native', detail: native.detail });
  }
  return openPortable(`the native engine is not used: ${native.detail}`, request);
}

async function openPortable(reason: string, { threads, measure, signal }: ThreadRequest): Promise<ChosenEngine> {
  const find = measure && !opened.has('portable') ? measuredThreads : knownThreads;
  const wanted = await find(threads, signal);
  const engine = await open('portable', () => createPortable(wanted.threads));
  const isOther = wanted.source === 'asked' && engine.threads !== wanted.threads;
  return { engine, reason: isOther ? `${reason}; this process goes on with its ${inThreads(engine)}` : reason };
}

function inThreads({ threads }: Engine): string {
  return threads === 1 ? '1 thread' : `${threads} threads`;
}

/** Which engines work here, and which of them `auto` takes. */
export async function engineStatus(choice?: ThreadChoice): Promise<EngineStatus> {
  const native = await nativeState();
  const known = await knownThreads(choice);
  const portable = await openPortable('', { threads: known.threads }).then(
    ({ engine }) => ({
      available: true,
      version: `${engine.version}${THREAD_NOTES[known.source]}`,
      reason: 'it runs wherever Node.js runs',
    }),
    (error: unknown) => ({ available: false, version: null, reason: inWords(error) }),
  );
  return {
    engines: [
      { name: 'portable', ...portable, auto: portable.available && !native.works },
      {
        name: 'native',
        available: native.works,
        version: native.works ? native.version : null,
        reason: native.detail,
        auto: native.works,
      },
    ],
  };
}

/** What the status says of where a number of threads is from. */
const THREAD_NOTES: Record<ThreadCount['source'], string> = {
  asked: '',
  oneCore: '',
  measured: ', measured',
  unmeasured: ', more not measured yet',
};

/** Whether the native engine is installed and works, found out without loading it into this process. */
async function nativeState(): Promise<{ works: boolean; detail: string; version: string }> {
  const installed = await readInstalledEngine();
  if (!installed) return { works: false, detail: 'it is not installed; "thaw engine install" does that', version: '' };
  return proveEngine(NATIVE_PROBE_ENTRY, installed);
}

/** Opens an engine once for all requests. Tensors of the other one, if there are any, stay where they are. */
async function open(name: OwnEngine, create: () => Promise<Engine>): Promise<Engine> {
  const present = opened.get(name) ?? create();
  opened.set(name, present);
  try {
    const engine = await present;
    await tf.setBackend(engine.backend);
    return engine;
  } catch (error) {
    opened.delete(name);
    throw error;
  }
}

function createPortable(threads: number): Promise<Engine> {
  return createPortableEngine({ wasmDirectory: WASM_DIRECTORY, heapLimitBytes: heapLimit(), threads });
}

async function createNative(): Promise<Engine> {
  const installed = await readInstalledEngine();
  if (!installed) throw new ThawError({ reason: 'engineUnavailable', engine: 'native', detail: 'it is not installed' });
  return createNativeEngine(installed);
}

/** THAW_HEAP_LIMIT_MB keeps the portable engine's memory below a bound, on machines where others need theirs. */
export function heapLimit(): number | undefined {
  const megabytes = Number(process.env.THAW_HEAP_LIMIT_MB);
  return Number.isFinite(megabytes) && megabytes > 0 ? megabytes * 1e6 : undefined;
}

function inWords(error: unknown): string {
  if (error instanceof ThawError) return describeProblem(error.problem);
  return error instanceof Error ? error.message : String(error);
}
