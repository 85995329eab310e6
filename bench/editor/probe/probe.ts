import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as vscode from 'vscode';
import { timeActivation } from './activationTimes.ts';
import { LoopWatch } from './loopWatch.ts';
import { PORT_FILE, type ProbeMethods, type ProbeReply, type ProbeRequest } from './protocol.ts';

let watch: LoopWatch | null = null;

const METHODS: { [M in keyof ProbeMethods]: (params: Parameters<ProbeMethods[M]>[0]) => ReturnType<ProbeMethods[M]> } =
  {
    versions: async () => ({ vscode: vscode.version, node: process.versions.node }),
    activate: timeActivation,
    startWatch: async ({ profile }) => {
      watch = await LoopWatch.start(profile);
      return null;
    },
    stopWatch: async () => {
      if (!watch) throw new Error('nothing is watched');
      const times = await watch.stop();
      watch = null;
      return times;
    },
  };

/** Called by VS Code when a window starts: an extension that does what the benchmark asks for. */
export function activate(): void {
  const { port } = JSON.parse(readFileSync(join(__dirname, PORT_FILE), 'utf8')) as { port: number };
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  createInterface({ input: socket }).on('line', (line) => {
    const { id, method, params } = JSON.parse(line) as ProbeRequest;
    const answer = (reply: Omit<ProbeReply, 'id'>): void => void socket.write(`${JSON.stringify({ id, ...reply })}\n`);
    METHODS[method](params as never).then(
      (result) => answer({ result }),
      (error: unknown) => answer({ problem: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
}
