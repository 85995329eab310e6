import type { FunctionTime } from '../ownTimes.ts';

/** What the probe, which runs inside the extension host, measures when it is asked to. */
export interface ProbeMethods {
  versions(): Promise<{ vscode: string; node: string }>;
  /** Activates Thaw, which must not be active. */
  activate(): Promise<ActivationTimes>;
  /** Watches the event loop from now on, with a profile of its longest turn where asked for. */
  startWatch(params: { profile: boolean }): Promise<null>;
  stopWatch(): Promise<LoopTimes>;
}

/** Milliseconds of processor time of the extension host's main thread. */
export interface ActivationTimes {
  /** Reading and running `dist/extension.cjs`. */
  loading: number;
  /** Its `activate`. */
  activating: number;
}

/** How long the event loop took from one turn to the next, in milliseconds. */
export interface LoopTimes {
  /** Processor time of the longest turn: what code blocks the loop, whatever else the machine does. */
  longestTurn: number;
  /** How late a timer came on the wall clock at most, and one in a hundred. */
  latest: number;
  percentile99: number;
  seconds: number;
  /** Own time of functions in the longest turn, the largest first; empty unless asked for. */
  profile: FunctionTime[];
}

export type ProbeMethod = keyof ProbeMethods;

/** One line each way. */
export interface ProbeRequest {
  id: number;
  method: ProbeMethod;
  params: unknown;
}
export interface ProbeReply {
  id: number;
  result?: unknown;
  problem?: string;
}

/** File beside the probe's code that holds the port of the benchmark. */
export const PORT_FILE = 'port.json';
