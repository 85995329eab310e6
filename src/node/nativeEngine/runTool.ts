import { type ChildProcess, spawn } from 'node:child_process';
import { ThawError } from '../../shared/errors.ts';
import { errorCode } from '../atomicFile.ts';

export interface ToolOptions {
  environment: NodeJS.ProcessEnv;
  signal: AbortSignal;
  cwd?: string;
}

/** How a program ended, and all it printed. */
export interface ToolEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
}

const KEPT_OUTPUT = 20_000;

/**
 * Runs a program of the system to its end; null when there is none of this name. It runs in a process group of its own,
 * so that Ctrl-C reaches it through `signal` only, and with it whatever it has started.
 *
 * Throws ThawError cancelled, when all of them are gone, and the error of a program that cannot be started.
 */
export async function runTool(command: string, args: string[], options: ToolOptions): Promise<ToolEnd | null> {
  const { environment, signal, cwd } = options;
  if (signal.aborted) throw new ThawError({ reason: 'cancelled' });
  const grouped = process.platform !== 'win32';
  const end = await new Promise<ToolEnd | null>((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: grouped,
      windowsHide: true,
    });
    let output = '';
    const keep = (text: string): void => void (output = (output + text).slice(-KEPT_OUTPUT));
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    const stop = (): void => kill(child, grouped);
    signal.addEventListener('abort', stop, { once: true });
    child.on('error', (error) => {
      signal.removeEventListener('abort', stop);
      if (['ENOENT', 'EACCES', 'ENOTDIR'].includes(errorCode(error) ?? '')) resolve(null);
      else reject(error);
    });
    child.on('close', (code, endSignal) => {
      signal.removeEventListener('abort', stop);
      resolve({ code, signal: endSignal, output });
    });
  });
  if (options.signal.aborted) throw new ThawError({ reason: 'cancelled' });
  return end;
}

function kill(child: ChildProcess, grouped: boolean): void {
  try {
    if (grouped && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    // It has ended.
  }
}
