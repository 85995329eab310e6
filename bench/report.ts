import { type KernelShare, PEER_ONLY, type Side, type Stage, type StageResult, STAGES } from './measurement.ts';
import { formatMachine, formatNumber, formatSpread, type Machine, type Spread, spread, table } from './reportText.ts';

/** What every stage gave in one round; empty for a side that is not installed. */
export type Round = Record<Side, StageResult[]>;

export type Engine = Exclude<Side, 'peer'>;
export const ENGINES: readonly Engine[] = ['native', 'portable'];

export interface Benchmark {
  date: string;
  /** Processes that wanted to run during the minute before, on average; 0 where the system does not tell. */
  load: number;
  machine: Machine;
  /** Version of Python, null where the peer is not installed. */
  python: string | null;
  repetitions: Record<string, number>;
  rounds: Round[];
  /** Where the time of a stage goes on the portable engine. */
  profiles: Partial<Record<Stage, KernelShare[]>>;
}

export interface Measure {
  name: string;
  stage: Stage;
  quantity: 'time' | 'memory';
  /** Largest ratio to the peer that meets the goal of each engine; undefined where there is no goal. */
  limits?: Record<Engine, number>;
}

export const MEASURES: readonly Measure[] = [
  { name: 'forward, frozen part', stage: 'forward', quantity: 'time', limits: { native: 1, portable: 2.5 } },
  { name: 'head epoch after the first', stage: 'head', quantity: 'time', limits: { native: 0.05, portable: 0.05 } },
  { name: 'last block + head', stage: 'lastBlock', quantity: 'time', limits: { native: 0.45, portable: 1.5 } },
  { name: 'last third + head', stage: 'lastThird', quantity: 'time' },
  { name: 'last two thirds + head', stage: 'lastTwoThirds', quantity: 'time' },
  { name: 'all layers', stage: 'all', quantity: 'time', limits: { native: 1.2, portable: 5 } },
  { name: 'peak memory, all layers', stage: 'all', quantity: 'memory', limits: { native: 1, portable: 1.5 } },
];

/** The results of one stage over all rounds. */
export function resultsOf(rounds: readonly Round[], side: Side, stage: StageResult['stage']): StageResult[] {
  return rounds.flatMap((round) => round[side].filter((result) => result.stage === stage));
}

/** The quantity to compare within a round: of times the best, since others share the machine. */
function quantityOf(result: StageResult, { quantity }: Measure): number {
  return quantity === 'time' ? Math.min(...result.milliseconds) : result.peakBytes;
}

/** Ratio of an engine to the peer over the rounds; null where one of them was not measured. */
export function ratio(rounds: readonly Round[], engine: Engine, measure: Measure): Spread | null {
  const ratios = rounds.flatMap((round) => {
    const [ours] = resultsOf([round], engine, measure.stage);
    const [peer] = resultsOf([round], 'peer', measure.stage);
    return ours && peer ? [quantityOf(ours, measure) / quantityOf(peer, measure)] : [];
  });
  return ratios.length > 0 ? spread(ratios) : null;
}

/** Whether the median ratio meets the goal; null where there is none, or the peer was not measured. */
export function isMet(rounds: readonly Round[], engine: Engine, measure: Measure): boolean | null {
  const measured = ratio(rounds, engine, measure);
  return measured && measure.limits ? measured.middle <= measure.limits[engine] : null;
}

/** Stages whose time misses the goal of an engine. */
export function missedStages(rounds: readonly Round[], engine: Engine): Stage[] {
  const missed = MEASURES.filter((each) => each.quantity === 'time' && isMet(rounds, engine, each) === false);
  return missed.map(({ stage }) => stage);
}

/**
 * Largest relative difference between what an engine and the peer computed, or null where one is missing. All start from
 * the same weights and images, so that anything but rounding means they do not do the same work.
 */
