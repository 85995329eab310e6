import { dirname, resolve } from 'node:path';
import { identitiesOf, modelPaths } from '../../node/fileIdentities.ts';
import type { ModelFiles } from '../../node/modelFiles.ts';
import { type PlanFile, planFileOf } from '../../node/planFile.ts';
import { workspaceOf } from '../../node/runFolder.ts';
import { StoredMeasurement } from '../../node/storedMeasurement.ts';
import { ThawError } from '../../shared/errors.ts';
import { type LearningCurveResult, learningCurveResultSchema } from '../../shared/learningCurveResult.ts';
import type { Plan } from '../../shared/plan.ts';
import { Random } from '../../shared/random.ts';
import { stratifiedSubset } from '../../shared/stratifiedSubset.ts';
import { THAW_VERSION } from '../../shared/version.ts';
import { openEngine } from '../engines.ts';
import { CURVE_FOLDS, measureLearningCurve } from '../probes/measureLearningCurve.ts';
import { type GroupedExample, groupImages } from '../training/divideImages.ts';
import { headFeatures } from '../training/headFeatures.ts';
import { ImageContents } from '../training/imageContents.ts';
import { type Example, ExampleSet, PixelStore } from '../training/examples.ts';
import { prepareNetwork } from '../training/prepareNetwork.ts';
import { ImageScanner } from '../training/scanImages.ts';
import { numberClasses } from '../training/trainingData.ts';
import { throttled } from '../training/throttled.ts';
import { listPool } from '../training/trainingPool.ts';
import { findModel, type RequestContext } from './requestContext.ts';

/** Images used, but for what small classes need: the time of a probe grows with the third power of their number. */
const MOST_IMAGES = 2000;

/** Of the choice among more images, and of nothing else: the curve has seeds of its own. */
const SEED = 1;

/**
 * How accuracy grows with the training images of a plan: measured now on the features that its head gets, which are kept for
 * training, or as it was measured before of the same files. Images that validate by a share of them are among them, those of
 * a folder of their own are not.
 *
 * Throws `planInvalid`, `dataTooFewForCurve`, and what finding a model and listing data throw; rejects with the signal's reason
 * when it aborts.
 */
export async function planLearningCurve(
  params: { plan: string; text: string },
  context: RequestContext,
): Promise<LearningCurveResult> {
  const file = planFileOf(resolve(context.directory, params.plan), params.text);
  const { plan } = file;
  const { files } = await findModel(plan.model, dirname(file.path), context, workspaceOf(file.path));
  const pool = await listPool(file, plan);
  const all = numberClasses(pool.training, plan.head.classes, file.resolve(plan.data.train));
  const stored = new StoredMeasurement(learningCurveResultSchema, {
    learningCurve: await identitiesOf([...modelPaths(files), ...all.map((image) => image.file)]),
    images: all.map(({ classIndex, group }) => [classIndex, group]),
    ...{ input: plan.input, head: plan.head, thaw: THAW_VERSION },
  });
  const known = await stored.read();
  if (known) return known;
  const measured = await measure(file, files, { root: pool.root, all }, context);
  await stored.write(measured);
  return measured;
}

async function measure(
  { plan }: PlanFile,
  files: ModelFiles,
  { root, all }: { root: string; all: GroupedExample[] },
  context: RequestContext,
): Promise<LearningCurveResult> {
  const { signal, emit } = context;
  const engine = await openEngine(context.engine, context);
  const network = await prepareNetwork(headOnly(plan), files);
  try {
    const contents = await ImageContents.open(root);
    const store = new PixelStore();
    const onProgress = throttled((done: number, total: number) => emit({ event: 'images', done, total }));
    const scanned = await new ImageScanner(network.decode, store, contents, { signal, onProgress }).scan(all);
    const groups = await groupImages(all, scanned);
    const readable = all.flatMap((example, place) =>
      scanned[place].sha256 === null ? [] : [{ ...example, group: groups[place] }],
    );
    const chosen = chooseImages(readable, plan.head.classes);
    const set = new ExampleSet(chosen, network.decode, store, contents);
    const { features, indexes } = await headFeatures(
      engine,
      { plan: headOnly(plan), network, data: { contents } },
      set,
      context,
    );
    const used = indexes.map((index) => chosen[index]);
    const labels = used.map(({ classIndex }) => classIndex);
    const images = { features, labels, groups: used.map(({ group }) => group), classes: plan.head.classes };
    const onProbe = (done: number, total: number): void => emit({ event: 'probe', done, total });
    const curve = await measureLearningCurve(images, { signal, onProgress: onProbe });
    return { ...curve, allImages: readable.length };
  } finally {
    network.model.dispose();
  }
}

/** The plan with nothing but its head to train, on images as they are. */
function headOnly(plan: Plan): Plan {
  const blocks = Object.fromEntries(Object.keys(plan.blocks).map((name) => [name, { frozen: true }]));
  const phases: Plan['phases'] = [{ name: 'head', epochs: 1, unfreeze: [] }];
  return { ...plan, weights: 'pretrained', blocks, phases, augment: 'none', batchNorm: 'locked' };
}

/** An image and the number of its group. */
interface NumberedExample extends Example {
  group: number;
}

/** All images, or of more than can be used a stratified part. Throws `dataTooFewForCurve`. */
function chooseImages(examples: readonly NumberedExample[], classes: readonly string[]): NumberedExample[] {
  classes.forEach((className, label) => {
    const groups = new Set(examples.flatMap(({ classIndex, group }) => (classIndex === label ? [group] : [])));
    if (groups.size >= CURVE_FOLDS) return;
    throw new ThawError({ reason: 'dataTooFewForCurve', className, images: groups.size, needed: CURVE_FOLDS });
  });
  if (examples.length <= MOST_IMAGES) return [...examples];
  const chosen = stratifiedSubset(
    examples.map(({ classIndex }) => classIndex),
    examples.map(({ group }) => group),
    { share: MOST_IMAGES / examples.length, leastGroups: CURVE_FOLDS },
    Random.seeded(SEED, 'learning curve'),
  );
  return chosen.map((place) => examples[place]);
}
