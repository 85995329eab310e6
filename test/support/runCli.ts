import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The built command line. */
export const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** One line of `--json` output. */
export type JsonLine = Record<string, unknown>;

export interface CliResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** Lines of stdout that are JSON objects. */
  lines: JsonLine[];
  /** The last of them: the result of a command with `--json`. */
  json: JsonLine;
}

export interface CliOptions {
  cwd: string;
  /** Another command line than the one in dist/. */
  cli?: string;
  env?: NodeJS.ProcessEnv;
  /** Hears every line of JSON as it comes. */
  onLine?: (line: JsonLine) => void;
}

/** A command that is under way. */
export interface CliProcess {
  child: ChildProcess;
  /** Process id; also of the process group, to send what a terminal sends to everything in it. */
  processId: number;
  finished: Promise<CliResult>;
  /** The first line of JSON from now on that fits. Rejects when the command ends without one. */
  line(fits: (line: JsonLine) => boolean): Promise<JsonLine>;
}

/** Runs `thaw` to its end. */
export function runCli(args: string[], options: CliOptions): Promise<CliResult> {
  return launch(args, options, false).finished;
}

/** Starts `thaw` in a process group of its own; whatever is left of it when the test is over is killed. */
export function startCli(args: string[], options: CliOptions): CliProcess {
  const started = launch(args, options, true);
  onTestFinished(async () => {
    started.child.kill('SIGKILL');
    await started.finished;
  });
  return started;
}

function launch(args: string[], { cwd, cli = CLI, env, onLine }: CliOptions, detached: boolean): CliProcess {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached,
  });
  const lines: JsonLine[] = [];
  const listeners = new Set<(line: JsonLine | null) => void>();
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  createInterface({ input: child.stdout }).on('line', (text) => {
    if (!text.startsWith('{')) return;
    const line = JSON.parse(text) as JsonLine;
    lines.push(line);
    onLine?.(line);
    for (const listener of listeners) listener(line);
  });
  const finished = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code, signal, ...output, lines, json: lines.at(-1) ?? {} });
      for (const listener of listeners) listener(null);
    });
  });
  const line: CliProcess['line'] = (fits) =>
    new Promise((resolve, reject) => {
      const listener = (each: JsonLine | null): void => {
        if (each === null) reject(new Error(`The command ended before: ${output.stderr}`));
        else if (fits(each)) resolve(each);
        else return;
        listeners.delete(listener);
      };
      listeners.add(listener);
    });
  return { child, processId: child.pid ?? 0, finished, line };
}
