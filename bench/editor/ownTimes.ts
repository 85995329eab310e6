/** A profile of V8, as far as it is needed here. */
export interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples?: number[];
  /** Microseconds before each sample. */
  timeDeltas?: number[];
  startTime: number;
}

export interface FunctionTime {
  /** Name and place, such as `smooth (webview.js:120)`. */
  name: string;
  milliseconds: number;
}

/** Functions of a profile that are worth a line. */
const MOST_FUNCTIONS = 12;
/** What V8 calls the time in which no script ran. */
const NO_SCRIPT = new Set(['(idle)', '(program)', '(root)']);

/**
 * Own time of each function, the largest first.
 *
 * @param within first and last microsecond that count, on the clock of the profile
 */
export function ownTimes(
  { nodes, samples = [], timeDeltas = [], startTime }: CpuProfile,
  [from, to]: readonly [number, number] = [-Infinity, Infinity],
): FunctionTime[] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  let now = startTime;
  for (const [index, sample] of samples.entries()) {
    now += timeDeltas[index];
    const name = names.get(sample) ?? '';
    if (now < from || now > to || NO_SCRIPT.has(name)) continue;
    times.set(name, (times.get(name) ?? 0) + timeDeltas[index] / 1000);
  }
  const all = [...times].map(([name, milliseconds]) => ({ name, milliseconds }));
  return all.sort((a, b) => b.milliseconds - a.milliseconds).slice(0, MOST_FUNCTIONS);
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name} (${url.slice(url.lastIndexOf('/') + 1)}:${lineNumber + 1})`;
}
