import { CrossValidationRuns } from '../node/crossValidationRuns.ts';
import { describeProblem, isInputProblem, problemOf } from '../shared/errors.ts';
import { formatDuration, formatPercent, formatPoints } from '../shared/format.ts';
import type { PlanOverrides } from '../shared/planOverrides.ts';
import type { CrossValidationResult } from '../shared/results.ts';
import { EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, quoted, withProgress } from './commands.ts';
import { counted, createOutput, formatInterval, formatTable } from './output.ts';
import type { CommonOptions } from './session.ts';

interface CrossValidateOptions extends CommonOptions, PlanOverrides {
  folds: number;
  run?: string;
}

/** `thaw train PLAN --folds K` */
export async function crossValidateCommand(plan: string, options: CrossValidateOptions): Promise<number> {
  const output = createOutput(options);
  const { folds, run, seed, set, baseline } = options;
  const goOn = (path: string): string => {
    // Folds that have not begun do not know them yet.
    const stated = overrideOptions(options).map(quoted);
    return `Continue with: ${['thaw train', quoted(plan), '--folds', folds, '--run', quoted(path), ...stated].join(' ')}\n`;
  };
  const params = { plan, folds, run, seed, set, baseline };
  /** What the runs are called by, once one has begun. */
  let path: string | null = null;
  try {
    const result = await withProgress('crossValidate', params, options, output, (event) => {
      if (event.event === 'start') path = CrossValidationRuns.nameOf(event.run);
    });
    output.object({ event: 'result', ...result });
    output.line(describeCrossValidation(result));
    for (const { file, problem } of result.problems) output.note(`warning: ${file}: ${problem}`);
    if (result.stopped === 'finished') return EXIT_DONE;
    process.stderr.write(`Stopped in fold ${result.unfinished} of ${folds}. ${goOn(result.run)}`);
    return EXIT_INTERRUPTED;
  } catch (error) {
    const problem = problemOf(error);
    if (path === null || isInputProblem(problem) || problem.reason === 'cancelled') throw error;
    process.stderr.write(`${describeProblem(problem)}\nFinished folds are kept. ${goOn(path)}`);
    return EXIT_FAILED;
  }
}

/** The options that state what the plan is to be instead. */
function overrideOptions({ seed, set = [], baseline }: PlanOverrides): string[] {
  return [
    ...(seed === undefined ? [] : ['--seed', String(seed)]),
    ...set.flatMap(({ key, value }) => ['--set', `${key}=${JSON.stringify(value)}`]),
    ...(baseline === undefined ? [] : ['--baseline', baseline]),
  ];
}

function describeCrossValidation(result: CrossValidationResult): string {
  const rows = result.folds.map(({ fold, n, accuracy, low, high, epochs, seconds }) => [
    fold,
    n,
    formatPercent(accuracy),
    `${formatPercent(low)} to ${formatPercent(high)}`,
    epochs,
    formatDuration(seconds),
  ]);
  const table = formatTable(rows, ['fold', 'images', 'accuracy', '95 % interval', 'epochs', 'time']);
  if (result.stopped === 'interrupted') return `${table}\n${result.run}`;
  const { accuracy, low, high, n, mean, standardDeviation } = result;
  const spread =
    mean === null || standardDeviation === null
      ? ''
      : `; mean of the folds ${formatPercent(mean)}, standard deviation ${formatPoints(standardDeviation)}`;
  return [
    table,
    `accuracy ${formatPercent(accuracy)} (${formatInterval(low, high)}, ${counted(n, 'image')}, each judged by the model that did not train on it)${spread}`,
    result.run,
  ].join('\n');
}
