import { formatMachine, type Machine, table } from '../reportText.ts';
import { PLAN_TITLES, type PlanName, POLICIES, POLICY_TITLES, type Policy, policyPlan } from './plans.ts';
import { accuracyOf, type Cell, crossFittedRegret, meanOverTasks, plansWithAllSeeds, type Regret } from './regret.ts';

/** What the advisor said of a task with one seed. */
export interface Advice {
  task: string;
  seed: number;
  /** Name of the plan it is. */
  advised: PlanName | 'advised';
  quadrant: { data: 'low' | 'high'; similarity: 'low' | 'high' };
  similarity: { bnDistance: number | null };
  /** Training images. */
  images: number;
}

/** A task with everything that was tried on it. */
export interface TaskCells {
  name: string;
  /** Bands and rules may follow from those for tuning; those for counting are only judged. */
  half: 'tuning' | 'counting';
  cells: Cell[];
  advice: Advice[];
}

/** A task judged. */
export interface TaskResult {
  name: string;
  half: 'tuning' | 'counting';
  /** Such as `low/high, distance 0.05 to 0.06`. */
  judged: string;
  advised: string;
  /** Of the advised plan, over all seeds and test images. */
  accuracy: number;
  best: string;
  bestAccuracy: number;
  testImages: number;
  regret: Regret;
  policies: Record<Policy, Regret & { accuracy: number }>;
}

const AIM_MEAN = 0.01;
const AIM_WORST = 0.05;

/** Judges a task whose plans were tried with two seeds at least. */
export function judgeTask({ name, half, cells, advice }: TaskCells): TaskResult {
  const adviceOf = (seed: number): Advice => advice.find((one) => one.seed === seed) ?? advice[0];
  const chosen = (seed: number): string => adviceOf(seed).advised;
  const plans = plansWithAllSeeds(cells) as (keyof typeof PLAN_TITLES)[];
  const best = plans.reduce((one, other) =>
    accuracyOf(cells, () => other) > accuracyOf(cells, () => one) ? other : one,
  );
  const policies = POLICIES.map((policy) => {
    const plan = policyPlan(policy, advice[0].images);
    return [policy, { ...crossFittedRegret(cells, () => plan), accuracy: accuracyOf(cells, () => plan) }] as const;
  });
  return {
    ...{ name, half },
    judged: describeJudgement(advice),
    advised: joined(advice.map(({ advised }) => PLAN_TITLES[advised])),
    accuracy: accuracyOf(cells, chosen),
    best: PLAN_TITLES[best],
    bestAccuracy: accuracyOf(cells, () => best),
    testImages: cells[0].correct.length,
    regret: crossFittedRegret(cells, chosen),
    policies: Object.fromEntries(policies) as TaskResult['policies'],
  };
}

function describeJudgement(advice: readonly Advice[]): string {
  const quadrants = joined(advice.map(({ quadrant }) => `${quadrant.data}/${quadrant.similarity}`));
  const distances = advice.flatMap(({ similarity }) => similarity.bnDistance ?? []);
  if (distances.length === 0) return quadrants;
  const [least, most] = [Math.min(...distances), Math.max(...distances)].map((value) => value.toPrecision(2));
  return `${quadrants}, ${least === most ? least : `${least} to ${most}`}`;
}

const joined = (texts: readonly string[]): string => [...new Set(texts)].join(' or ');

