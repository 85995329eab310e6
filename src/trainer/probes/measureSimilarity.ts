import { createHash } from 'node:crypto';
import type * as tfl from '@tensorflow/tfjs-layers';
import { distanceInterval, isInputShift, layerDistances, type LayerMoments } from '../../shared/batchNormDistance.ts';
import { calibratedBands } from '../../shared/calibratedBands.ts';
import { type DepthCurve, depthCurve, tellsApart } from '../../shared/depthCurve.ts';
import { inseparableClasses } from '../../shared/inseparableClasses.ts';
import { leaveOneOutNeighbours } from '../../shared/nearestNeighbours.ts';
import type { BlockSummary } from '../../shared/results.ts';
import type { SimilarityMeasurement } from '../../shared/similarityResult.ts';
import type { Engine } from '../engine/engine.ts';
import type { NetworkInput } from '../training/inputTensor.ts';
import { type NetworkProbe, probeNetwork } from './probeNetwork.ts';

/** Depths of the curve at most. */
const DEPTHS = 8;
/** Neighbours that vote. */
const NEIGHBOURS = 5;
/** Of the resampling. */
const SEED = 1;

/** A network that is to be measured. */
export interface ProbedNetwork {
  engine: Engine;
  model: tfl.LayersModel;
  /** Of the backbone, input to output. */
  blocks: readonly BlockSummary[];
  input: NetworkInput;
}

/** Labelled images of the network's size, 0 to 255. */
export interface LabelledPixels {
  pixels: readonly Uint8Array[];
  labels: readonly number[];
  /** By label. */
  classes: readonly string[];
}

/**
 * Measures how like some images are to what a network knows: the batch-normalization distance, and how well its features
 * tell the classes apart at some depths (each image judged by its nearest neighbours among all others). One pass.
 */
export async function measureSimilarity(
  { engine, model, blocks: all, input }: ProbedNetwork,
  { pixels, labels, classes }: LabelledPixels,
  options: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {},
): Promise<SimilarityMeasurement> {
  const blocks = spreadOver(all, DEPTHS);
  const probe = await probeNetwork(engine, model, pixels, input, { ...options, blocks });
  const { moments } = probe;
  const images = pixels.length;
  const k = neighboursAmong(labels);
  const curve = images > 0 ? curveOf(probe, labels, k) : null;
  const usable = moments.length > 0 && images > 0;
  const fingerprint = usable ? statisticsFingerprint(moments) : null;
  return {
    fingerprint,
    distance: usable ? distanceInterval(moments, images, SEED) : null,
    bands: fingerprint === null ? null : calibratedBands(fingerprint),
    curve: curve && tellsApart(curve, largestShare(labels)) ? curve : null,
    depths: curve,
    inseparable: inseparableClasses({ depths: probe.depths, labels, classes }, k),
    images,
    inputShift: usable && isInputShift(layerDistances(moments, new Uint8Array(images).fill(1))),
  };
}

/** Neighbours that vote: never more than a class has besides the image that is judged. */
function neighboursAmong(labels: readonly number[]): number {
  return Math.max(1, Math.min(NEIGHBOURS, Math.min(...counts(labels)) - 1));
}

function curveOf({ depths }: NetworkProbe, labels: readonly number[], k: number): DepthCurve | null {
  if (depths.length === 0) return null;
  return depthCurve(
    depths.map(({ block, features }) => ({ block, correct: leaveOneOutNeighbours(features, labels, k) })),
  );
}

function counts(labels: readonly number[]): number[] {
  const byLabel = new Map<number, number>();
  for (const label of labels) byLabel.set(label, (byLabel.get(label) ?? 0) + 1);
  return [...byLabel.values()];
}

function largestShare(labels: readonly number[]): number {
  return Math.max(...counts(labels)) / labels.length;
}

/** Some blocks at equal distances, the last one included. */
function spreadOver<T>(blocks: readonly T[], count: number): T[] {
  if (blocks.length <= count) return [...blocks];
  return Array.from({ length: count }, (_, place) => blocks[Math.round(((place + 1) * blocks.length) / count) - 1]);
}

/** Tells a network by the statistics of its batch normalizations: the first 16 hexadecimal digits of their SHA-256. */
function statisticsFingerprint(layers: readonly LayerMoments[]): string {
  const hash = createHash('sha256');
  for (const { movingMean, movingVariance } of layers) hash.update(movingMean).update(movingVariance);
  return hash.digest('hex').slice(0, 16);
}