export function disagreement(rounds: readonly Round[], engine: Engine): number | null {
  const differences = STAGES.flatMap((stage) => {
    const [ours] = resultsOf(rounds, engine, stage);
    const [peer] = resultsOf(rounds, 'peer', stage);
    if (!ours || !peer) return [];
    return ours.check.map((value, index) => Math.abs(value - peer.check[index]) / Math.abs(peer.check[index]));
  });
  return differences.length > 0 ? Math.max(...differences) : null;
}

/** Engines that were measured. */
export function measuredEngines(rounds: readonly Round[]): Engine[] {
  return ENGINES.filter((engine) => rounds.some((round) => round[engine].length > 0));
}

export const RESULT_HEAD = ['stage', 'engine', 'Thaw', 'Keras', 'ratio', 'goal', ''];

/** Rows of the table of results, one for each stage and engine. */
export function resultRows({ rounds }: Pick<Benchmark, 'rounds'>): string[][] {
  return measuredEngines(rounds).flatMap((engine) =>
    MEASURES.map((measure) => {
      const measured = ratio(rounds, engine, measure);
      return [
        measure.name,
        engine,
        quantityText(resultsOf(rounds, engine, measure.stage), measure),
        quantityText(resultsOf(rounds, 'peer', measure.stage), measure),
        measured === null
          ? 'not measured'
          : `${formatNumber(measured.middle)} (${formatNumber(measured.least)} to ${formatNumber(measured.most)})`,
        measure.limits ? `<= ${measure.limits[engine]}` : '',
        measure.limits ? verdict(isMet(rounds, engine, measure)) : '',
      ];
    }),
  );
}

function verdict(met: boolean | null): string {
  if (met === null) return 'not measured';
  return met ? 'met' : 'missed';
}

function quantityText(results: StageResult[], { quantity }: Measure): string {
  if (results.length === 0) return 'not measured';
  const values =
    quantity === 'time'
      ? results.flatMap((result) => result.milliseconds)
      : results.map((result) => result.peakBytes / 1e9);
  return `${formatSpread(values)} ${quantity === 'time' ? 'ms' : 'GB'}`;
}

/** Kernels that take at least a hundredth of the time; the rest in one line. */
function profileTable(profile: KernelShare[]): string {
  const large = profile.filter(({ share }) => share >= 0.01);
  const small = profile.filter(({ share }) => share < 0.01);
  const rest = {
    kernel: `${small.length} others`,
    calls: small.reduce((sum, { calls }) => sum + calls, 0),
    milliseconds: small.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
    share: small.reduce((sum, { share }) => sum + share, 0),
  };
  const rows = [...large, ...(small.length > 0 ? [rest] : [])].map(({ kernel, calls, milliseconds, share }) => [
    kernel,
    calls === 0 ? '' : String(calls),
    milliseconds.toFixed(1),
    `${(100 * share).toFixed(1)} %`,
  ]);
  return table(['kernel', 'calls', 'ms per step', 'share'], rows);
}

/** The section of the report, as Markdown. */
export function renderReport(benchmark: Benchmark): string {
  return `${[
    '## Training',
    introduction(),
    '### Results',
    conditions(benchmark),
    table(RESULT_HEAD, resultRows(benchmark)),
    reading(benchmark),
    ...memorySection(benchmark),
    ...profileSection(benchmark),
  ].join('\n\n')}\n`;
}

function introduction(): string {
  return [
    '`npm run bench` wrote this section. It trains MobileNetV2 1.0 (224x224 pixels, batch 16, Adam) with seeded random weights',
    'on both engines, the native one where it is installed (`thaw engine install`), and where Python with TensorFlow is',
    'installed, in Keras: the same weights, the same images. `THAW_BENCH_PYTHON` names the Python to use,',
    '`npm run bench -- --quick` measures roughly in a minute and writes nothing, `--profile` adds a profile of every stage.',
    'Keras computes compiled steps in which batch normalization uses the statistics of the network, as Thaw does with the',
    'policy `affine`. Keras keeps no features between steps: where layers are frozen, it computes them in every step, and',
    'Thaw takes them from its cache.',
  ].join('\n');
}

