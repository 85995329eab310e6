import { type KernelShare, PEER_ONLY, type Stage, type StageResult, STAGES } from './measurement.ts';
import { formatMachine, formatNumber, formatSpread, type Machine, type Spread, spread, table } from './reportText.ts';

/** What every stage gave in one round; the peer's are missing where it is not installed. */
export interface Round {
  ours: StageResult[];
  peer: StageResult[];
}

export interface Benchmark {
  date: string;
  /** Processes that wanted to run during the minute before, on average; 0 where the system does not tell. */
  load: number;
  machine: Machine;
  /** Version of Python, null where the peer is not installed. */
  python: string | null;
  repetitions: Record<string, number>;
  rounds: Round[];
  /** Where the time of a stage goes. */
  profiles: Partial<Record<Stage, KernelShare[]>>;
}

export interface Goal {
  name: string;
  stage: Stage;
  quantity: 'time' | 'memory';
  /** Largest ratio to the peer that meets the goal of the portable engine. */
  limit: number;
}

export const GOALS: readonly Goal[] = [
  { name: 'forward, frozen part', stage: 'forward', quantity: 'time', limit: 2.5 },
  { name: 'head epoch after the first', stage: 'head', quantity: 'time', limit: 0.05 },
  { name: 'last block + head', stage: 'lastBlock', quantity: 'time', limit: 1.5 },
  { name: 'all layers, batch normalization `affine`', stage: 'all', quantity: 'time', limit: 5 },
  { name: 'peak memory, all layers', stage: 'all', quantity: 'memory', limit: 1.5 },
];

/** The results of one stage over all rounds. */
export function resultsOf(rounds: readonly Round[], side: keyof Round, stage: StageResult['stage']): StageResult[] {
  return rounds.flatMap((round) => round[side].filter((result) => result.stage === stage));
}

/** The quantity a goal is about, to compare within a round: the best time, since others share the machine. */
function quantityOf(result: StageResult, { quantity }: Goal): number {
  return quantity === 'time' ? Math.min(...result.milliseconds) : result.peakBytes;
}

/** Ratio to the peer over the rounds; null where the peer was not measured. */
export function ratio(rounds: readonly Round[], goal: Goal): Spread | null {
  const ratios = rounds.flatMap((round) => {
    const [ours] = resultsOf([round], 'ours', goal.stage);
    const [peer] = resultsOf([round], 'peer', goal.stage);
    return ours && peer ? [quantityOf(ours, goal) / quantityOf(peer, goal)] : [];
  });
  return ratios.length > 0 ? spread(ratios) : null;
}

/** Whether the median ratio meets the goal; null where the peer was not measured. */
export function isMet(rounds: readonly Round[], goal: Goal): boolean | null {
  const measured = ratio(rounds, goal);
  return measured && measured.middle <= goal.limit;
}

/** Stages whose time misses its goal. */
export function missedStages(rounds: readonly Round[]): Stage[] {
  return GOALS.filter((goal) => goal.quantity === 'time' && isMet(rounds, goal) === false).map(({ stage }) => stage);
}

/**
 * Largest relative difference between what the two sides computed, or null where there is only one. Both start from the
 * same weights and images, so that anything but rounding means they do not do the same work.
 */
export function disagreement(rounds: readonly Round[]): number | null {
  const differences = STAGES.flatMap((stage) => {
    const [ours] = resultsOf(rounds, 'ours', stage);
    const [peer] = resultsOf(rounds, 'peer', stage);
    if (!ours || !peer) return [];
    return ours.check.map((value, index) => Math.abs(value - peer.check[index]) / Math.abs(peer.check[index]));
  });
  return differences.length > 0 ? Math.max(...differences) : null;
}

/** Rows of the table of results: stage, ours, the peer, ratio, goal, verdict. */
export function resultRows({ rounds }: Benchmark): string[][] {
  return GOALS.map((goal) => {
    const measured = ratio(rounds, goal);
    return [
      goal.name,
      quantityText(resultsOf(rounds, 'ours', goal.stage), goal),
      quantityText(resultsOf(rounds, 'peer', goal.stage), goal),
      measured === null
        ? 'not measured'
        : `${formatNumber(measured.middle)} (${formatNumber(measured.least)} to ${formatNumber(measured.most)})`,
      `<= ${goal.limit}`,
      verdict(isMet(rounds, goal)),
    ];
  });
}

