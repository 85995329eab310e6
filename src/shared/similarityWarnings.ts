import { t } from '@vscode/l10n';
import type { ValueRange } from './plan.ts';
import { formatCount } from './format.ts';
import type { InseparablePair } from './inseparableClasses.ts';
import { formatDistance } from './similarity.ts';
import type { SimilarityMeasurement } from './similarityResult.ts';

export interface SimilarityWarning {
  code: 'valueRange' | 'inputShift' | 'inseparableClasses';
  text: string;
}

/** Another range must be this much nearer before it is proposed. */
const NEARER = 0.7;
/** No natural image is this far from what a network knows. */
const FAR = 5;

/** What the measures warn of before anything trains. */
export function similarityWarnings(measured: {
  range: ValueRange;
  /** Under every range; null where they cannot be measured. */
  distances: Readonly<Record<ValueRange, number>> | null;
  measurement: Pick<SimilarityMeasurement, 'inputShift' | 'inseparable'>;
}): SimilarityWarning[] {
  const { range, distances, measurement } = measured;
  const warnings = distances ? rangeWarning(range, distances) : [];
  // Of values in a wrong range nothing else can be said.
  if (warnings.length > 0) return warnings;
  return [...shiftWarning(measurement.inputShift), ...inseparableWarning(measurement.inseparable)];
}

function shiftWarning(inputShift: boolean): SimilarityWarning[] {
  if (inputShift) {
    const text = t(
      'The first layers are much further off than the rest: the images differ in their pixels (noise, blur, contrast) more than in their subjects. Early blocks are the ones to tune then.',
    );
    return [{ code: 'inputShift', text }];
  }
  return [];
}

/** The worst pair, and how many more there are. */
function inseparableWarning(pairs: readonly InseparablePair[]): SimilarityWarning[] {
  if (pairs.length === 0) return [];
  const [{ classes, block, right, images, elsewhere }, ...others] = pairs;
  const claim = t(
    '"{0}" and "{1}" look alike to the network: by its features at {2}, below the head, nearest neighbours name {3} of {4} images right, no better than chance.',
    classes[0],
    classes[1],
    block,
    right,
    images,
  );
  const remedy = elsewhere
    ? t('At {0} they name {1} right: try a head there.', elsewhere.block, elsewhere.right)
    : t('Unfreeze blocks, add images that show the difference, or make one class of the two.');
  const more =
    others.length === 1
      ? t('So it is with 1 more pair of classes.')
      : t('So it is with {0} more pairs of classes.', formatCount(others.length));
  const text = [claim, ...(others.length === 0 ? [] : [more]), remedy].join(' ');
  return [{ code: 'inseparableClasses', text }];
}

function rangeWarning(range: ValueRange, distances: Readonly<Record<ValueRange, number>>): SimilarityWarning[] {
  const present = distances[range];
  const others = Object.entries(distances).sort(([, a], [, b]) => a - b);
  const [best, least] = others[0];
  if (best !== range && least < NEARER * present) {
    const text = t(
      'With values in {0} the images are much nearer to what the network knows (distance {1}) than with {2} (distance {3}): the value range is probably wrong. Set input.range to "{0}".',
      best,
      formatDistance(least),
      range,
      formatDistance(present),
    );
    return [{ code: 'valueRange', text }];
  }
  if (present <= FAR) return [];
  const text = t(
    'The images are so far from what the network knows (distance {0}) that their values are probably not in the range it was trained with. Check input.range and how the network was trained.',
    formatDistance(present),
  );
  return [{ code: 'valueRange', text }];
}
