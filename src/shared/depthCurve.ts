import { holmAdjusted, mcNemar, wilsonInterval, type Interval } from './statistics.ts';

/** A depth of a network and which images a simple classifier on its features has right. */
export interface DepthAnswers {
  /** Block whose output the features are. */
  block: string;
  correct: readonly boolean[];
}

/** Accuracy at one depth with its 95 % Wilson interval. */
export interface DepthPoint extends Interval {
  block: string;
  accuracy: number;
}

/** How well classes are told apart at each depth of a network, input to output. */
export interface DepthCurve {
  points: DepthPoint[];
  /** Images at each point. */
  images: number;
  /** Place of the best point; of equals the one nearest to the output. */
  peak: number;
  /** From the peak to the last point: 0 to 1. */
  drop: number;
  /** McNemar's exact p of that drop, adjusted for the choice among all depths; 1 where the last point is the peak. */
  dropPValue: number;
}

const SIGNIFICANT = 0.05;

/** How far below the best the last depth still counts as one of the best; a difference of shares is a hair off. */
const AS_GOOD = 0.05 + 1e-9;

/**
 * The curve of accuracy over depth. The same images stand at every depth, so a drop behind the peak is judged in pairs: by
 * McNemar's exact test against the last depth, adjusted for having chosen the peak (Holm) among all depths.
 *
 * @param depths input to output, at least one; each with the same images in the same order
 */
export function depthCurve(depths: readonly DepthAnswers[]): DepthCurve {
  const points = depths.map(({ block, correct }): DepthPoint => {
    const right = correct.filter(Boolean).length;
    return { block, accuracy: right / correct.length, ...wilsonInterval(right, correct.length) };
  });
  const top = points.length - 1;
  const peak = points.reduce((best, { accuracy }, place) => (accuracy >= points[best].accuracy ? place : best), 0);
  const tests = depths.slice(0, top).map(({ correct }) => mcNemar(correct, depths[top].correct).pValue);
  return {
    points,
    images: depths[top].correct.length,
    peak,
    drop: points[peak].accuracy - points[top].accuracy,
    dropPValue: peak === top ? 1 : holmAdjusted(tests)[peak],
  };
}

/** Blocks of a network behind the one at the peak; none where the curve knows no such block. */
export function blocksAbovePeak({ points, peak }: DepthCurve, blocks: readonly { name: string }[]): number {
  const place = blocks.findIndex(({ name }) => name === points[peak].block);
  return place < 0 ? 0 : blocks.length - 1 - place;
}

/** Whether features get worse towards the output, as far as these images can tell. */
export function hasDrop({ drop, dropPValue }: DepthCurve): boolean {
  return drop > 0 && dropPValue < SIGNIFICANT;
}

/** Whether the last depth is about as good as the best. */
export function isBestAtTop({ drop }: DepthCurve): boolean {
  return drop <= AS_GOOD;
}

/** Whether any depth tells the classes apart: its interval lies above the share of the largest class. */
export function tellsApart({ points }: DepthCurve, largestShare: number): boolean {
  return points.some(({ low }) => low > largestShare);
}
