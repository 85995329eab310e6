import { t } from '@vscode/l10n';
import type { ValueRange } from './plan.ts';
import { formatDistance } from './similarity.ts';

export interface SimilarityWarning {
  code: 'valueRange' | 'inputShift';
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
  inputShift: boolean;
}): SimilarityWarning[] {
  const { range, distances, inputShift } = measured;
  const warnings = distances ? rangeWarning(range, distances) : [];
  if (inputShift && warnings.length === 0) {
    const text = t(
      'The first layers are much further off than the rest: the images differ in their pixels (noise, blur, contrast) more than in their subjects. Early blocks are the ones to tune then.',
    );
    return [{ code: 'inputShift', text }];
  }
  return warnings;
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
