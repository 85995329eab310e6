import type { AdviseResult } from '../shared/results.ts';
import { formatCount, formatDuration, formatPercent } from '../shared/format.ts';
import { formatRate } from '../shared/formatRate.ts';
import type { CurvePoint } from '../shared/learningCurve.ts';
import type { LearningCurveResult } from '../shared/learningCurveResult.ts';
import { backTestSentence, learningCurveSentence } from '../shared/learningCurveText.ts';
import { EXIT_DONE, withProgress } from './commands.ts';
import { counted, createOutput, formatInterval, formatTable } from './output.ts';
import type { CommonOptions } from './session.ts';

interface AdviseOptions extends CommonOptions {
  model: string;
  data: string;
  images?: number;
  /** False after --no-measure. */
  measure: boolean;
  learningCurve?: boolean;
}

/** `thaw advise --model M --data DIR` */
export async function adviseCommand(options: AdviseOptions): Promise<number> {
  const output = createOutput(options);
  const { model, data, images, measure, learningCurve } = options;
  const params = { model, data, images, measure, learningCurve };
  const result = await withProgress('advise', params, options, output);
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
  learningCurve,
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
    ...(learningCurve ? describeLearningCurve(learningCurve) : []),
    ...warnings.map(({ text }) => `warning: ${text}`),
    `took ${formatDuration(seconds)}`,
  ];
}

function describeLearningCurve(curve: LearningCurveResult): string[] {
  const { points, forecast, perClass, images, allImages } = curve;
  const row = (name: string | number, { accuracy, low, high }: CurvePoint): string[] => [
    String(name),
    formatPercent(accuracy),
    formatInterval(low, high),
  ];
  const used =
    images === allImages ? counted(images, 'image') : `${formatCount(images)} of ${counted(allImages, 'image')}`;
  const rows = [
    ...points.map((point) => row(formatCount(point.images), point)),
    row(`${formatCount(forecast.images)} (forecast)`, forecast),
  ];
  const classes = perClass.map((each) => row(each.class, { ...each, images: each.n }));
  return [
    learningCurveSentence(curve),
    `Accuracy of ${used} by the number learned from:\n${formatTable(rows, ['images', 'accuracy', '95 %'])}`,
    backTestSentence(curve),
    `By class, now:\n${formatTable(classes, ['class', 'accuracy', '95 %'])}`,
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
