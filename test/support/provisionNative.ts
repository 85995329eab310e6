import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { installEngine } from '../../src/node/nativeEngine/installEngine.ts';
import { type InstalledEngine, readInstalledEngine } from '../../src/node/nativeEngine/installedEngine.ts';
import { proveEngine } from '../../src/node/nativeEngine/probeEngine.ts';
import { type Problem, describeProblem, ThawError } from '../../src/shared/errors.ts';
import { ROOT } from './provision.ts';

/** Holds the native engine that all suites share. */
const DIRECTORY = join(ROOT, '.cache', 'native');
const FOUND = join(ROOT, 'build', 'native.json');

const PROBE = join(ROOT, 'dist', 'nativeProbe.js');
const SOURCES = join(ROOT, 'dist', 'native-sources');

/** What a machine may lack: pip, what pip fetches, a compiler. Whatever else goes wrong is a fault of Thaw. */
const MAY_BE_MISSING: Problem['reason'][] = ['enginePlatform', 'engineNoPip', 'enginePip', 'engineNoCompiler'];

interface Found {
  directory: string | null;
  reason: string;
  mayBeMissing: boolean;
}

/**
 * Set-up of the suites that train on the native engine: installs it from the Python package of TensorFlow, about a minute
 * and 0.9 GB once; a moment when it is there.
 */
export async function setup(): Promise<void> {
  mkdirSync(join(ROOT, 'build'), { recursive: true });
  writeFileSync(FOUND, JSON.stringify(await provide()));
}

/**
 * Value of THAW_ENGINE_DIR with which there is a native engine. Where this machine cannot provide one the test is skipped
 * with the reason; on CI it fails.
 */
export function nativeEngineDirectory(skip: (reason: string) => void): string {
  const { directory, reason, mayBeMissing } = JSON.parse(readFileSync(FOUND, 'utf8')) as Found;
  if (directory !== null) return directory;
  if (mayBeMissing && process.env.CI !== 'true') skip(reason);
  throw new Error(reason);
}

/** The engine in it. */
export async function nativeEngine(skip: (reason: string) => void): Promise<InstalledEngine> {
  const engine = await readInstalledEngine(nativeEngineDirectory(skip));
  if (!engine) throw new Error('the native engine has gone since the suites were set up');
  return engine;
}

async function provide(): Promise<Found> {
  const there = { directory: DIRECTORY, reason: '', mayBeMissing: false };
  for (;;) {
    const engine = await readInstalledEngine(DIRECTORY);
    if (engine && (await proveEngine(PROBE, engine)).works) return there;
    try {
      await installEngine({
        source: 'wheel',
        directory: DIRECTORY,
        probeEntry: PROBE,
        sources: SOURCES,
        onProgress: () => undefined,
        signal: new AbortController().signal,
      });
      return there;
    } catch (error) {
      if (!(error instanceof ThawError)) throw error;
      // Another run of the tests is at it.
      if (error.problem.reason === 'engineBusy') await delay(1000);
      else return missing(error.problem);
    }
  }
}

function missing(problem: Problem): Found {
  const mayBeMissing = MAY_BE_MISSING.includes(problem.reason);
  return { directory: null, reason: describeProblem(problem), mayBeMissing };
}
