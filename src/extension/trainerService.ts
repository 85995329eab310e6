import { constants, setPriority } from 'node:os';
import * as vscode from 'vscode';
import { type RequestOptions, TrainerClient } from '../node/trainerClient.ts';
import type { Method, Params, Results } from '../shared/protocol.ts';
import { MOST_THREADS } from '../shared/threads.ts';
import { IdleTurn } from './idleTurn.ts';
import { SETTINGS } from './ids.ts';

/** A trainer that nothing was asked of for this long gives its memory back. */
const IDLE_MS = 3 * 60_000;

const DEFAULT_ENGINE = 'portable';

export type RequestParams<M extends Method> = Omit<Params<M>, 'engine' | 'memoryMB' | 'threads'>;

/**
 * Trainers of the editor: one shared child for short requests, started by the first of them, and children of their own
 * for what takes long. All run below normal priority, on the editor's own runtime.
 */
export class TrainerService {
  private shared: TrainerClient | null = null;
  private readonly all = new Set<TrainerClient>();
  private engine: Promise<string> | null = null;
  /** The shared trainer has been started with another engine than there is now. */
  private isOutdated = false;
  private readonly engineChanges = new vscode.EventEmitter<void>();
  /** Another engine may be in use from now on. */
  readonly onDidChangeEngine = this.engineChanges.event;
  private waiting = 0;
  private idle: NodeJS.Timeout | undefined;
  private readonly turn = new IdleTurn();

  /** @param entry path of the built trainer */
  constructor(
    private readonly entry: string,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** Asks the shared trainer, which answers one request after the other. Rejects with a `ThawError`. */
  async request<M extends Method>(
    method: M,
    params: RequestParams<M>,
    options: RequestOptions = {},
  ): Promise<Results[M]> {
    this.turn.begin();
    try {
      return await this.askShared(method, params, options);
    } finally {
      this.turn.end();
    }
  }

  /** Asks the shared trainer when it has nothing else to do; what comes meanwhile goes first, and this is asked again. */
  requestWhenIdle<M extends Method>(
    method: M,
    params: RequestParams<M>,
    { signal, onEvent }: Pick<RequestOptions, 'onEvent'> & { signal: AbortSignal },
  ): Promise<Results[M]> {
    return this.turn.run((turn) => this.askShared(method, params, { signal: turn, onEvent }), signal);
  }

  private async askShared<M extends Method>(
    method: M,
    params: RequestParams<M>,
    options: RequestOptions,
  ): Promise<Results[M]> {
    clearTimeout(this.idle);
    this.waiting++;
    if (!this.shared?.isAlive) {
      if (this.shared) void this.end(this.shared);
      this.shared = this.start();
    }
    try {
      return await this.shared.request(method, withEngine(params), options);
    } finally {
      this.waiting--;
      if (this.waiting === 0 && this.isOutdated) this.endShared();
      else if (this.waiting === 0) this.idle = setTimeout(() => this.endShared(), IDLE_MS).unref();
    }
  }

  /** Asks a trainer of its own, so that nothing else waits for the answer. */
  async requestAlone<M extends Method>(
    method: M,
    params: RequestParams<M>,
    options: RequestOptions = {},
  ): Promise<Results[M]> {
    const client = this.start();
    try {
      return await client.request(method, withEngine(params), options);
    } finally {
      void this.end(client);
    }
  }

  /** Name of the engine that trains here, such as `portable`. */
  engineName(): Promise<string> {
    this.engine ??= this.request('engineStatus', { directory: '.' }).then(
      ({ engines }) => chosenEngine(engines),
      () => {
        this.engine = null;
        return DEFAULT_ENGINE;
      },
    );
    return this.engine;
  }

  /** An engine was installed or removed, or another one chosen: what is asked from now on goes to a new trainer. */
  engineChanged(): void {
    this.engine = null;
    if (this.waiting === 0) this.endShared();
    else this.isOutdated = true;
    this.engineChanges.fire();
  }

  /** Starts a trainer that the caller gives back to `end`. */
  start(): TrainerClient {
    const client = new TrainerClient(this.entry, {
      onLog: (text) => this.log.debug(text.trimEnd()),
      environment: runtimeEnvironment(),
    });
    this.all.add(client);
    lowerPriority(client.processId);
    this.log.debug(`Trainer ${client.processId} started`);
    return client;
  }

  /** Ends a trainer: resolves when its process is gone. */
  async end(client: TrainerClient): Promise<void> {
    await client.dispose();
    this.all.delete(client);
  }

  /** Ends all trainers. */
  async shutdown(): Promise<void> {
    this.engineChanges.dispose();
    clearTimeout(this.idle);
    await Promise.all([...this.all].map((client) => this.end(client)));
  }

  private endShared(): void {
    this.isOutdated = false;
    if (this.shared) void this.end(this.shared);
    this.shared = null;
  }
}

/** Adds what every request says besides its own parameters. */
export function withEngine<M extends Method>(params: RequestParams<M>): Params<M> {
  const memoryMB = Math.max(0, setting(SETTINGS.memoryBudget, 0));
  return { ...params, engine: engineSetting(), threads: threadsSetting(), memoryMB } as Params<M>;
}

function engineSetting(): Params<'check'>['engine'] {
  return setting<Params<'check'>['engine']>(SETTINGS.engine, 'auto');
}

function setting<T>(name: string, fallback: T): T {
  const [section, key] = name.split('.');
  return vscode.workspace.getConfiguration(section).get<T>(key, fallback);
}

/** `auto` where the trainer is to decide, undefined where nothing is stated. */
function threadsSetting(): Params<'check'>['threads'] {
  const threads = setting<number>(SETTINGS.threads, 1);
  if (threads === 0) return 'auto';
  return threads > 1 ? Math.min(Math.floor(threads), MOST_THREADS) : undefined;
}

/** What the setting says, and with `auto` the quickest engine that works. */
function chosenEngine(engines: Results['engineStatus']['engines']): string {
  const setting = engineSetting();
  if (setting !== 'auto') return setting;
  const works = (name: string): boolean => engines.some((engine) => engine.name === name && engine.available);
  return works('native') ? 'native' : DEFAULT_ENGINE;
}

/** The editor's own runtime may be Electron, and options meant for the extension host are not for its children. */
export function runtimeEnvironment(): NodeJS.ProcessEnv {
  return {
    ...(process.versions.electron === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' }),
    NODE_OPTIONS: undefined,
    VSCODE_INSPECTOR_OPTIONS: undefined,
  };
}

function lowerPriority(processId: number | undefined): void {
  if (processId === undefined) return;
  try {
    setPriority(processId, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // A system that forbids it, or a process that is gone already: training is only less polite.
  }
}
