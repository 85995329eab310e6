import { ThawError } from '../shared/errors.ts';
import { formatPercent, formatPoints } from '../shared/format.ts';
import type { CompareFoldsResult, CompareResult } from '../shared/results.ts';
import { EXIT_DONE, withProgress } from './commands.ts';
import { counted, createOutput, formatTable } from './output.ts';
import type { CommonOptions } from './session.ts';

/** `thaw compare RUN RUN... --data DIR`, or without `--data` for cross-validations. */
export async function compareCommand(models: string[], options: CommonOptions & { data?: string }): Promise<number> {
  if (models.length < 2) {
    const message = `thaw compare needs at least two runs or models and got ${models.length}. Name another one, or run thaw evaluate ${models[0]}.`;
    throw new ThawError({ reason: 'usage', message });
  }
  const output = createOutput(options);
  const result = await withProgress('compare', { models, data: options.data, seed: options.seed }, options, output);
  output.object(result);
  output.line(describeComparison(result));
  for (const { text } of result.warnings) output.note(`warning: ${text}`);
  for (const { file, problem } of result.problems) output.note(`warning: ${file}: ${problem}`);
  return EXIT_DONE;
}

function describeComparison({ n, groups, runs, pairs }: CompareResult | CompareFoldsResult): string {
  const rows = runs.map((run) => [
    run.name,
    formatPercent(run.accuracy),
    `${formatPercent(run.low)} to ${formatPercent(run.high)}`,
    ...('foldAccuracies' in run ? [spreadOf(run)] : []),
  ]);
  const header = ['run', 'accuracy', '95 % interval', ...(rows[0].length > 3 ? ['between folds'] : [])];
  return [
    formatTable(rows, header),
    `${counted(n, 'image')}${groups === null ? '' : ` in ${counted(groups, 'group')}`}, the same for all`,
    ...pairs.map(({ verdict }) => verdict),
  ].join('\n');
}

/** How far the folds' accuracies are apart. */
function spreadOf({ standardDeviation }: CompareFoldsResult['runs'][number]): string {
  return standardDeviation === null ? 'none' : `standard deviation ${formatPoints(standardDeviation)}`;
}
