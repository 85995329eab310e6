import { resolve } from 'node:path';
import { type DataListing, type FileProblem, listData, type ListedImage } from '../../node/dataFolder.ts';
import { compareModels } from '../../shared/comparison.ts';
import { distinctNames } from '../../shared/distinctNames.ts';
import { ThawError } from '../../shared/errors.ts';
import type { CompareFoldsResult, CompareResult } from '../../shared/results.ts';
import { wilsonInterval } from '../../shared/statistics.ts';
import type { Engine } from '../engine/engine.ts';
import { openEngine } from '../engines.ts';
import { ExampleSet } from '../training/examples.ts';
import { numberClasses } from '../training/trainingData.ts';
import { Classifier } from './classifier.ts';
import { compareCrossValidations } from './compareCrossValidations.ts';
import { classifyAll, judgedImages, onceEach } from './labelledImages.ts';
import { findModel, requireDifferent, type RequestContext } from './requestContext.ts';
import { trainedOnWarnings } from './trainedOn.ts';

interface OpenModel {
  /** Folder of the run, or of the model. */
  path: string;
  classifier: Classifier;
}

/** `thaw compare`: runs and models on labelled images; without any, cross-validations. */
export function compare(
  { models, data, seed }: { models: string[]; data?: string; seed?: number },
  context: RequestContext,
): Promise<CompareResult | CompareFoldsResult> {
  return data === undefined
    ? compareCrossValidations(models, context)
    : compareOnImages({ models, data, seed }, context);
}

/** Several models on the same labelled images, every two of them in pairs. What one cannot read is left out for all. */
async function compareOnImages(
  params: { models: string[]; data: string; seed?: number },
  context: RequestContext,
): Promise<CompareResult> {
  const engine = await openEngine(context.engine, context);
  const path = resolve(context.directory, params.data);
  const listing = await listData(path);
  const models: OpenModel[] = [];
  try {
    for (const reference of params.models) models.push(await openModel(reference, engine, context));
    requireDifferent(models.map((model) => model.path));
    const { answers, unreadable } = await answersOf(models, listing, path, context.signal);
    const judged = judgedImages(listing.images);
    return {
      ...summarize(models, answers, judged, { path, seed: params.seed }),
      problems: onceEach([...listing.problems, ...unreadable]),
      warnings: await trainedOnWarnings(
        models.map((model) => model.path),
        judged,
      ),
    };
  } finally {
    for (const { classifier } of models) classifier.dispose();
  }
}

async function openModel(reference: string, engine: Engine, context: RequestContext): Promise<OpenModel> {
  const { files, catalogEntry, run } = await findModel(reference, context.directory, context);
  const classifier = await Classifier.open(engine, files, catalogEntry?.preprocessing);
  return { path: run ?? files.directory, classifier };
}

interface Answers {
  /** Of each model: which of the judged images it has right, by their position. Those it could not read are absent. */
  answers: Map<number, boolean>[];
  unreadable: FileProblem[];
}

async function answersOf(
  models: readonly OpenModel[],
  listing: DataListing,
  path: string,
  signal: AbortSignal,
): Promise<Answers> {
  const examples = models.map(({ classifier, path: model }) =>
    judgedImages(numberClasses(listing, classifier.classes, path, model)),
  );
  const answers: Map<number, boolean>[] = [];
  const unreadable: FileProblem[] = [];
  // Models that want the same pixels one after the other: images are decoded once, and one set is in memory at a time.
  for (const positions of groupByDecoding(models)) {
    const set = new ExampleSet(examples[positions[0]], models[positions[0]].classifier.decode);
    for (const position of positions) {
      const classified = await classifyAll(models[position].classifier, set, signal);
      const own = examples[position];
      answers[position] = new Map(
        classified.map(({ index, predicted }) => [index, predicted === own[index].classIndex]),
      );
    }
    unreadable.push(...set.problems);
  }
  return { answers, unreadable };
}

/** Positions of the models by how they want images decoded. */
function groupByDecoding(models: readonly OpenModel[]): number[][] {
  const groups = new Map<string, number[]>();
  for (const [position, { classifier }] of models.entries()) {
    const key = JSON.stringify(classifier.decode);
    groups.set(key, [...(groups.get(key) ?? []), position]);
  }
  return [...groups.values()];
}

function summarize(
  models: readonly OpenModel[],
  answers: readonly Map<number, boolean>[],
  judged: readonly ListedImage[],
  { path, seed }: { path: string; seed?: number },
): Omit<CompareResult, 'problems' | 'warnings'> {
  const paths = models.map((model) => model.path);
  const names = distinctNames(paths);
  const images = [...answers[0].keys()].filter((index) => answers.every((own) => own.has(index)));
  if (images.length === 0) throw new ThawError({ reason: 'dataFolderEmpty', path });
  const correct = answers.map((own) => images.map((index) => own.get(index) === true));
  const groups = groupsOf(images.map((index) => judged[index]));
  const pairs = compareModels(
    names.map((name, position) => ({ name, correct: correct[position] })),
    { groups: groups ?? undefined, seed },
  );
  const pathOf = new Map(names.map((name, position) => [name, paths[position]]));
  return {
    n: images.length,
    groups: groups && new Set(groups).size,
    runs: paths.map((run, position) => {
      const right = correct[position].filter(Boolean).length;
      return { run, name: names[position], accuracy: right / images.length, ...wilsonInterval(right, images.length) };
    }),
    pairs: pairs.map((pair) => ({ ...pair, a: pathOf.get(pair.a) ?? pair.a, b: pathOf.get(pair.b) ?? pair.b })),
  };
}

/** What is independent of each other: the groups that the data states, and each image without one; null without groups. */
function groupsOf(images: readonly ListedImage[]): (string | number)[] | null {
  if (images.every(({ group }) => group === null)) return null;
  return images.map(({ group }, index) => group ?? index);
}
