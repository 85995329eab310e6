import { type ChildProcess, fork } from 'node:child_process';
import { type Problem, ThawError } from '../shared/errors.ts';
import {
  type FromTrainer,
  type Method,
  type Params,
  PROTOCOL_VERSION,
  type Results,
  type ToTrainer,
  fromTrainerSchema,
} from '../shared/protocol.ts';
import type { TrainEvent } from '../shared/results.ts';

/** Longest silence of a trainer before it is taken for hung: the slowest single kernel call stays well below. */
const SILENCE_LIMIT_MS = 180_000;
/** How many looks at it make up that time. */
const LOOKS = 36;
const LAST_WORDS = 4000;
const TERMINATE_AFTER_MS = 2000;
const KILL_AFTER_MS = 5000;

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
  onEvent?: (event: TrainEvent) => void;
  run?: string;
}

export interface TrainerClientOptions {
  /** Hears what the child prints. */
  onLog?: (line: string) => void;
  environment?: NodeJS.ProcessEnv;
  /** Longest silence before the child is taken for hung; default three minutes. */
  silenceMs?: number;
}

export interface RequestOptions {
  onEvent?: (event: TrainEvent) => void;
  /** Asks the trainer to stop: it finishes its step, writes what it has and answers. */
  signal?: AbortSignal;
  /** Hears how to change the request while it runs. */
  onControl?: (control: RequestControl) => void;
}

/** What can be done to a request that is under way. */
export interface RequestControl {
  /** Gives a training run the text of a plan to take over at its next epoch, as far as it can. */
  change(text: string): void;
}

/**
 * The allocator of glibc keeps what threads give back, each its own, and TensorFlow's threads come to hold a third more than
 * they use. With one store for all, training is as quick. Has to be said before a process starts; others pass over it.
 */
const ALLOCATOR = { MALLOC_ARENA_MAX: '1' };

/**
 * One trainer child process. Every request ends in a result or an error, also when the child is killed, hangs, or sends
 * what nobody understands.
 */
export class TrainerClient {
  private readonly child: ChildProcess;
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;
  /** Looks in a row since anything was heard. */
  private silentLooks = 0;
  private readonly silenceMs: number;
  /** The end of what the child printed: an error that ended it is there. */
  private lastWords = '';
  private readonly watchdog: NodeJS.Timeout;
  private readonly exited: Promise<void>;

  /** @param entry path of the bundled trainer */
  constructor(entry: string, options: TrainerClientOptions = {}) {
    this.silenceMs = options.silenceMs ?? SILENCE_LIMIT_MS;
    this.child = fork(entry, [], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...ALLOCATOR, ...process.env, ...options.environment },
      execArgv: [],
      serialization: 'advanced',
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.lastWords = (this.lastWords + text).slice(-LAST_WORDS);
        options.onLog?.(text);
      });
    }
    this.child.on('message', (message) => this.receive(message));
    this.child.on('error', (error) => this.fail({ reason: 'internal', detail: error.message }));
    this.exited = new Promise((resolve) => {
      this.child.on('exit', (code, signal) => {
        const detail = /^\w*Error\b.*$/m.exec(this.lastWords)?.[0];
        this.fail({ reason: 'trainerExited', code, signal, ...(detail ? { detail } : {}) });
        resolve();
      });
    });
    this.watchdog = setInterval(() => this.checkSilence(), this.silenceMs / LOOKS);
    this.watchdog.unref();
  }

  get processId(): number | undefined {
    return this.child.pid;
  }

  /** Whether requests can still be answered. */
  get isAlive(): boolean {
    return this.child.connected && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Sends one request; `onEvent` hears what happens while it runs. Rejects with a `ThawError`. */
  request<M extends Method>(method: M, params: Params<M>, options: RequestOptions = {}): Promise<Results[M]> {
    const id = this.nextId++;
    return new Promise<Results[M]>((resolve, reject) => {
      this.pending.set(id, { resolve: (result) => resolve(result as Results[M]), reject, onEvent: options.onEvent });
      if (!this.isAlive) {
        this.fail({ reason: 'trainerExited', code: this.child.exitCode, signal: this.child.signalCode });
        return;
      }
      this.silentLooks = 0;
      this.post({ v: PROTOCOL_VERSION, type: 'request', id, method, params });
      const cancel = (): void => this.post({ v: PROTOCOL_VERSION, type: 'cancel', id });
      options.onControl?.({ change: (text) => this.post({ v: PROTOCOL_VERSION, type: 'change', id, text }) });
      if (options.signal?.aborted) cancel();
      else options.signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  /** Ends the child: politely, then firmly. Resolves when it is gone. */
  async dispose(): Promise<void> {
    clearInterval(this.watchdog);
    if (this.child.connected) this.child.disconnect();
    const terminate = setTimeout(() => this.child.kill('SIGTERM'), TERMINATE_AFTER_MS);
    const kill = setTimeout(() => this.child.kill('SIGKILL'), KILL_AFTER_MS);
    await this.exited;
    clearTimeout(terminate);
    clearTimeout(kill);
  }

  private post(message: ToTrainer): void {
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  private receive(raw: unknown): void {
    this.silentLooks = 0;
    const parsed = fromTrainerSchema.safeParse(raw);
    if (!parsed.success) {
      this.fail({ reason: 'protocol', detail: 'the trainer sent a message of another version' });
      this.child.kill();
      return;
    }
    this.handle(parsed.data);
  }

  private handle(message: FromTrainer): void {
    if (message.type === 'ready' || message.type === 'heartbeat') return;
    const pending = this.pending.get(message.id);
    if (!pending) return;
    switch (message.type) {
      case 'event': {
        const event = message.event as TrainEvent;
        if (event.event === 'start') pending.run = event.run;
        pending.onEvent?.(event);
        break;
      }
      case 'result':
        this.pending.delete(message.id);
        pending.resolve(message.result);
        break;
      case 'error':
        this.pending.delete(message.id);
        pending.reject(new ThawError(message.problem as Problem));
        break;
    }
  }

  /**
   * Silence is counted in looks and not by a clock: one that jumps, or a machine or process that was suspended, would
   * make a trainer look silent that had no chance to speak.
   */
  private checkSilence(): void {
    if (this.pending.size === 0) return;
    this.silentLooks++;
    if (this.silentLooks <= LOOKS) return;
    this.fail({ reason: 'trainerSilent', seconds: Math.round(this.silenceMs / 1000) });
    this.child.kill('SIGKILL');
  }

  private fail(problem: Problem): void {
    for (const pending of this.pending.values()) {
      const named = problem.reason === 'trainerExited' && pending.run ? { ...problem, run: pending.run } : problem;
      pending.reject(new ThawError(named));
    }
    this.pending.clear();
  }
}
