import type { Level } from './advisor.ts';
import type { DataBand } from './dataBand.ts';
import type { DistanceBands, SimilarityJudgement } from './similarity.ts';
import type { SimilarityMeasurement } from './similarityResult.ts';

/** Where a dataset is on the map, and the box that says how sure that is: shares of the map's width and height. */
export interface MapPlace {
  /** From the left: 0 is unlike everything the network knows, 1 just like it. */
  x: number;
  /** From the bottom. */
  y: number;
  left: number;
  right: number;
  bottom: number;
  top: number;
}

/** A measurement with what it means. */
export interface JudgedSimilarity {
  measurement: SimilarityMeasurement;
  judgement: SimilarityJudgement;
}

/** Images of the smallest class where each half of the map begins and ends. */
const AMOUNTS: Record<Level, readonly [number, number]> = { low: [10, 500], high: [500, 10_000] };

/** Distances at the edges of the map. */
const NEAREST = 0.02;
const FARTHEST = 5;

/** How far from the middle a point stands that the distance alone would put on the other side. */
const BESIDE_THE_MIDDLE = 0.04;

/** Middle of a half, and how far the box of a network without calibrated bands reaches. */
const MIDDLE: Record<Level, number> = { low: 0.25, high: 0.75 };
const WIDE = 0.2;

/**
 * The place of a dataset: its smallest class upwards, on a scale of ratios, the box up to the average class; its distance to
 * the right, the box its interval. The point always lies in the quadrant that was judged. Without bands the point stands
 * in the middle of its half, in a wide box.
 */
export function mapPlace(data: DataBand, classes: number, similarity: JudgedSimilarity): MapPlace {
  const average = classes > 0 ? data.images / classes : data.smallestClass;
  const y = amountPlace(data.smallestClass, data.quadrantData);
  return { y, bottom: y, top: Math.max(y, amountPlace(average, data.quadrantData)), ...across(similarity) };
}

function amountPlace(images: number, level: Level): number {
  const [from, to] = AMOUNTS[level];
  const share = Math.log(Math.max(1, images) / from) / Math.log(to / from);
  return (level === 'low' ? 0 : 0.5) + 0.5 * Math.min(1, Math.max(0, share));
}

function across({ measurement, judgement }: JudgedSimilarity): Pick<MapPlace, 'x' | 'left' | 'right'> {
  const { distance, bands } = measurement;
  if (!distance || !bands) {
    const x = MIDDLE[judgement.similarity];
    return { x, left: x - WIDE, right: x + WIDE };
  }
  const measured = distancePlace(distance.distance, bands);
  const x =
    judgement.similarity === 'high'
      ? Math.max(measured, 0.5 + BESIDE_THE_MIDDLE)
      : Math.min(measured, 0.5 - BESIDE_THE_MIDDLE);
  return {
    x,
    left: Math.min(x, distancePlace(distance.high, bands)),
    right: Math.max(x, distancePlace(distance.low, bands)),
  };
}

/** Stands in for a measurement that is not there (yet). */
export function assumedSimilarity(similarity: Level): JudgedSimilarity {
  const nothing = { byDistance: null, correction: null, reasons: [], borderline: false, source: 'assumed' as const };
  return {
    measurement: {
      fingerprint: null,
      distance: null,
      bands: null,
      curve: null,
      depths: null,
      inseparable: [],
      images: 0,
      inputShift: false,
    },
    judgement: { ...nothing, band: similarity, similarity },
  };
}

/** The border of the halves is where similarity begins to be low. */
function distancePlace(distance: number, { low }: DistanceBands): number {
  const steps = Math.log(low / Math.max(distance, 1e-9));
  const edge = steps >= 0 ? Math.log(low / NEAREST) : Math.log(FARTHEST / low);
  return Math.min(1, Math.max(0, 0.5 + (0.5 * steps) / edge));
}
