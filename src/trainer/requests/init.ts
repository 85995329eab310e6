import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { writeFileAtomic } from '../../node/atomicFile.ts';
import { listData } from '../../node/dataFolder.ts';
import type { ResolvedModel } from '../../node/resolveModel.ts';
import { recommendPlan } from '../../shared/advisor.ts';
import { dataBand } from '../../shared/dataBand.ts';
import type { DataSummary } from '../../shared/dataSummary.ts';
import { ThawError } from '../../shared/errors.ts';
import type { InputSettings, PlanInput } from '../../shared/plan.ts';
import type { InitResult } from '../../shared/results.ts';
import { LEAST_IMAGES_PER_CLASS } from '../../shared/splitData.ts';
import { inspectData } from '../data/inspectData.ts';
import { readImages } from '../data/imageReader.ts';
import { openEngine } from '../engines.ts';
import { attachHead } from '../model/head.ts';
import { type LoadedNetwork, loadNetwork } from '../model/loadNetwork.ts';
import { describeGraph } from '../model/networkGraph.ts';
import { measureRange } from '../probes/batchNormDistance.ts';
import { summarizeBlocks } from '../training/prepareNetwork.ts';
import { findModel, type RequestContext } from './requestContext.ts';

/** Images the value range is measured on: the distance is stable from ten. */
const RANGE_IMAGES = 12;
const VALIDATION_SHARE = 0.2;
const BATCH_SIZE = 16;

interface InitParams {
  model: string;
  data: string;
  similarity?: 'low' | 'high';
  output?: string;
  seed?: number;
}

/** Where a data folder keeps its parts. */
interface DataParts {
  train: string;
  validation: string | number;
  test?: string;
}

/** `thaw init`: writes the recommended plan for a model and a data folder. Throws `planExists`, `dataOneClass`, … */
export async function init(params: InitParams, context: RequestContext): Promise<InitResult> {
  const engine = await openEngine(context.engine, context);
  const data = resolve(context.directory, params.data);
  const output = resolve(context.directory, params.output ?? `${basename(data).replace(/\.csv$/i, '')}.finetune.json`);
  await requireFree(output);
  const parts = await findParts(data);
  const found = await findModel(params.model, context.directory, context);
  const loaded = await loadNetwork(found.files);
  const summary = await inspectData(parts.train, { signal: context.signal });
  requireTrainable(summary);

  const { input, range, warnings } = await chooseInput(engine, found, loaded, parts.train);
  const withHead = attachHead(loaded.model, { classes: summary.classes, hidden: [], dropout: 0, l2: 0 }, 0);
  const graph = describeGraph(withHead.model);
  const head = new Set(withHead.headLayers);
  const similaritySource = params.similarity ? 'given' : 'assumed';
  const advice = recommendPlan({
    data: dataBand(trainCounts(summary)),
    similarity: params.similarity ?? 'high',
    similaritySource,
    blocks: summarizeBlocks({ nodes: graph.nodes.filter((node) => !head.has(node.layer)) }),
    batchSize: BATCH_SIZE,
    validationShare: VALIDATION_SHARE,
  });
  const from = (path: string): string => relativeReference(dirname(output), path);
  const plan: PlanInput = {
    version: 1,
    model: await modelReference(params.model, context.directory, from),
    input,
    data: {
      train: from(parts.train),
      validation: typeof parts.validation === 'string' ? from(parts.validation) : parts.validation,
      ...(parts.test ? { test: from(parts.test) } : {}),
    },
    head: { after: withHead.after, classes: summary.classes, hidden: [], ...advice.head },
    blocks: advice.blocks,
    phases: advice.phases,
    optimizer: advice.optimizer,
    batchSize: BATCH_SIZE,
    batchNorm: advice.batchNorm,
    augment: advice.augment,
    classWeights: 'auto',
    earlyStopping: advice.earlyStopping,
    seed: params.seed ?? 42,
    advice: advice.advice,
  };
  await writeFileAtomic(output, `${JSON.stringify(plan, null, 2)}\n`);
  return {
    plan: output,
    quadrant: { data: advice.advice.data, similarity: advice.advice.similarity, sentence: advice.sentence },
    similaritySource,
    range,
    reasons: advice.reasons,
    leftOut: advice.leftOut,
    warnings: [...warnings, ...advice.warnings],
  };
}

