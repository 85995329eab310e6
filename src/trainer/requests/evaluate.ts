import {
  brierScore,
  expectedCalibrationError,
  negativeLogLikelihood,
  reliabilityBins,
} from '../../shared/calibration.ts';
import { oneVsRestAuc } from '../../shared/rankMetrics.ts';
import type { Calibration, EvaluateResult } from '../../shared/results.ts';
import { balancedAccuracy, confusionMatrix, mean, perClassMetrics, wilsonInterval } from '../../shared/statistics.ts';
import { openEngine } from '../engines.ts';
import { type Example, ExampleSet } from '../training/examples.ts';
import { Classifier } from './classifier.ts';
import { openHeldOut } from './heldOutImages.ts';
import { type ClassifiedImage, classifyAll, type JudgedSet, listJudged, onceEach } from './labelledImages.ts';
import { findModel, type RequestContext } from './requestContext.ts';
import { trainedOnWarnings } from './trainedOn.ts';

/** Keeps the logarithm of a probability that rounds to zero finite, as Keras does. */
const LEAST_PROBABILITY = 1e-7;

/**
 * `thaw evaluate`: accuracy of a trained model on labelled images, only the test split where the folder has one; without a
 * folder, on the images that the run held out.
 */
export async function evaluate(
  params: { model: string; data?: string },
  context: RequestContext,
): Promise<EvaluateResult> {
  const engine = await openEngine(context.engine, context);
  const { files, catalogEntry, run } = await findModel(params.model, context.directory, context);
  const classifier = await Classifier.open(engine, files, catalogEntry?.preprocessing);
  try {
    const judged =
      params.data === undefined
        ? await openHeldOut(run ?? files.directory, classifier.classes)
        : await listJudged(params.data, context.directory, classifier.classes);
    const set = new ExampleSet(judged.examples, classifier.decode);
    const classified = await classifyAll(classifier, set, context.signal);
    return {
      ...summarize(classifier.classes, set.examples, classified),
      problems: onceEach([...judged.problems, ...set.problems]),
      judgedOn: judged.judgedOn,
      warnings: await warningsAbout(judged, run),
    };
  } finally {
    classifier.dispose();
  }
}

async function warningsAbout(
  { judgedOn, examples }: JudgedSet,
  run: string | undefined,
): Promise<EvaluateResult['warnings']> {
  if (judgedOn !== 'heldOut') return trainedOnWarnings(run === undefined ? [] : [run], examples);
  const text =
    'These are the images the run was validated with: its best epoch was chosen on them, so that the figures are a little too kind.';
  return [{ code: 'chosenOn', text }];
}

function summarize(
  classes: string[],
  examples: readonly Example[],
  classified: ClassifiedImage[],
): Omit<EvaluateResult, 'problems' | 'judgedOn' | 'warnings'> {
  const actual = classified.map(({ index }) => examples[index].classIndex);
  const predicted = classified.map((image) => image.predicted);
  const probabilities = classified.map((image) => image.probabilities);
  const confusion = confusionMatrix(actual, predicted, classes.length);
  const correct = classified.map((image, position) => image.predicted === actual[position]);
  const right = correct.filter(Boolean).length;
  const n = classified.length;
  const metrics = perClassMetrics(confusion);
  const auc = oneVsRestAuc(probabilities, actual, classes.length);
  return {
    n,
    accuracy: right / n,
    ...wilsonInterval(right, n),
    balancedAccuracy: balancedAccuracy(confusion) ?? 0,
    loss: mean(probabilities.map((row, position) => -Math.log(Math.max(row[actual[position]], LEAST_PROBABILITY)))),
    auc: auc.macro,
    calibration: calibrationOf(probabilities, actual),
    perClass: classes.map((name, index) => ({
      class: name,
      n: metrics[index].n,
      precision: metrics[index].precision ?? 0,
      recall: metrics[index].recall ?? 0,
      auc: auc.perClass[index],
    })),
    confusion,
    classes,
    images: classified.map((image, position) => ({
      file: examples[image.index].file,
      class: classes[actual[position]],
      predicted: classes[image.predicted],
      correct: correct[position],
      confidence: image.probabilities[image.predicted],
    })),
  };
}

/** Of at least one image. */
function calibrationOf(probabilities: readonly (readonly number[])[], actual: readonly number[]): Calibration {
  const bins = reliabilityBins(probabilities, actual);
  return {
    meanConfidence: mean(probabilities.map((row) => Math.max(...row))),
    expectedCalibrationError: expectedCalibrationError(bins) ?? 0,
    brierScore: brierScore(probabilities, actual) ?? 0,
    negativeLogLikelihood: negativeLogLikelihood(probabilities, actual) ?? 0,
    bins,
  };
}
