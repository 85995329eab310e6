import type { AdviseResult } from '../shared/results.ts';
import { formatDuration, formatPercent } from '../shared/format.ts';
import { formatRate } from '../shared/formatRate.ts';
import { EXIT_DONE, withProgress } from './commands.ts';
import { counted, createOutput, formatInterval, formatTable } from './output.ts';
import type { CommonOptions } from './session.ts';

interface AdviseOptions extends CommonOptions {
  model: string;
  data: string;
  images?: number;
  /** False after --no-measure. */
  measure: boolean;
}

/** `thaw advise --model M --data DIR` */
export async function adviseCommand(options: AdviseOptions): Promise<number> {
  const output = createOutput(options);
  const { model, data, images, measure } = options;
  const result = await withProgress('advise', { model, data, images, measure }, options, output);
  output.object(result);
  describeAdvice(result).forEach((text) => output.line(text));
  return EXIT_DONE;
}

function describeAdvice({
  similarity,
  quadrant,
  recommendation,
  challenger,
  warnings,
  seconds,
}: AdviseResult): string[] {
  const { unfrozenBlocks, headLearningRate, blockLearningRates, reasons } = recommendation;
  const rates = unfrozenBlocks.map((block) => [block, formatRate(blockLearningRates[block] ?? headLearningRate)]);
  return [
    `${quadrant.sentence} (data ${quadrant.data}, similarity ${quadrant.similarity})`,
    ...reasons,
    ...similarity.reasons,
    ...(similarity.depthCurve.length > 0 ? [describeCurve(similarity)] : []),
    unfrozenBlocks.length === 0
      ? `trains: the head, learning rate ${formatRate(headLearningRate)}`
      : `trains: the head, learning rate ${formatRate(headLearningRate)}, and ${counted(unfrozenBlocks.length, 'block')}`,
    ...(rates.length > 0 ? [formatTable(rates, ['block', 'learning rate'])] : []),
    ...(challenger ? [`worth a try: ${challenger.reason}`] : []),
    ...warnings.map(({ text }) => `warning: ${text}`),
    `took ${formatDuration(seconds)}`,
  ];
}

function describeCurve({ depthCurve, images }: AdviseResult['similarity']): string {
  const rows = depthCurve.map(({ block, accuracy, low, high }) => [
    block,
    formatPercent(accuracy),
    formatInterval(low, high),
  ]);
  return `Accuracy of the nearest neighbours of ${counted(images, 'image')}, by the features of a block:\n${formatTable(rows, ['block', 'accuracy', '95 %'])}`;
}
