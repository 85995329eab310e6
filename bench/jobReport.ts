import { formatMachine, formatSpread, type Machine, type Spread, spread, table } from './reportText.ts';

/** A way to do the whole job. `cold` begins with an empty cache of features, `warm` with one that a run before has filled. */
export const WAYS = ['native cold', 'native warm', 'portable cold', 'portable warm', 'keras'] as const;
export type Way = (typeof WAYS)[number];

export interface JobTime {
  seconds: number;
  peakBytes: number;
  /** Test images, and how many of them the trained model names. */
  n: number;
  right: number;
}

/** One repetition: every way once. Ways that cannot be measured here are missing. */
export type JobRound = Partial<Record<Way, JobTime>>;

/** Whole jobs without Keras on more and more images. */
export interface Growth {
  images: number;
  way: Way;
  seconds: number;
}

export interface JobBenchmark {
  date: string;
  load: number;
  machine: Machine;
  /** What is trained, in words. */
  job: string;
  versions: string[];
  rounds: JobRound[];
  growth: Growth[];
}

/** Ways that have to be faster than Keras. */
const GOALS: readonly Way[] = ['native cold', 'native warm', 'portable warm'];

const times = (rounds: readonly JobRound[], way: Way): JobTime[] => rounds.flatMap((round) => round[way] ?? []);

/** Seconds of a way over those of Keras in the same round; null where one of them was not measured. */
export function jobRatio(rounds: readonly JobRound[], way: Way): Spread | null {
  const ratios = rounds.flatMap((round) => {
    const [ours, peer] = [round[way], round.keras];
    return ours && peer ? [ours.seconds / peer.seconds] : [];
  });
  return ratios.length > 0 ? spread(ratios) : null;
}

export const JOB_HEAD = ['way', 'seconds', 'ratio to Keras', 'goal', '', 'peak memory', 'right on test'];

/** A row for each way that was measured. */
export function jobRows({ rounds }: Pick<JobBenchmark, 'rounds'>): string[][] {
  return WAYS.flatMap((way) => {
    const measured = times(rounds, way);
    if (measured.length === 0) return [];
    const ratio = way === 'keras' ? null : jobRatio(rounds, way);
    const hasGoal = ratio !== null && GOALS.includes(way);
    return [
      [
        way === 'keras' ? 'Keras, features cached by hand' : way,
        formatSpread(measured.map(({ seconds }) => seconds)),
        ratio === null ? '' : formatSpread([ratio.least, ratio.middle, ratio.most]),
        hasGoal ? '< 1' : '',
        hasGoal ? (ratio.middle < 1 ? 'met' : 'missed') : '',
        `${(Math.max(...measured.map(({ peakBytes }) => peakBytes)) / 1e9).toFixed(2)} GB`,
        [...new Set(measured.map(({ right, n }) => `${right} of ${n}`))].join(', '),
      ],
    ];
  });
}

const GROWTH_HEAD = ['images', ...WAYS.filter((way) => way !== 'keras')];

function growthRows(growth: readonly Growth[]): string[][] {
  const sizes = [...new Set(growth.map(({ images }) => images))];
  return sizes.map((images) => [
    images.toLocaleString('en-US'),
    ...WAYS.filter((way) => way !== 'keras').map((way) => {
      const found = growth.find((each) => each.images === images && each.way === way);
      return found ? `${found.seconds.toFixed(1)} s` : 'not measured';
    }),
  ]);
}

/** The section of the report, as Markdown. */
export function renderJobReport(benchmark: JobBenchmark): string {
  const { date, load, machine, versions, rounds, growth, job } = benchmark;
  return `${[
    '## The whole job',
    [
      '`npm run bench:job` wrote this section. It measures, from the start of the process to an evaluated model, what a user',
      'waits for: opening the images, the features of the frozen layers, the head, checkpoints, the saved model, the proof of',
      'the freeze, and then the test images by `thaw evaluate`, which is a process of its own. Keras does the same job as a',
      'careful user writes it (`bench/job.py`): features computed once, then a head on them, all in one process.',
    ].join('\n'),
    [
      `- ${formatMachine(date, machine)}`,
      ...versions.map((version) => `- ${version}`),
      `- load average of the machine before: ${load.toFixed(1)}`,
      `- ${job}`,
      `- ${rounds.length} rounds, in each every way once, one after the other`,
    ].join('\n'),
    table(JOB_HEAD, jobRows(benchmark)),
    'Seconds and ratios are least / median / largest. A cold run begins with an empty cache of features; a warm one finds what the run before has left.',
    ...(growth.length === 0
      ? []
      : [
          '### Growth with the number of images',
          'The same job on generated photographs of 12 kinds, once each; there is no test split, so `thaw evaluate` judges those that the run held out.',
          table(GROWTH_HEAD, growthRows(growth)),
        ]),
  ].join('\n\n')}\n`;
}
