import { ThawError } from '../shared/errors.ts';
import type { EngineStatus } from '../shared/results.ts';
import type { Engine } from './engine/engine.ts';
import { createPortableEngine } from './engine/portable/portableEngine.ts';
import { WASM_DIRECTORY } from './resources.ts';

export type EngineChoice = 'auto' | 'native' | 'portable';

const NATIVE_REASON = 'it is not part of this version of Thaw';

let opened: Promise<Engine> | null = null;

/** The engine of this process; all requests share one. Throws `engineUnavailable`. */
export function openEngine(choice: EngineChoice): Promise<Engine> {
  if (choice === 'native')
    throw new ThawError({ reason: 'engineUnavailable', engine: 'native', detail: NATIVE_REASON });
  const engine = opened ?? createPortableEngine({ wasmDirectory: WASM_DIRECTORY, heapLimitBytes: heapLimit() });
  opened = engine;
  return engine;
}

/** THAW_HEAP_LIMIT_MB keeps the engine's memory below a bound, on machines where others need theirs. */
export function heapLimit(): number | undefined {
  const megabytes = Number(process.env.THAW_HEAP_LIMIT_MB);
  return Number.isFinite(megabytes) && megabytes > 0 ? megabytes * 1e6 : undefined;
}

/** Which engines work here, found out by starting them. */
export async function engineStatus(): Promise<EngineStatus> {
  const portable = await openEngine('portable').then(
    (engine) => ({
      available: true,
      version: engine.version,
      reason: 'it runs wherever Node.js runs and is used by default',
    }),
    (error: unknown) => ({
      available: false,
      version: null,
      reason: error instanceof Error ? error.message : String(error),
    }),
  );
  return {
    engines: [
      { name: 'portable', ...portable },
      { name: 'native', available: false, version: null, reason: NATIVE_REASON },
    ],
  };
}
