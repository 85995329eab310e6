import { spawn } from 'node:child_process';
import type * as z from 'zod';

/** How a process that was thrown away has ended, and the end of what it printed. */
export interface ProbeEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  timedOut: boolean;
}

const LAST_WORDS = 4000;

/**
 * Runs a program of ours in a process that is thrown away; what goes wrong in native code ends that process and no other.
 * Rejects where it cannot be started.
 *
 * @param args path of the program and its arguments
 * @param signal ends the process, which the result tells as such
 */
export function runProbe(args: readonly string[], timeoutMs: number, signal?: AbortSignal): Promise<ProbeEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: probeEnvironment(),
      windowsHide: true,
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] = (output[name] + text).slice(-LAST_WORDS);
      });
    }
    let timedOut = false;
    const kill = (): void => void child.kill('SIGKILL');
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, timeoutMs);
    signal?.addEventListener('abort', kill, { once: true });
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', kill);
    };
    child.on('error', (error) => {
      finish();
      reject(error);
    });
    child.on('close', (code, signalName) => {
      finish();
      resolve({ code, signal: signalName, ...output, timedOut });
    });
  });
}

/** The editor's own runtime may be Electron; options meant for this process are not for the probe. */
function probeEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...(process.versions.electron === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' }),
    NODE_OPTIONS: undefined,
    VSCODE_INSPECTOR_OPTIONS: undefined,
  };
}

/** The last line of an output that is the JSON of an answer; null where there is none. */
export function lastAnswer<Answer>(stdout: string, schema: z.ZodType<Answer>): Answer | null {
  for (const line of stdout.split('\n').reverse()) {
    try {
      return schema.parse(JSON.parse(line));
    } catch {
      // Something else that it printed.
    }
  }
  return null;
}
