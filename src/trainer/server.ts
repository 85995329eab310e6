import * as z from 'zod';
import { type Problem, ThawError } from '../shared/errors.ts';
import {
  type FromTrainer,
  type Method,
  PROTOCOL_VERSION,
  requestSchemas,
  type Results,
  toTrainerSchema,
} from '../shared/protocol.ts';
import type { TrainEvent } from '../shared/results.ts';
import { THAW_VERSION } from '../shared/version.ts';
import type { RequestContext } from './requests/requestContext.ts';
import { trainerProblem } from './trainerProblem.ts';

/** What answers each method of the protocol. */
export type Handlers = {
  [M in Method]: (params: z.output<(typeof requestSchemas)[M]>, context: RequestContext) => Promise<Results[M]>;
};

/** The channel to the parent process. */
export interface Channel {
  send(message: FromTrainer): void;
  onMessage(listener: (message: unknown) => void): void;
}

const HEARTBEAT_MS = 1000;

const numbered = z.looseObject({ type: z.literal('request'), id: z.number().int() });

/** Answers requests one after the other: every one ends in a result or an error reply. */
export function serve(channel: Channel, handlers: Handlers): void {
  const running = new Map<number, { controller: AbortController; onChange: ((text: string) => void) | null }>();
  const cancelled = new Set<number>();
  let queue: Promise<void> = Promise.resolve();

  const answer = async (id: number, method: string, params: unknown): Promise<void> => {
    const controller = new AbortController();
    const own = { controller, onChange: null as ((text: string) => void) | null };
    running.set(id, own);
    if (cancelled.delete(id)) controller.abort();
    try {
      const emit = (event: TrainEvent): void => channel.send({ v: PROTOCOL_VERSION, type: 'event', id, event });
      const onChange = (listener: (text: string) => void): void => {
        own.onChange = listener;
      };
      const result = await dispatch(handlers, method, params, { emit, signal: controller.signal, onChange });
      channel.send({ v: PROTOCOL_VERSION, type: 'result', id, result });
    } catch (error) {
      channel.send({ v: PROTOCOL_VERSION, type: 'error', id, problem: toProblem(error, controller.signal) });
    } finally {
      running.delete(id);
    }
  };

  /** A request that is not understood gets its answer too, as long as it has a number to answer to. */
  const refuse = (raw: unknown): void => {
    const request = numbered.safeParse(raw);
    if (!request.success) return;
    const problem: Problem = { reason: 'protocol', detail: 'the trainer got a message of another version' };
    channel.send({ v: PROTOCOL_VERSION, type: 'error', id: request.data.id, problem });
  };

  channel.onMessage((raw) => {
    const parsed = toTrainerSchema.safeParse(raw);
    if (!parsed.success) return refuse(raw);
    const message = parsed.data;
    if (message.type === 'cancel') {
      const request = running.get(message.id);
      if (request) request.controller.abort();
      else cancelled.add(message.id);
      return;
    }
    if (message.type === 'change') {
      running.get(message.id)?.onChange?.(message.text);
      return;
    }
    queue = queue.then(() => answer(message.id, message.method, message.params));
  });
  setInterval(() => channel.send({ v: PROTOCOL_VERSION, type: 'heartbeat' }), HEARTBEAT_MS).unref();
  channel.send({ v: PROTOCOL_VERSION, type: 'ready', version: THAW_VERSION });
}

async function dispatch(
  handlers: Handlers,
  method: string,
  params: unknown,
  channel: Pick<RequestContext, 'emit' | 'signal' | 'onChange'>,
): Promise<unknown> {
  if (!isMethod(method)) throw new ThawError({ reason: 'protocol', detail: `the trainer has no method "${method}"` });
  const parsed = requestSchemas[method].safeParse(params);
  if (!parsed.success) throw new ThawError({ reason: 'protocol', detail: z.prettifyError(parsed.error) });
  const { directory, engine, memoryMB, threads } = parsed.data;
  // The schema of a method and its handler are tied together by the type of `Handlers`, which an index by a union loses.
  const handler = handlers[method] as (params: unknown, context: RequestContext) => Promise<unknown>;
  return handler(parsed.data, { directory, engine, memoryMB, threads, ...channel });
}

function isMethod(method: string): method is Method {
  return Object.hasOwn(requestSchemas, method);
}

function toProblem(error: unknown, signal: AbortSignal): Problem {
  if (signal.aborted && !(error instanceof ThawError)) return { reason: 'cancelled' };
  if (!(error instanceof ThawError)) console.error(error);
  return trainerProblem(error);
}
