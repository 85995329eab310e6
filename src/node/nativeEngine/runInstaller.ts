import { type ChildProcess, fork } from 'node:child_process';
import { type Problem, ThawError } from '../../shared/errors.ts';
import type { ProvenEngine } from './installEngine.ts';
import type { InstallProgress } from './installRoute.ts';

/** What the installer says: any number of times how far it is, and then one of the others. */
export type FromInstaller =
  { progress: InstallProgress } | { engine: ProvenEngine } | { removed: boolean } | { problem: Problem };

export interface InstallerPrograms {
  /** Path of the built `installMain`. */
  installer: string;
  /** Path of the built probe. */
  probeEntry: string;
  /** Holds the C++ sources of the binding, see `InstallOptions`. */
  sources: string;
  environment?: NodeJS.ProcessEnv;
}

export interface InstallerListener {
  signal: AbortSignal;
  onProgress: (progress: InstallProgress) => void;
}

/** Runs `installEngine` in a process of its own, with the source `auto`. Throws what that throws, or ThawError trainerExited. */
export async function runInstaller(
  { probeEntry, sources, ...programs }: InstallerPrograms,
  listener: InstallerListener,
): Promise<ProvenEngine> {
  const last = await run(programs, { order: 'install', probeEntry, sources }, listener);
  if ('engine' in last) return last.engine;
  throw new ThawError({ reason: 'protocol', detail: 'the installer gave no engine' });
}

/** Runs `removeEngine` in a process of its own. Throws what that throws. */
export async function runRemoval(programs: Pick<InstallerPrograms, 'installer' | 'environment'>): Promise<boolean> {
  const last = await run(programs, { order: 'remove' });
  return 'removed' in last && last.removed;
}

async function run(
  { installer, environment }: Pick<InstallerPrograms, 'installer' | 'environment'>,
  order: object,
  listener?: InstallerListener,
): Promise<FromInstaller> {
  const child = fork(installer, [], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
    env: { ...process.env, ...environment },
  });
  const cancel = (): void => stop(child);
  listener?.signal.addEventListener('abort', cancel, { once: true });
  try {
    const last = await lastMessage(child, order, listener?.onProgress);
    if ('problem' in last) throw new ThawError(last.problem);
    return last;
  } finally {
    listener?.signal.removeEventListener('abort', cancel);
  }
}

function lastMessage(
  child: ChildProcess,
  order: object,
  onProgress?: (progress: InstallProgress) => void,
): Promise<FromInstaller> {
  return new Promise((resolve, reject) => {
    let last: FromInstaller | null = null;
    child.on('message', (raw) => {
      const message = raw as FromInstaller;
      if ('progress' in message) onProgress?.(message.progress);
      else last = message;
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (last) resolve(last);
      else reject(new ThawError({ reason: 'trainerExited', code, signal }));
    });
    child.send(order);
  });
}

/** Any second message means that it should stop; it clears up and then says so. */
function stop(child: ChildProcess): void {
  if (child.connected) child.send({ order: 'cancel' });
}
