import { type FeatureRows, leaveOneOutNeighbours } from './nearestNeighbours.ts';
import { binomialTail, holmAdjusted } from './statistics.ts';

/** How many images of two classes, as many of each, their nearest neighbours among these images name right. */
export interface PairAnswers {
  right: number;
  images: number;
}

/** Two classes that features do not tell apart. */
export interface InseparablePair extends PairAnswers {
  classes: [string, string];
  /** Block whose output the features are. */
  block: string;
  /** The depth that does tell them apart, where there is one. */
  elsewhere: { block: string; right: number } | null;
}

/** Features of the same images at some depths, input to output. */
export interface LabelledFeatures {
  depths: readonly { block: string; features: FeatureRows }[];
  labels: readonly number[];
  /** By label. */
  classes: readonly string[];
}

const SIGNIFICANT = 0.05;
const CHANCE = 0.5;
/** Of fewer images of a class the one that is left out is missed too much: its own class is always the smaller one. */
const LEAST_OF_CLASS = 5;
/** Two classes that a head could tell apart have at least this share right. */
const SEPARABLE = 0.8;

/**
 * Pairs of classes that the features at the last depth do not tell apart, fewest right first. Each pair is judged on its own,
 * by as many images of the one as of the other. Only what the images can support is claimed: an exact binomial test, adjusted for
 * all pairs (Holm), says that fewer than 80 % are right, and another one not that more are right than by chance.
 *
 * @param k neighbours that vote
 */
export function inseparableClasses({ depths, labels, classes }: LabelledFeatures, k: number): InseparablePair[] {
  const last = depths.at(-1);
  if (!last) return [];
  const members = classes.map((_, label) => labels.flatMap((each, image) => (each === label ? [image] : [])));
  const pairs = classes.flatMap((_, b) => classes.slice(0, b).map((__, a): [number, number] => [a, b]));
  const judged = pairs.map(([a, b]) => {
    const rows = evenly(members[a], members[b]);
    return {
      names: [classes[a], classes[b]] as [string, string],
      rows,
      ...judge(last.features, rows, k, pairs.length),
    };
  });
  const adjusted = holmAdjusted(judged.map(({ pValue }) => pValue));
  return judged
    .filter(({ right, images }, place) => adjusted[place] < SIGNIFICANT && !beatsChance(right, images))
    .sort((one, other) => one.right / one.images - other.right / other.images)
    .map(({ names, rows, right, images }) => ({
      ...{ classes: names, block: last.block, right, images },
      elsewhere: toldApartAt(depths.slice(0, -1), rows, k),
    }));
}

/** The answers of a pair, and how likely they are of classes that can be told apart; 1 where no answers could be unlikely. */
function judge(features: FeatureRows, rows: Rows, k: number, pairs: number): PairAnswers & { pValue: number } {
  const images = 2 * rows[0].length;
  const isTooFew = rows[0].length < LEAST_OF_CLASS || pairs * binomialTail(0, images, SEPARABLE) >= SIGNIFICANT;
  if (isTooFew) return { right: images, images, pValue: 1 };
  const answers = answersOf(features, rows, k);
  return { ...answers, pValue: binomialTail(answers.right, images, SEPARABLE) };
}

/** Images of the one and of the other class. */
type Rows = readonly [number[], number[]];

/** As many of each of two lists, the first ones. */
function evenly(a: readonly number[], b: readonly number[]): Rows {
  const count = Math.min(a.length, b.length);
  return [a.slice(0, count), b.slice(0, count)];
}

function answersOf(features: FeatureRows, [a, b]: Rows, k: number): PairAnswers {
  const { values, size } = features;
  const rows = [...a, ...b];
  const own = new Float32Array(rows.length * size);
  rows.forEach((row, place) => own.set(values.subarray(row * size, (row + 1) * size), place * size));
  const labels = rows.map((_, place) => (place < a.length ? 0 : 1));
  const right = leaveOneOutNeighbours({ values: own, size }, labels, Math.min(k, a.length)).filter(Boolean).length;
  return { right, images: rows.length };
}

/** Of some depths the one with most images right, where that is more than chance gives the best of so many. */
function toldApartAt(depths: LabelledFeatures['depths'], rows: Rows, k: number): InseparablePair['elsewhere'] {
  const answers = depths.map(({ block, features }) => ({ block, ...answersOf(features, rows, k) }));
  if (answers.length === 0) return null;
  const best = answers.reduce((most, each) => (each.right >= most.right ? each : most));
  return beatsChance(best.right, best.images, depths.length) ? { block: best.block, right: best.right } : null;
}

/** Whether so many right are more than by chance, the best of `tried` counts. */
function beatsChance(right: number, images: number, tried = 1): boolean {
  return tried * binomialTail(images - right, images, CHANCE) < SIGNIFICANT;
}
