import { formatMachine, formatNumber, formatSpread, type Machine, spread, table } from '../reportText.ts';
import { type Measured, type Subject, SUBJECTS } from './measured.ts';
import type { FunctionTime } from './ownTimes.ts';

export interface EditorBenchmark {
  date: string;
  /** Processes that wanted to run in the minute before and in the last one, on average; 0 where the system does not tell. */
  load: { before: number; after: number };
  machine: Machine;
  versions: { vscode: string; node: string; browser: string };
  measured: Measured[];
}

interface Goal {
  name: string;
  /** Milliseconds that `judged` must not exceed. */
  limit: number;
  judged: 'median' | 'largest';
}

/** Goals that speak of everything that happens are judged by the largest value, the others by the median. */
export const GOALS: Record<Subject, Goal> = {
  redrawDelta: { name: 'redraw of eight runs, more steps', limit: 8, judged: 'median' },
  redrawSmoothing: { name: 'redraw of eight runs, other smoothing', limit: 8, judged: 'median' },
  freezeLayer: { name: 'freeze toggle of a layer', limit: 50, judged: 'median' },
  freezeBlock: { name: 'freeze toggle of a block', limit: 50, judged: 'median' },
  hostTurn: { name: 'longest turn of the host', limit: 50, judged: 'largest' },
  hostTurnComparing: { name: 'longest turn of the host, seven long runs on the charts', limit: 50, judged: 'largest' },
  chartLag: { name: 'charts behind the metrics file', limit: 250, judged: 'largest' },
  chartLagComparing: { name: 'charts behind the metrics file, seven long runs on them', limit: 250, judged: 'largest' },
  activation: { name: 'activation', limit: 100, judged: 'largest' },
};

/** Whether a goal is met. */
export function isMet({ subject, values }: Measured): boolean {
  const { limit, judged } = GOALS[subject];
  const { middle, most } = spread(values);
  return (judged === 'median' ? middle : most) <= limit;
}

export const RESULT_HEAD = ['what', 'milliseconds', 'repetitions', 'goal', ''];

/** Rows of the table of results: what, its spread, the number of values, the goal, the verdict. */
export function resultRows(measured: readonly Measured[]): string[][] {
  return inOrder(measured).map((each) => {
    const { name, limit, judged } = GOALS[each.subject];
    const verdict = isMet(each) ? 'met' : 'missed';
    return [name, formatSpread(each.values), String(each.values.length), `${judged} <= ${limit}`, verdict];
  });
}

function inOrder(measured: readonly Measured[]): Measured[] {
  return SUBJECTS.flatMap((subject) => measured.filter((each) => each.subject === subject));
}

/** The section of the report, as Markdown. */
export function renderReport(benchmark: EditorBenchmark): string {
  const measured = inOrder(benchmark.measured);
  return `${[
    '## The editor',
    INTRODUCTION,
    '### Results of the editor',
    conditions(benchmark),
    table(RESULT_HEAD, resultRows(measured)),
    'Milliseconds are least / median / largest of all repetitions.',
    ...notes(measured),
    EXPLANATION,
    ...profiles(measured),
  ].join('\n\n')}\n`;
}

const INTRODUCTION = [
  '`npm run bench:editor` wrote this section. It opens VS Code for the browser (code-server) in Chromium with Thaw in it, on',
  'a workspace that it generates: a plan that trains every layer of a small network and has eight finished runs of 20,000',
  'steps, and a plan on InceptionV3 with its 318 layers. `npm run bench:editor -- --quick` measures less and writes nothing.',
].join('\n');

function conditions({ date, load, machine, versions }: EditorBenchmark): string {
  return [
    `- ${formatMachine(date, machine)}`,
    `- VS Code ${versions.vscode}, its extension host on Node.js ${versions.node}; Chromium ${versions.browser}, headless`,
    `- load average of the machine: ${load.before.toFixed(1)} before, ${load.after.toFixed(1)} after, when what is measured counts in it;`,
    '  times on the wall clock grow when others compute',
  ].join('\n');
}

/** Where a subject has more to say than its numbers. */
function notes(measured: readonly Measured[]): string[] {
  const lines = measured.flatMap(({ subject, note }) =>
    note === null ? [] : [`- ${GOALS[subject].name}:\n  ${note}`],
  );
  return lines.length === 0 ? [] : [lines.join('\n')];
}

const EXPLANATION = [
  '- **Redraw**: processor time of all script that a message of ten more steps, or another smoothing, costs the page, for both',
  '  charts and everything beside them, taken from a trace of Chromium.',
  '- **Freeze toggle**: on the wall clock, from the click to the end of the frame in which the row has changed, with every',
  '  layer in the list; the edit goes through the extension host and the document of VS Code.',
  '- **Longest turn of the host**: processor time of its main thread from one turn of the event loop to the next, from Start',
  '  until the run has been stopped; each value is the longest of a training.',
  '- **Charts behind the metrics file**: on the wall clock, from the time at which the line of an epoch stands in the',
  "  run's `metrics.jsonl` to the end of the frame with its row; each value is an epoch.",
  '- **Activation**: processor time of loading the extension as it is packed, and of its `activate`, in a new window.',
].join('\n');

function profiles(measured: readonly Measured[]): string[] {
  const missed = measured.filter(({ profile }) => profile.length > 0);
  if (missed.length === 0) return [];
  return [
    '### Where the time of the editor goes',
    'Own time of functions, where a goal is missed: in the longest turn of the host, else in the page for one repetition.',
    ...missed.flatMap(({ subject, profile }) => [`#### ${GOALS[subject].name}`, profileTable(profile)]),
  ];
}

function profileTable(profile: readonly FunctionTime[]): string {
  return table(
    ['function', 'milliseconds'],
    profile.map(({ name, milliseconds }) => [`\`${name}\``, formatNumber(milliseconds)]),
  );
}