function verdict(met: boolean | null): string {
  if (met === null) return 'not measured';
  return met ? 'met' : 'missed';
}

function quantityText(results: StageResult[], { quantity }: Goal): string {
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
    table(['stage', 'Thaw', 'Keras', 'ratio', 'goal', ''], resultRows(benchmark)),
    reading(benchmark),
    ...memorySection(benchmark),
    ...profileSection(benchmark),
  ].join('\n\n')}\n`;
}

function introduction(): string {
  return [
    '`npm run bench` wrote this section. It trains MobileNetV2 1.0 (224x224 pixels, batch 16, Adam) with seeded random weights',
    'on the portable engine and, where Python with TensorFlow is installed, in Keras: the same weights, the same images.',
    '`THAW_BENCH_PYTHON` names the Python to use, `npm run bench -- --quick` measures roughly in a minute and writes',
    'nothing, `--profile` adds a profile of every stage. Keras computes compiled steps in which batch normalization uses',
    'the statistics of the network, as Thaw does with the policy `affine`. Keras keeps no features between steps: where',
    'layers are frozen, it computes them in every step, and Thaw takes them from its cache.',
  ].join('\n');
}

function conditions({ date, load, machine, python, rounds, repetitions }: Benchmark): string {
  const ours = rounds[0].ours[0];
  const peer = rounds[0].peer[0] as StageResult | undefined;
  const counts = Object.entries(repetitions).map(([stage, count]) => `${stage} ${count}`);
  return [
    `- ${formatMachine(date, machine)}`,
    `- Thaw: Node.js ${machine.node}, ${ours.version}`,
    peer ? `- Keras: Python ${python ?? ''}, ${peer.version}` : '- Keras: not installed, so not measured',
    `- load average of the machine before: ${load.toFixed(1)}; when others compute, Keras slows down more, since it uses every core`,
    `- ${rounds.length} rounds; in each, every stage once on either side, one after the other, each in a new process`,
    `- repetitions in a round, after two that warm up: ${counts.join(', ')}`,
  ].join('\n');
}

function reading(benchmark: Benchmark): string {
  const lines = ['Times are milliseconds per image: least / median / largest of all repetitions.'];
  const difference = disagreement(benchmark.rounds);
  if (difference !== null) {
    lines.push(
      'The ratio compares the best times of a round; it is the median of the rounds, with the least and the largest.',
      `Features, and the losses of the first two steps, differ between the two sides by at most ${difference.toExponential(0)} of`,
      'their value.',
    );
  }
  const adapting = resultsOf(benchmark.rounds, 'peer', PEER_ONLY);
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
  all: 'all layers',
};

function memorySection({ rounds }: Benchmark): string[] {
  const text = (side: keyof Round, stage: Stage): string => {
    const results = resultsOf(rounds, side, stage);
    return results.length === 0
      ? 'not measured'
      : formatNumber(Math.max(...results.map((each) => each.peakBytes)) / 1e9);
  };
  const rows = STAGES.map((stage) => [STAGE_NAMES[stage], text('ours', stage), text('peer', stage)]);
  const parts = resultsOf(rounds, 'ours', 'all').map(({ microBatch }) => microBatch ?? 0);
  return [
    '### Peak memory',
    table(['stage', 'Thaw, GB', 'Keras, GB'], rows),
    `Largest resident memory of the process, start-up included. All layers: ${Math.min(...parts)} images at a time.`,
  ];
}

/** Why a stage takes longer than in Keras, as far as it holds for every stage. */
function causes({ rounds, machine }: Benchmark): string {
  const oneThread = rounds[0].ours[0].version.includes('1 thread');
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
    '### Where the time goes',
    'Own time of each kernel in one step (of `head`: one epoch). Only stages that miss their goal, or all with `--profile`.',
    causes(benchmark),
    ...sections,
  ];
}
