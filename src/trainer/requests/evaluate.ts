import { resolve } from 'node:path';
import { listData } from '../../node/dataFolder.ts';
import { ThawError } from '../../shared/errors.ts';
import type { EvaluateResult } from '../../shared/results.ts';
import { balancedAccuracy, confusionMatrix, perClassMetrics, wilsonInterval } from '../../shared/statistics.ts';
import { openEngine } from '../engines.ts';
import { type Example, ExampleSet } from '../training/examples.ts';
import { numberClasses } from '../training/trainingData.ts';
import { Classifier } from './classifier.ts';
import { findModel, type RequestContext } from './requestContext.ts';

const BATCH = 16;
/** Keeps the logarithm of a probability that rounds to zero finite, as Keras does. */
const LEAST_PROBABILITY = 1e-7;

/** `thaw evaluate`: accuracy of a trained model on labelled images; only the test split where the folder has one. */
export async function evaluate(
  params: { model: string; data: string },
  context: RequestContext,
): Promise<EvaluateResult> {
  const engine = await openEngine(context.engine);
  const { files, catalogEntry } = await findModel(params.model, context.directory, context);
  const classifier = await Classifier.open(engine, files, catalogEntry?.preprocessing);
  const path = resolve(context.directory, params.data);
  const listing = await listData(path);
  const all = numberClasses(listing, classifier.classes, path);
  const test = all.filter((image) => image.split === 'test');
  const set = new ExampleSet(test.length > 0 ? test : all, classifier.decode);
  const scored = await classifyAll(classifier, set, context);
  if (scored.length === 0) {
    const [first] = set.problems;
    throw new ThawError(
      first
        ? { reason: 'imageUnreadable', path: first.file, detail: first.problem }
        : { reason: 'dataFolderEmpty', path },
    );
  }
  return summarize(classifier.classes, scored, [...listing.problems, ...set.problems]);
}

interface Scored {
  example: Example;
  predicted: number;
  loss: number;
}

async function classifyAll(classifier: Classifier, set: ExampleSet, { signal }: RequestContext): Promise<Scored[]> {
  const scored: Scored[] = [];
  let waiting: { index: number; pixels: Uint8Array }[] = [];
  const flush = async (): Promise<void> => {
    const all = await classifier.classify(waiting.map((image) => image.pixels));
    all.forEach((probabilities, position) => {
      const example = set.examples[waiting[position].index];
      const predicted = probabilities.indexOf(Math.max(...probabilities));
      const loss = -Math.log(Math.max(probabilities[example.classIndex], LEAST_PROBABILITY));
      scored.push({ example, predicted, loss });
    });
    waiting = [];
  };
  for await (const image of set.read(set.usable, signal)) {
    waiting.push(image);
    if (waiting.length === BATCH) await flush();
  }
  if (waiting.length > 0) await flush();
  return scored;
}

function summarize(classes: string[], scored: Scored[], problems: EvaluateResult['problems']): EvaluateResult {
  const actual = scored.map(({ example }) => example.classIndex);
  const predicted = scored.map((entry) => entry.predicted);
  const confusion = confusionMatrix(actual, predicted, classes.length);
  const correct = scored.filter(({ example, predicted: guess }) => example.classIndex === guess).length;
  const n = scored.length;
  const { low, high } = wilsonInterval(correct, n);
  const metrics = perClassMetrics(confusion);
  return {
    n,
    accuracy: correct / n,
    low,
    high,
    balancedAccuracy: balancedAccuracy(confusion) ?? 0,
    loss: scored.reduce((sum, entry) => sum + entry.loss, 0) / n,
    perClass: classes.map((name, index) => ({
      class: name,
      n: metrics[index].n,
      precision: metrics[index].precision ?? 0,
      recall: metrics[index].recall ?? 0,
    })),
    confusion,
    classes,
    problems,
    images: scored.map(({ example, predicted: guess }) => ({
      file: example.file,
      class: classes[example.classIndex],
      predicted: classes[guess],
      correct: example.classIndex === guess,
    })),
  };
}
