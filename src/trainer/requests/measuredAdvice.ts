import { type DataListing, listData } from '../../node/dataFolder.ts';
import type { AdviceInput } from '../../shared/advisor.ts';
import { blocksAbovePeak } from '../../shared/depthCurve.ts';
import type { ValueRange } from '../../shared/plan.ts';
import { judgeSimilarity, type SimilarityJudgement } from '../../shared/similarity.ts';
import type { SimilarityResult } from '../../shared/similarityResult.ts';
import { similarityWarnings, type SimilarityWarning } from '../../shared/similarityWarnings.ts';
import type { DecodeSettings } from '../data/decodeImage.ts';
import { measureRange } from '../probes/measureRange.ts';
import { measureSimilarity, type ProbedNetwork } from '../probes/measureSimilarity.ts';
import type { RequestContext } from './requestContext.ts';
import { chooseImages, type ChosenImage, RANGE_IMAGES, readChosen, type StartingPoint } from './startingPoint.ts';

/** Images measured on where nothing else is said: so many a class, within bounds. */
const PER_CLASS = 10;
const LEAST = 60;
const MOST = 240;

/** A result with what it means. */
export interface MeasuredAdvice extends SimilarityResult {
  judgement: SimilarityJudgement;
}

/** Images that are measured on, with the names of their labels. */
export interface MeasuredImages {
  chosen: ChosenImage[];
  classes: string[];
}

/** The images of a listing that are measured on: so many, or as many as it takes. */
export function imagesToMeasure(listing: DataListing, count?: number): MeasuredImages {
  const { classes } = listing;
  return {
    chosen: chooseImages(listing, count ?? Math.min(MOST, Math.max(LEAST, PER_CLASS * classes.length))),
    classes,
  };
}

/**
 * Measures how like images are to what a network knows. Rejects with the signal's reason when it aborts.
 *
 * @param distances under every value range, where they are known
 */
export async function measureImages(
  network: ProbedNetwork & { decode: DecodeSettings },
  { chosen, classes }: MeasuredImages,
  distances: Record<ValueRange, number> | undefined,
  { signal, emit }: Pick<RequestContext, 'signal' | 'emit'>,
): Promise<SimilarityResult> {
  const sample = await readChosen(chosen, network.decode, signal);
  const onProgress = (done: number, total: number): void => emit({ event: 'measure', done, total });
  const measurement = await measureSimilarity(network, { ...sample, classes }, { signal, onProgress });
  const apart = Math.ceil(sample.pixels.length / RANGE_IMAGES);
  const few = sample.pixels.filter((_, place) => place % apart === 0);
  const { engine, model, input } = network;
  const measured = distances ?? (await measureRange(engine, model, few, input))?.distances;
  return { measurement, distances: measured ?? null };
}

/** Measures the similarity of a starting point, on so many images. Rejects with the signal's reason when it aborts. */
export async function measurePoint(
  { engine, withHead, blocks, networkInput, decode, range, parts }: StartingPoint,
  images: number | undefined,
  context: Pick<RequestContext, 'signal' | 'emit'>,
): Promise<MeasuredAdvice> {
  const network = { engine, model: withHead.model, blocks, input: networkInput, decode };
  const listing = await listData(parts.train);
  const result = await measureImages(network, imagesToMeasure(listing, images), range.distances, context);
  return { ...result, judgement: judgeSimilarity(result.measurement) };
}

/** What the recommended plan follows from: without measures or a word of the user the similarity is taken as high. */
export function adviceInput(
  { data, blocks, validation }: StartingPoint,
  measured: MeasuredAdvice | null,
  given?: 'low' | 'high',
): AdviceInput {
  const curve = measured?.measurement.curve;
  return {
    ...{ data, blocks, validation },
    similarity: given ?? measured?.judgement.similarity ?? 'high',
    similaritySource: given ? 'given' : (measured?.judgement.source ?? 'assumed'),
    ...(curve ? { blocksAbovePeak: blocksAbovePeak(curve, blocks) } : {}),
  };
}

/** What the measures warn of; nothing where there are none. */
export function measuredWarnings({ range }: StartingPoint, measured: MeasuredAdvice | null): SimilarityWarning[] {
  if (!measured) return [];
  const { distances, measurement } = measured;
  return similarityWarnings({ range: range.chosen, distances, measurement });
}