/** `1.3 (-0.4 to 2.9)`, in points. */
export function formatRegret({ regret, low, high }: Regret): string {
  const points = (share: number): string => (100 * share).toFixed(1).replace(/^-(0\.0)$/, '$1');
  return `${points(regret)} (${points(low)} to ${points(high)})`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export const TASK_HEAD = [
  'task',
  'data/similarity, distance',
  "the advisor's plan",
  'its accuracy',
  'best plan',
  'its accuracy',
  'regret',
  ...POLICIES.map((policy) => `regret, ${POLICY_TITLES[policy]}`),
];

/** A row for each task. */
export function taskRows(results: readonly TaskResult[]): string[][] {
  return results.map((task) => [
    task.name,
    task.judged,
    task.advised,
    percent(task.accuracy),
    task.best,
    percent(task.bestAccuracy),
    formatRegret(task.regret),
    ...POLICIES.map((policy) => formatRegret(task.policies[policy])),
  ]);
}

export interface AdvisorBenchmark {
  date: string;
  machine: Machine;
  /** As typed. */
  command: string;
  seeds: readonly number[];
  /** Tasks that were planned. */
  planned: number;
  results: readonly TaskResult[];
}

/** The section of docs/advisor.md. */
export function renderAdvisorReport({ date, machine, command, seeds, planned, results }: AdvisorBenchmark): string {
  const halfOf = (half: TaskResult['half']): TaskResult[] => results.filter((task) => task.half === half);
  const [counting, tuning] = [halfOf('counting'), halfOf('tuning')];
  const isComplete = results.length === planned;
  const losing = results.filter(({ policies }) => policies.head.regret > AIM_WORST);
  const headAlone = `On ${losing.length} tasks training the head alone loses more than five points.`;
  return [
    `\`${command}\` (${formatMachine(date, machine)}) trained every plan on every task with the seeds ${seeds.join(', ')}, each of which draws other training images: ${results.length} of ${planned} tasks. Regret is what a plan loses against the best one, in points of accuracy on test images, with its 95 % interval: which plan is best is told by one half of the test images and the other seeds, how much it wins by the other half and this seed.${isComplete ? ` ${headAlone}` : ''}`,
    '### The half that counts',
    ...half(counting, isComplete),
    '### The half for tuning',
    ...half(tuning, isComplete),
  ].join('\n\n');
}

/** What is said of all tasks together is said only when all were run: the first ones are no sample of them. */
function half(results: readonly TaskResult[], isComplete: boolean): string[] {
  if (results.length === 0) return ['No task of it was run.'];
  const rows = table(TASK_HEAD, taskRows(results));
  if (!isComplete) return ['The benchmark is not finished, so nothing is said of these tasks together.', rows];
  return [summarize(results), ...wrongAdvice(results), rows];
}

function summarize(results: readonly TaskResult[]): string {
  const own = meanOverTasks(results.map(({ regret }) => regret.regret));
  const worst = results.filter(({ regret }) => regret.low > AIM_WORST);
  const rows = POLICIES.map((policy) => {
    const regret = meanOverTasks(results.map(({ policies }) => policies[policy].regret));
    const advantage = meanOverTasks(results.map(({ accuracy, policies }) => accuracy - policies[policy].accuracy));
    const verdict =
      advantage.high < 0 ? 'better than the advisor' : advantage.low > 0 ? 'worse' : 'no difference shown';
    return [POLICY_TITLES[policy], formatMean(regret), formatMean(advantage), verdict];
  });
  const heading = ['policy', 'mean regret', "the advisor's accuracy less its own", 'the policy is'];
  const aims = [
    `mean regret under one point: ${own.estimate < AIM_MEAN ? 'met' : 'missed'}`,
    `no task whose regret is above five points for sure: ${worst.length === 0 ? 'met' : `missed on ${worst.length}`}`,
    `no fixed policy better: ${rows.some((row) => row[3].startsWith('better')) ? 'missed' : 'met'}`,
  ];
  const mean = `The advisor's mean regret over these ${results.length} tasks is ${formatMean(own)} points. Aims: ${aims.join('; ')}.`;
  return `${mean}\n\n${table(heading, rows)}`;
}

function formatMean({ estimate, low, high }: { estimate: number; low: number; high: number }): string {
  return formatRegret({ regret: estimate, low, high });
}

/** The tasks on which something else is better for sure. */
function wrongAdvice(results: readonly TaskResult[]): string[] {
  const wrong = results
    .filter(({ regret }) => regret.low > 0)
    .sort((one, other) => other.regret.regret - one.regret.regret);
  if (wrong.length === 0) return ['On none of them another plan is better for sure.'];
  const items = wrong.map(
    ({ name, advised, best, regret }) =>
      `- ${name}: ${advised}, where ${best} is best; ${formatRegret(regret)} points.`,
  );
  return [`Wrong advice, where another plan is better for sure:\n\n${items.join('\n')}`];
}
