import { join, relative, resolve, sep } from 'node:path';
import { type DataListing, isToTrain, listData } from '../../node/dataFolder.ts';
import type { ResolvedModel } from '../../node/resolveModel.ts';
import { dataBand, type DataBand } from '../../shared/dataBand.ts';
import { countByClass, type ValidationImages } from '../../shared/validationImages.ts';
import type { DataSummary } from '../../shared/dataSummary.ts';
import { ThawError } from '../../shared/errors.ts';
import type { InputSettings } from '../../shared/plan.ts';
import type { BlockSummary, InitResult } from '../../shared/results.ts';
import { LEAST_IMAGES_PER_CLASS } from '../../shared/splitData.ts';
import { splitDuplicateWarnings } from '../../shared/splitDuplicates.ts';
import type { DecodeSettings } from '../data/decodeImage.ts';
import { readImages } from '../data/imageReader.ts';
import { inspectData } from '../data/inspectData.ts';
import type { Engine } from '../engine/engine.ts';
import { openEngine } from '../engines.ts';
import { attachHead, type NetworkWithHead } from '../model/head.ts';
import { type LoadedNetwork, loadNetwork } from '../model/loadNetwork.ts';
import { describeGraph } from '../model/networkGraph.ts';
import { measureRange } from '../probes/measureRange.ts';
import type { LabelledPixels } from '../probes/measureSimilarity.ts';
import type { NetworkInput } from '../training/inputTensor.ts';
import { summarizeBlocks } from '../training/prepareNetwork.ts';
import { findModel, type RequestContext } from './requestContext.ts';

/** Images the value range is measured on: the distance is stable from ten. */
export const RANGE_IMAGES = 12;
const VALIDATION_SHARE = 0.2;

/** Where a data folder keeps its parts. */
export interface DataParts {
  train: string;
  validation: string | number;
  test?: string;
}

/** A network and images before there is a plan for them. */
export interface StartingPoint {
  engine: Engine;
  parts: DataParts;
  summary: DataSummary;
  data: DataBand;
  validation: ValidationImages | { share: number };
  withHead: NetworkWithHead;
  /** Blocks of the backbone, input to output. */
  blocks: BlockSummary[];
  input: InputSettings;
  range: InitResult['range'];
  /** How images are decoded for the network, and how it takes them. */
  decode: DecodeSettings;
  networkInput: NetworkInput;
  warnings: InitResult['warnings'];
}

/**
 * Opens a model and a data folder that a plan is to be made of. The caller disposes of `withHead.model`.
 *
 * @throws ThawError of the model and the data, and `dataOneClass`, `dataClassTooSmall`
 */
export async function openStartingPoint(
  { model, data }: { model: string; data: string },
  context: RequestContext,
): Promise<StartingPoint> {
  const engine = await openEngine(context.engine, context);
  const parts = await findParts(resolve(context.directory, data));
  const found = await findModel(model, context.directory, context);
  const loaded = await loadNetwork(found.files);
  const { validation, test } = parts;
  const heldOut = { test, validation: typeof validation === 'string' ? validation : undefined };
  const summary = await inspectData(parts.train, { signal: context.signal, heldOut });
  requireTrainable(summary);
  const { input, range, warnings } = await chooseInput(engine, found, loaded, parts.train);
  const withHead = attachHead(loaded.model, { classes: summary.classes, hidden: [], dropout: 0, l2: 0 }, 0);
  const head = new Set(withHead.headLayers);
  const [height, width, channels] = loaded.inputShape;
  return {
    ...{ engine, parts, summary, withHead, input, range },
    warnings: [...warnings, ...splitDuplicateWarnings(summary.acrossSplits)],
    data: dataBand(trainCounts(summary)),
    validation: await countValidation(parts),
    blocks: summarizeBlocks({ nodes: describeGraph(withHead.model).nodes.filter((node) => !head.has(node.layer)) }),
    decode: { height, width, channels: input.channels, resize: input.resize },
    networkInput: { height, width, channels, range: input.range },
  };
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

/** The images to validate with where the data says which, else their share. */
async function countValidation({ train, validation }: DataParts): Promise<StartingPoint['validation']> {
  const given = typeof validation === 'string' ? await listData(validation) : validationOf(await listData(train));
  return given.images.length > 0 ? countByClass(given.classes.length, given.images) : { share: VALIDATION_SHARE };
}

function validationOf(listing: DataListing): DataListing {
  return { ...listing, images: listing.images.filter(({ split }) => split === 'validation') };
}

function trainCounts(summary: DataSummary): number[] {
  return summary.classes.map((name) => summary.perClassToTrain[name] ?? 0);
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
  engine: Engine,
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
  const { pixels } = await readChosen(chooseImages(await listData(train), RANGE_IMAGES), decode);
  const measured = await measureRange(engine, model, pixels, { height, width, channels });
  if (measured) {
    const { best, distances } = measured;
    return { input: { ...base, range: best }, range: { chosen: best, source: 'measured', distances }, warnings: [] };
  }
  const text = `The value range of this network is not known and cannot be measured without batch normalization: ${base.range} is assumed. Correct input.range if it was trained with another.`;
  return { input: base, range: { chosen: base.range, source: 'measured' }, warnings: [{ code: 'rangeAssumed', text }] };
}

/** A file and its class. */
export interface ChosenImage {
  file: string;
  label: number;
}

/** About so many images that may train, the same number of each class where it has so many, spread over its listing. */
export function chooseImages(
  { classes, images }: Pick<DataListing, 'classes' | 'images'>,
  count: number,
): ChosenImage[] {
  const perClass = Math.ceil(count / classes.length);
  return classes.flatMap((_, label) => {
    const ofClass = images.filter((image) => image.classIndex === label && isToTrain(image));
    const wanted = Math.min(perClass, ofClass.length);
    return Array.from({ length: wanted }, (__, place) => {
      const { file } = ofClass[Math.floor((place * ofClass.length) / wanted)];
      return { file, label };
    });
  });
}

/** Decodes those that can be read. */
export async function readChosen(
  chosen: readonly ChosenImage[],
  decode: DecodeSettings,
  signal?: AbortSignal,
): Promise<Omit<LabelledPixels, 'classes'>> {
  const pixels: Uint8Array[] = [];
  const labels: number[] = [];
  const files = chosen.map(({ file }) => file);
  for await (const image of readImages(files, decode, { signal })) {
    if (!('pixels' in image)) continue;
    pixels.push(image.pixels);
    labels.push(chosen[image.index].label);
  }
  return { pixels, labels };
}
