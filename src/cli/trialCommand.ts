import { dirname } from 'node:path';
import { CrossValidationRuns } from '../node/crossValidationRuns.ts';
import { describeProblem, isInputProblem, problemOf } from '../shared/errors.ts';
import { formatCount, formatDuration, formatPercent } from '../shared/format.ts';
import type { TrialPlanResult, TrialResult } from '../shared/results.ts';
import { EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, quoted, withProgress } from './commands.ts';
import { createOutput, formatTable } from './output.ts';
import type { CommonOptions } from './session.ts';

interface TrialOptions extends CommonOptions {
  folds?: number;
  run?: string;
}

/** `thaw trial PLAN` */
export async function trialCommand(plan: string, options: TrialOptions): Promise<number> {
  const output = createOutput(options);
  const { folds, run, seed } = options;
  const goOn = (path: string): string => {
    const stated = [...option('--folds', folds), ...option('--seed', seed)];
    return `Continue with: ${['thaw trial', quoted(plan), ...stated, '--run', quoted(path)].join(' ')}\n`;
  };
  /** Folder of the runs, once one has begun. */
  let path: string | null = null;
  try {
    const result = await withProgress('trial', { plan, folds, run, seed }, options, output, (event) => {
      if (event.event === 'start') path = dirname(CrossValidationRuns.nameOf(event.run));
    });
    output.object({ event: 'result', ...result });
    if (result.stopped === 'interrupted') {
      const { side, fold } = result.unfinished;
      process.stderr.write(`Stopped in fold ${fold} of ${result.folds} of the ${NAMES[side]}. ${goOn(result.run)}`);
      return EXIT_INTERRUPTED;
    }
    describeTrial(result).forEach((text) => output.line(text));
    for (const { file, problem } of result.problems) output.note(`warning: ${file}: ${problem}`);
    return EXIT_DONE;
  } catch (error) {
    const problem = problemOf(error);
    if (path === null || isInputProblem(problem) || problem.reason === 'cancelled') throw error;
    process.stderr.write(`${describeProblem(problem)}\nFinished folds are kept. ${goOn(path)}`);
    return EXIT_FAILED;
  }
}

const NAMES = { recommended: 'recommended plan', challenger: 'challenger' } as const;

const option = (name: string, value: number | undefined): string[] =>
  value === undefined ? [] : [name, String(value)];

function describeTrial(result: Extract<TrialResult, { stopped: 'finished' }>): string[] {
  const { plans, folds, n, groups, run, seconds, verdict } = result;
  const row = ({
    title,
    accuracy,
    low,
    high,
    trainableParameters,
    blocks,
    epochs,
  }: TrialPlanResult): (string | number)[] => [
    title,
    formatPercent(accuracy),
    `${formatPercent(low)} to ${formatPercent(high)}`,
    formatCount(trainableParameters),
    blocks,
    epochs,
  ];
  const images = groups === null ? `${n} images` : `${n} images in ${groups} groups`;
  return [
    formatTable(
      [row(plans.recommended), row(plans.challenger)],
      ['plan', 'accuracy', '95 % interval', 'trained weights', 'blocks', 'epochs'],
    ),
    `${images}, each judged by the models that did not train on it, in ${folds} folds; a plan that trains more than the head is shorter than in full`,
    verdict,
    run,
    `took ${formatDuration(seconds)}`,
  ];
}
