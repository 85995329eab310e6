import { freemem } from 'node:os';
import { ThawError } from '../../shared/errors.ts';
import type { EngineMemory, MemorySetting } from '../../shared/predictMemory.ts';
import type { Engine } from '../engine/engine.ts';
import { heapLimit } from '../engines.ts';
import { FEATURE_LIMIT_BYTES } from './phaseRunner.ts';
import { PIXEL_LIMIT_BYTES } from './examples.ts';

/** Share of the free memory that training may take where nothing else is said. */
const SHARE_OF_FREE = 0.5;

/** All that WebAssembly has, less what its allocator cannot hand out in one piece. */
const HEAP_BYTES = 0.95 * 2 ** 32;

/**
 * Memory of the trainer once it has loaded its engine, and what the engine takes from the system for each byte that is
 * alive at the peak, as `node scripts/memory.mjs` and `node scripts/costAccuracy.mjs` hold it against what was measured.
 */
const ENGINES: Record<Engine['name'], Pick<EngineMemory, 'baseBytes' | 'factor'>> = {
  portable: { baseBytes: 200e6, factor: 1.25 },
  native: { baseBytes: 500e6, factor: 1.25 },
};

export function engineMemory({ name }: Pick<Engine, 'name'>): EngineMemory {
  const limitBytes = name === 'portable' ? Math.min(HEAP_BYTES, heapLimit() ?? Infinity) : null;
  return { ...ENGINES[name], limitBytes };
}

/**
 * Bytes that the process may take while it trains: as a request says, else THAW_MEMORY_LIMIT_MB, else half of what is free
 * now.
 *
 * @throws ThawError `memoryLimit` where the variable holds no number above 0
 */
export function memoryBudget(megabytes: number | undefined): number {
  if (megabytes !== undefined && megabytes > 0) return megabytes * 1e6;
  const stated = process.env.THAW_MEMORY_LIMIT_MB;
  if (stated === undefined || stated.trim() === '') return SHARE_OF_FREE * freeBytes();
  const limit = Number(stated);
  if (!Number.isFinite(limit) || limit <= 0) throw new ThawError({ reason: 'memoryLimit', value: stated });
  return limit * 1e6;
}

/** On Linux what could be had at once, caches of files included, and no more than the process's own limit. */
function freeBytes(): number {
  const { availableMemory } = process as { availableMemory?: () => number };
  return availableMemory?.() ?? freemem();
}

/** Limits on what is kept in memory on this machine. */
export function keptLimits(): Pick<MemorySetting, 'pixelLimitBytes' | 'featureLimitBytes'> {
  return { pixelLimitBytes: PIXEL_LIMIT_BYTES, featureLimitBytes: FEATURE_LIMIT_BYTES };
}