async function requireFree(path: string): Promise<void> {
  const exists = await stat(path).then(
    () => true,
    () => false,
  );
  if (exists) throw new ThawError({ reason: 'planExists', path });
}

/** The parts of a folder with splits; any other folder, and a table, is divided when it is trained on. */
async function findParts(data: string): Promise<DataParts> {
  const listing = await listData(data);
  if (listing.layout !== 'splits') return { train: data, validation: VALIDATION_SHARE };
  const folderOf = (split: string): string | undefined => {
    const image = listing.images.find((candidate) => candidate.split === split);
    return image && join(data, relative(data, image.file).split(sep)[0]);
  };
  const train = folderOf('train');
  if (!train) throw new ThawError({ reason: 'dataFolderEmpty', path: join(data, 'train') });
  return { train, validation: folderOf('validation') ?? VALIDATION_SHARE, test: folderOf('test') };
}

function trainCounts(summary: DataSummary): number[] {
  return summary.classes.map((name) => summary.perClass[name] ?? 0);
}

function requireTrainable(summary: DataSummary): void {
  if (summary.classes.length === 1) {
    throw new ThawError({ reason: 'dataOneClass', path: summary.root, className: summary.classes[0] });
  }
  const counts = trainCounts(summary);
  summary.classes.forEach((className, index) => {
    if (counts[index] >= LEAST_IMAGES_PER_CLASS) return;
    const problem = {
      reason: 'dataClassTooSmall',
      className,
      images: counts[index],
      needed: LEAST_IMAGES_PER_CLASS,
    } as const;
    throw new ThawError({ ...problem, path: summary.root });
  });
}

/** The input settings the model's metadata or the catalog state; the range is measured where neither does. */
async function chooseInput(
  engine: Awaited<ReturnType<typeof openEngine>>,
  { files, catalogEntry }: ResolvedModel,
  { model, inputShape }: LoadedNetwork,
  train: string,
): Promise<{ input: InputSettings; range: InitResult['range']; warnings: InitResult['warnings'] }> {
  const [height, width, channels] = inputShape;
  const stated = files.metadata?.preprocessing ?? catalogEntry?.preprocessing;
  const base: InputSettings = {
    range: stated?.range ?? '-1..1',
    resize: stated?.resize ?? 'crop',
    channels: channels === 1 ? 'gray' : (stated?.channels ?? 'rgb'),
  };
  if (stated) {
    const source = files.metadata?.preprocessing ? 'metadata' : 'catalog';
    return { input: base, range: { chosen: stated.range, source }, warnings: [] };
  }
  const decode = { height, width, channels: base.channels, resize: base.resize };
  const images = await sampleImages(train, decode);
  const measured = await measureRange(engine, model, images, { height, width, channels });
  if (measured) {
    const { best, distances } = measured;
    return { input: { ...base, range: best }, range: { chosen: best, source: 'measured', distances }, warnings: [] };
  }
  const text = `The value range of this network is not known and cannot be measured without batch normalization: ${base.range} is assumed. Correct input.range if it was trained with another.`;
  return { input: base, range: { chosen: base.range, source: 'measured' }, warnings: [{ code: 'rangeAssumed', text }] };
}

/** A few images spread over the classes. */
async function sampleImages(train: string, decode: Parameters<typeof readImages>[1]): Promise<Uint8Array[]> {
  const { images } = await listData(train);
  const stride = Math.max(1, Math.floor(images.length / (RANGE_IMAGES * 2)));
  const spread = images.filter((_, index) => index % stride === 0).map((image) => image.file);
  const pixels: Uint8Array[] = [];
  for await (const image of readImages(spread, decode)) {
    if ('pixels' in image) pixels.push(image.pixels);
    if (pixels.length === RANGE_IMAGES) break;
  }
  return pixels;
}

/** A path as the plan file writes it: relative, with forward slashes, unless it lies on another drive. */
function relativeReference(folder: string, path: string): string {
  const reference = relative(folder, path);
  return isAbsolute(reference) ? reference : reference.split(sep).join('/') || '.';
}

/** Catalog names and names of runs stay names; files and folders become relative to the plan. */
async function modelReference(model: string, directory: string, from: (path: string) => string): Promise<string> {
  const path = resolve(directory, model);
  return stat(path).then(
    () => from(path),
    () => model,
  );
}
