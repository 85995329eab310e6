import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import {
  PORT_FILE,
  type ProbeMethod,
  type ProbeMethods,
  type ProbeReply,
  type ProbeRequest,
} from './probe/protocol.ts';

const MANIFEST = {
  name: 'probe',
  publisher: 'thaw-bench',
  version: '0.0.1',
  engines: { vscode: '^1.100.0' },
  main: './probe.cjs',
  activationEvents: ['*'],
  extensionKind: ['workspace'],
};

/** The probe in the extension host of one window. */
export class Probe {
  private count = 0;
  private readonly waiting = new Map<number, (reply: ProbeReply) => void>();

  constructor(private readonly socket: Socket) {
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      for (const [id, settle] of this.waiting) settle({ id, problem: 'the extension host is gone' });
    });
    createInterface({ input: socket }).on('line', (line) => {
      const reply = JSON.parse(line) as ProbeReply;
      this.waiting.get(reply.id)?.(reply);
      this.waiting.delete(reply.id);
    });
  }

  /** Rejects with what went wrong over there. */
  async ask<M extends ProbeMethod>(
    method: M,
    params: Parameters<ProbeMethods[M]>[0] | null = null,
  ): Promise<Awaited<ReturnType<ProbeMethods[M]>>> {
    const request: ProbeRequest = { id: ++this.count, method, params };
    const reply = await new Promise<ProbeReply>((resolve) => {
      this.waiting.set(request.id, resolve);
      this.socket.write(`${JSON.stringify(request)}\n`);
    });
    if (reply.problem !== undefined) throw new Error(`${method}: ${reply.problem}`);
    return reply.result as Awaited<ReturnType<ProbeMethods[M]>>;
  }
}

/** Where the probes of windows report: each window has one, which says so when the window has started. */
export class ProbeServer {
  private readonly arrived: Probe[] = [];
  private readonly expected: ((probe: Probe) => void)[] = [];

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      const probe = new Probe(socket);
      const expecting = this.expected.shift();
      if (expecting) expecting(probe);
      else this.arrived.push(probe);
    });
  }

  /** Writes the probe as an extension into a folder and listens to it. */
  static async start(root: string, folder: string): Promise<ProbeServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), JSON.stringify(MANIFEST));
    await writeFile(join(folder, PORT_FILE), JSON.stringify({ port: (server.address() as AddressInfo).port }));
    await build({
      absWorkingDir: root,
      entryPoints: ['bench/editor/probe/probe.ts'],
      outfile: join(folder, 'probe.cjs'),
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      external: ['vscode'],
      logLevel: 'error',
    });
    return new ProbeServer(server);
  }

  /** The probe of the window that starts next. */
  next(): Promise<Probe> {
    const probe = this.arrived.shift();
    return probe ? Promise.resolve(probe) : new Promise((resolve) => this.expected.push(resolve));
  }

  close(): void {
    this.server.close();
  }
}
