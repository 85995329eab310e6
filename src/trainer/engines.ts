import * as tf from '@tensorflow/tfjs-core';
import { readInstalledEngine } from '../node/nativeEngine/installedEngine.ts';
import { proveEngine } from '../node/nativeEngine/probeEngine.ts';
import { describeProblem, ThawError } from '../shared/errors.ts';
import type { EngineStatus } from '../shared/results.ts';
import type { Engine } from './engine/engine.ts';
import { createNativeEngine } from './engine/native/nativeEngine.ts';
import { createPortableEngine } from './engine/portable/portableEngine.ts';
import { NATIVE_PROBE_ENTRY, WASM_DIRECTORY } from './resources.ts';

export type EngineChoice = 'auto' | 'native' | 'portable';
type OwnEngine = Exclude<EngineChoice, 'auto'>;

/** An engine, and in words why it is this one. */
export interface ChosenEngine {
  engine: Engine;
  reason: string;
}

const opened = new Map<OwnEngine, Promise<Engine>>();

/** The engine to compute with; it becomes the current one of this process. Throws `engineUnavailable`. */
export async function openEngine(choice: EngineChoice): Promise<Engine> {
  return (await chooseEngine(choice)).engine;
}

/**
 * The engine to compute with, which becomes the current one of this process: `auto` takes the native one where it is
 * installed and was proven on this machine, else the portable one. Throws `engineUnavailable`.
 */
export async function chooseEngine(choice: EngineChoice): Promise<ChosenEngine> {
  if (choice === 'portable') return { engine: await open('portable'), reason: 'it was asked for' };
  const native = await nativeState();
  if (native.works) {
    const reason = choice === 'native' ? 'it was asked for' : 'it is installed and was proven on this machine';
    return { engine: await open('native'), reason };
  }
  if (choice === 'native') {
    throw new ThawError({ reason: 'engineUnavailable', engine: 'native', detail: native.detail });
  }
  return { engine: await open('portable'), reason: `the native engine is not used: ${native.detail}` };
}

/** Which engines work here, and which of them `auto` takes. */
export async function engineStatus(): Promise<EngineStatus> {
  const native = await nativeState();
  const portable = await open('portable').then(
    (engine) => ({ available: true, version: engine.version, reason: 'it runs wherever Node.js runs' }),
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

/** Whether the native engine is installed and works, found out without loading it into this process. */
async function nativeState(): Promise<{ works: boolean; detail: string; version: string }> {
  const installed = await readInstalledEngine();
  if (!installed) return { works: false, detail: 'it is not installed; "thaw engine install" does that', version: '' };
  return proveEngine(NATIVE_PROBE_ENTRY, installed);
}

/** Opens an engine once for all requests. Tensors of the other one, if there are any, stay where they are. */
async function open(name: OwnEngine): Promise<Engine> {
  const present = opened.get(name) ?? create(name);
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

async function create(name: OwnEngine): Promise<Engine> {
  if (name === 'portable') {
    return createPortableEngine({ wasmDirectory: WASM_DIRECTORY, heapLimitBytes: heapLimit() });
  }
  const installed = await readInstalledEngine();
  if (!installed) throw new ThawError({ reason: 'engineUnavailable', engine: name, detail: 'it is not installed' });
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
