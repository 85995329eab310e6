import { t } from '@vscode/l10n';
import { type DepthCurve, hasDrop, isBestAtTop } from './depthCurve.ts';
import { formatPercent } from './format.ts';
import type { SimilarityMeasurement } from './similarityResult.ts';

export type SimilarityBand = 'low' | 'medium' | 'high';

/** Batch-normalization distances at which the bands of a network begin. */
export interface DistanceBands {
  /** Below it the similarity is high. */
  high: number;
  /** Above it the similarity is low. */
  low: number;
}

/** A distance with the 95 % interval of its images. */
export interface MeasuredDistance {
  distance: number;
  low: number;
  high: number;
}

/** What the judgement follows from. */
export type SimilarityMeasures = Pick<SimilarityMeasurement, 'distance' | 'bands' | 'curve'>;

export interface SimilarityJudgement {
  band: SimilarityBand;
  /** Medium counts as high. */
  similarity: 'low' | 'high';
  borderline: boolean;
  /** `assumed` where neither distance nor depth curve says anything: the similarity is taken as high then. */
  source: 'measured' | 'assumed';
  /** What the distance alone says. */
  byDistance: SimilarityBand | null;
  /** What the depth curve changed in it. */
  correction: 'up' | 'down' | null;
  /** In plain words, with the numbers. */
  reasons: string[];
}

const ORDER: readonly SimilarityBand[] = ['low', 'medium', 'high'];

/** The band of a distance. */
export function distanceBand(distance: number, { high, low }: DistanceBands): SimilarityBand {
  if (distance < high) return 'high';
  return distance > low ? 'low' : 'medium';
}

/**
 * How similar images are to what a network was trained on: the band of the distance, one step down where features get
 * worse towards the output, one step up where the last ones are about the best. Without bands of this very network the depth
 * curve decides alone; without either nothing is known, and the similarity is assumed to be high.
 */
export function judgeSimilarity({ distance, bands, curve }: SimilarityMeasures): SimilarityJudgement {
  const byDistance = distance && bands ? distanceBand(distance.distance, bands) : null;
  const reasons = [distanceReason(distance, bands, { byDistance, curve }), curveReason(curve)];
  if (!byDistance && !curve) {
    const assumed = { band: 'high', similarity: 'high', source: 'assumed' } as const;
    return { ...assumed, borderline: false, byDistance, correction: null, reasons };
  }
  const correction = curve ? correctionOf(curve) : null;
  const step = correction === null ? 0 : correction === 'up' ? 1 : -1;
  const start = ORDER.indexOf(byDistance ?? 'medium');
  const band = ORDER[Math.min(ORDER.length - 1, Math.max(0, start + step))];
  return {
    band,
    similarity: band === 'low' ? 'low' : 'high',
    borderline: band === 'medium',
    source: 'measured',
    byDistance,
    correction,
    reasons,
  };
}

function correctionOf(curve: DepthCurve): 'up' | 'down' | null {
  if (hasDrop(curve)) return 'down';
  return isBestAtTop(curve) ? 'up' : null;
}

function distanceReason(
  distance: MeasuredDistance | null,
  bands: DistanceBands | null,
  { byDistance: band, curve }: { byDistance: SimilarityBand | null; curve: DepthCurve | null },
): string {
  if (!distance) {
    return curve
      ? t(
          'The network has no usable batch-normalization statistics to compare the images with: the depth curve decides.',
        )
      : t('The network has no usable batch-normalization statistics to compare the images with.');
  }
  const [value, low, high] = [distance.distance, distance.low, distance.high].map(formatDistance);
  if (!bands || !band) {
    return curve
      ? t(
          'Batch-normalization distance {0} (95 %: {1} to {2}). What that means is not calibrated for this network: the depth curve decides.',
          value,
          low,
          high,
        )
      : t(
          'Batch-normalization distance {0} (95 %: {1} to {2}). What that means is not calibrated for this network.',
          value,
          low,
          high,
        );
  }
  const [upper, lower] = [formatDistance(bands.high), formatDistance(bands.low)];
  switch (band) {
    case 'high':
      return t(
        'Batch-normalization distance {0} (95 %: {1} to {2}), below {3}: the network meets what it knows.',
        value,
        low,
        high,
        upper,
      );
    case 'medium':
      return t(
        'Batch-normalization distance {0} (95 %: {1} to {2}), between {3} and {4}: the network meets partly what it knows.',
        value,
        low,
        high,
        upper,
        lower,
      );
    case 'low':
      return t(
        'Batch-normalization distance {0} (95 %: {1} to {2}), above {3}: the network meets what it does not know.',
        value,
        low,
        high,
        lower,
      );
  }
}

function curveReason(curve: DepthCurve | null): string {
  if (!curve)
    return t('No depth of the network tells the classes apart on these images, so the depth curve says nothing.');
  const peak = curve.points[curve.peak];
  const top = curve.points[curve.points.length - 1];
  const [best, last] = [formatPercent(peak.accuracy), formatPercent(top.accuracy)];
  if (hasDrop(curve)) {
    return t(
      'Features are best at {0} ({1}) and significantly worse at the end ({2}): the last blocks are specific to other images.',
      peak.block,
      best,
      last,
    );
  }
  if (curve.drop === 0) {
    const isTie = curve.points.some(({ accuracy }, place) => place < curve.peak && accuracy === peak.accuracy);
    return isTie
      ? t('Features are as good at the end of the network as anywhere ({0}).', last)
      : t('Features get better up to the end of the network ({0}).', last);
  }
  return isBestAtTop(curve)
    ? t(
        'Features at the end of the network ({0}) are about as good as the best ones, at {1} ({2}).',
        last,
        peak.block,
        best,
      )
    : t(
        'Features are best at {0} ({1}), at the end {2}: a difference that so few images cannot show for sure.',
        peak.block,
        best,
        last,
      );
}

/** Two significant digits, without an exponent below a million. */
export function formatDistance(distance: number): string {
  return distance >= 100 ? Math.round(distance).toString() : Number(distance.toPrecision(2)).toString();
}
