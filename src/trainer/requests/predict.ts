import { resolve } from 'node:path';
import { ThawError } from '../../shared/errors.ts';
import type { PredictResult } from '../../shared/results.ts';
import { readImages } from '../data/imageReader.ts';
import { openEngine } from '../engines.ts';
import { Classifier } from './classifier.ts';
import { findModel, type RequestContext } from './requestContext.ts';

const TOP = 5;

/** `thaw predict`: the most probable classes of images. Throws `imageUnreadable` when none of them can be read. */
export async function predict(
  params: { model: string; files: string[] },
  context: RequestContext,
): Promise<PredictResult> {
  const engine = await openEngine(context.engine, context);
  const { files, catalogEntry } = await findModel(params.model, context.directory, context);
  const classifier = await Classifier.open(engine, files, catalogEntry?.preprocessing);
  const paths = params.files.map((file) => resolve(context.directory, file));
  const predictions: PredictResult['predictions'] = [];
  for await (const image of readImages(paths, classifier.decode, { signal: context.signal })) {
    const file = paths[image.index];
    if ('problem' in image) {
      predictions.push({ file, top: [], unfamiliar: null, problem: image.problem });
      continue;
    }
    const [probabilities] = await classifier.classify([image.pixels]);
    const top = classifier.classes
      .map((name, index) => ({ class: name, probability: probabilities[index] }))
      .sort((a, b) => b.probability - a.probability)
      .slice(0, TOP);
    predictions.push({ file, top, unfamiliar: null });
  }
  const [first] = predictions;
  if (predictions.every((prediction) => prediction.problem !== undefined)) {
    throw new ThawError({ reason: 'imageUnreadable', path: first.file, detail: first.problem ?? '' });
  }
  return { predictions };
}
