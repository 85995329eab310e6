import { ThawError } from '../shared/errors.ts';
import { formatPercent } from '../shared/format.ts';
import type { CompareResult } from '../shared/results.ts';
import { EXIT_DONE, withProgress } from './commands.ts';
import { counted, createOutput, formatTable } from './output.ts';
import type { CommonOptions } from './session.ts';

/** `thaw compare RUN RUN... --data DIR` */
export async function compareCommand(models: string[], options: CommonOptions & { data: string }): Promise<number> {
  if (models.length < 2) {
    const message = `thaw compare needs at least two runs or models and got ${models.length}. Name another one, or run thaw evaluate ${models[0]}.`;
    throw new ThawError({ reason: 'usage', message });
  }
  const output = createOutput(options);
  const result = await withProgress('compare', { models, data: options.data }, options, output);
  output.object(result);
  output.line(describeComparison(result));
  for (const { file, problem } of result.problems) output.note(`warning: ${file}: ${problem}`);
  return EXIT_DONE;
}

function describeComparison({ n, runs, pairs }: CompareResult): string {
  const rows = runs.map(({ name, accuracy, low, high }) => [
    name,
    formatPercent(accuracy),
    `${formatPercent(low)} to ${formatPercent(high)}`,
  ]);
  return [
    formatTable(rows, ['run', 'accuracy', '95 % interval']),
    `${counted(n, 'image')}, the same for all`,
    ...pairs.map(({ verdict }) => verdict),
  ].join('\n');
}
