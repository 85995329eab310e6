const TASK = 'ThreadControllerImpl::RunTask';

/** Marks that the page makes around an action: right before it, and once its frames are drawn. */
export const beginMark = (index: number): string => `action ${index}`;
export const drawnMark = (index: number): string => `drawn ${index}`;

/** One event of Chromium's tracing; times are microseconds. */
export interface TraceEvent {
  name: string;
  cat?: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  /** The same of the thread's processor time, where the system tells. */
  tts?: number;
  tdur?: number;
  args?: { data?: { url?: string } };
}

/**
 * Milliseconds of processor time that an action cost the page: the rest of the task that it began in, and the page's own
 * script in later ones until its frames were drawn.
 */
export function scriptTime(events: readonly TraceEvent[], index: number): number {
  const begin = markOf(events, beginMark(index));
  const { ts: end } = markOf(events, drawnMark(index));
  const onThread = events.filter(({ ph, pid, tid }) => ph === 'X' && pid === begin.pid && tid === begin.tid);
  const task = onThread.find((each) => each.name === TASK && each.ts <= begin.ts && endOf(each) > begin.ts);
  if (!task) throw new Error('the trace lacks the task of an action');
  const rest = (task.tts ?? task.ts) + (task.tdur ?? task.dur ?? 0) - (begin.tts ?? begin.ts);
  const later = onThread.filter((each) => isOwnScript(each) && each.ts > endOf(task) && each.ts < end);
  return (rest + outermost(later).reduce((sum, each) => sum + (each.tdur ?? each.dur ?? 0), 0)) / 1000;
}

/** Without the calls within others. */
function outermost(calls: readonly TraceEvent[]): TraceEvent[] {
  let until = -Infinity;
  return [...calls]
    .sort((a, b) => a.ts - b.ts)
    .filter((call) => {
      if (call.ts < until) return false;
      until = endOf(call);
      return true;
    });
}

function markOf(events: readonly TraceEvent[], name: string): TraceEvent {
  const mark = events.find((event) => event.cat === 'blink.user_timing' && event.name === name);
  if (!mark) throw new Error(`the trace lacks the mark "${name}"`);
  return mark;
}

const endOf = ({ ts, dur = 0 }: TraceEvent): number => ts + dur;

function isOwnScript({ name, args }: TraceEvent): boolean {
  return name === 'FunctionCall' && (args?.data?.url?.endsWith('/webview.js') ?? false);
}