function conditions({ date, load, machine, python, rounds, repetitions }: Benchmark): string {
  const peer = rounds[0].peer[0] as StageResult | undefined;
  const counts = Object.entries(repetitions).map(([stage, count]) => `${stage} ${count}`);
  return [
    `- ${formatMachine(date, machine)}`,
    `- Node.js ${machine.node}`,
    ...measuredEngines(rounds).map((engine) => `- ${engine} engine: ${rounds[0][engine][0].version}`),
    peer ? `- Keras: Python ${python ?? ''}, ${peer.version}` : '- Keras: not installed, so not measured',
    `- load average of the machine before: ${load.toFixed(1)}; when others compute, what uses every core slows down more`,
    `- ${rounds.length} rounds; in each, every stage once on every side, one after the other, each in a new process`,
    `- repetitions in a round, after two that warm up: ${counts.join(', ')}`,
  ].join('\n');
}

function reading({ rounds }: Benchmark): string {
  const lines = ['Times are milliseconds per image: least / median / largest of all repetitions.'];
  const differences = ENGINES.flatMap((engine) => disagreement(rounds, engine) ?? []);
  if (differences.length > 0) {
    lines.push(
      'The ratio compares the best times of a round; it is the median of the rounds, with the least and the largest.',
      `Features, and the losses of the first two steps, differ from those of Keras by at most ${Math.max(...differences).toExponential(0)} of`,
      'their value.',
    );
  }
  const adapting = resultsOf(rounds, 'peer', PEER_ONLY);
  if (adapting.length > 0) {
    lines.push(
      `With the statistics of the batch, as Keras's own \`fit\` trains all layers, Keras takes`,
      `${formatSpread(adapting.flatMap((result) => result.milliseconds))} ms.`,
    );
  }
  return lines.join('\n');
}

const STAGE_NAMES: Record<Stage, string> = {
  forward: 'forward',
  head: 'head',
  lastBlock: 'last block + head',
  lastThird: 'last third + head',
  lastTwoThirds: 'last two thirds + head',
  all: 'all layers',
};

function memorySection({ rounds }: Benchmark): string[] {
  const text = (side: Side, stage: Stage): string => {
    const results = resultsOf(rounds, side, stage);
    return results.length === 0
      ? 'not measured'
      : formatNumber(Math.max(...results.map((each) => each.peakBytes)) / 1e9);
  };
  const sides: Side[] = [...measuredEngines(rounds), 'peer'];
  const rows = STAGES.map((stage) => [STAGE_NAMES[stage], ...sides.map((side) => text(side, stage))]);
  const names = sides.map((side) => (side === 'peer' ? 'Keras, GB' : `${side}, GB`));
  const parts = measuredEngines(rounds).flatMap((engine) =>
    resultsOf(rounds, engine, 'all').map(({ microBatch }) => microBatch ?? 0),
  );
  return [
    '### Peak memory',
    table(['stage', ...names], rows),
    `Largest resident memory of the process, start-up included. All layers: ${Math.min(...parts)} images at a time.`,
  ];
}

/** Why the portable engine takes longer than Keras, as far as it holds for every stage. */
function causes({ rounds, machine }: Benchmark): string {
  const oneThread = rounds[0].portable[0].version.includes('1 thread');
  const threads =
    oneThread && machine.cores > 1 ? `They run on one thread, and Keras uses all ${machine.cores} cores. ` : '';
  return `${threads}WebAssembly has vectors of 128 bits and no fused multiply-add; Keras uses what the processor has.`;
}

function profileSection(benchmark: Benchmark): string[] {
  const { profiles } = benchmark;
  const sections = Object.entries(profiles).flatMap(([stage, profile]) => [
    `#### ${STAGE_NAMES[stage as Stage]}`,
    profileTable(profile),
  ]);
  if (sections.length === 0) return [];
  return [
    '### Where the time goes on the portable engine',
    'Own time of each kernel in one step (of `head`: one epoch). Only stages that miss their goal, or all with `--profile`.',
    causes(benchmark),
    ...sections,
  ];
}
