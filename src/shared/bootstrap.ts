import { ThawError } from './errors.ts';
import { Random } from './random.ts';
import { mean, normalCdf, normalQuantile, requireSameLength, type Interval } from './statistics.ts';

/** How the ends of an interval are read off the sorted replicates. */
export type BootstrapMethod = 'bca' | 'percentile';

export interface BootstrapOptions {
  seed: number;
  /** Default 5000; from seed to seed the ends of a 95 % interval then move by about 2 % of its half width. */
  resamples?: number;
  /** In (0, 1), default 0.95. */
  confidence?: number;
  /** Default `bca`. */
  method?: BootstrapMethod;
  /**
   * The group of each case. Whole groups are drawn, as they should be where cases are not independent, such as several
   * photographs of one thing: drawn one by one they would feign more evidence than there is.
   */
  groups?: readonly (string | number)[];
}

export interface BootstrapInterval extends Interval {
  /** The statistic of the cases themselves. */
  estimate: number;
  /** `percentile` also where BCa was asked for and is not defined. */
  method: BootstrapMethod;
}

/**
 * Bootstrap interval of any statistic of independent cases, or of independent groups of cases. BCa (B. Efron, Better
 * Bootstrap Confidence Intervals, JASA 82, 1987) corrects the percentile interval for bias and for an error that
 * grows with the value, the latter by the jackknife. Where it is not defined the percentile interval stands in: without
 * any variation, with all replicates on one side of the estimate, or with an acceleration out of range. Data without
 * variation give an interval without width, which is no evidence that the true value is that sure.
 *
 * Replicates that are not finite are left out (a resample may lack a class).
 *
 * @param statistic must not keep the list it is given: the next resample overwrites it
 * @throws ThawError `internal` without cases, with a `groups` of another length, or if the statistic is never finite
 */
export function bootstrapInterval<T>(
  values: readonly T[],
  statistic: (values: readonly T[]) => number,
  { seed, resamples = 5000, confidence = 0.95, method = 'bca', groups }: BootstrapOptions,
): BootstrapInterval {
  const units = resamplingUnits(values, groups);
  const estimate = statistic(values);
  const replicates = resample(units, statistic, resamples, seed).filter(Number.isFinite);
  if (!Number.isFinite(estimate) || replicates.length === 0) {
    throw new ThawError({ reason: 'internal', detail: 'a statistic to be resampled is not a finite number' });
  }
  replicates.sort((a, b) => a - b);
  const tail = (1 - confidence) / 2;
  const corrected =
    method === 'bca' ? bcaLevels(tail, shareBelow(replicates, estimate), acceleration(units, statistic)) : null;
  const levels = corrected ?? { low: tail, high: 1 - tail };
  return {
    estimate,
    low: quantileOfSorted(replicates, levels.low),
    high: quantileOfSorted(replicates, levels.high),
    method: corrected ? 'bca' : 'percentile',
  };
}

export interface PairedBootstrap extends Interval {
  /** Accuracy of `a` minus accuracy of `b`. */
  difference: number;
  method: BootstrapMethod;
}

/**
 * Accuracy of `a` minus accuracy of `b` on the same cases with its bootstrap interval: cases (or whole groups) are drawn
 * with both answers, so that what makes a case hard for both cancels out. Where the two never differ the interval has no
 * width; `pairedDifferenceInterval` allows for the differences that so few cases cannot show. Without cases the interval
 * is the whole range.
 */
export function pairedBootstrap(
  aCorrect: readonly boolean[],
  bCorrect: readonly boolean[],
  options: BootstrapOptions,
): PairedBootstrap {
  requireSameLength(aCorrect, bCorrect);
  if (aCorrect.length === 0) return { difference: 0, low: -1, high: 1, method: 'percentile' };
  const advantages = aCorrect.map((a, index) => Number(a) - Number(bCorrect[index]));
  const { estimate, low, high, method } = bootstrapInterval(advantages, mean, options);
  return { difference: estimate, low, high, method };
}

/** What is drawn as one: single cases, or the cases of each group in the order of its first case. */
function resamplingUnits<T>(values: readonly T[], groups: BootstrapOptions['groups']): T[][] {
  if (values.length === 0) throw new ThawError({ reason: 'internal', detail: 'there are no cases to resample' });
  if (groups === undefined) return values.map((value) => [value]);
  requireSameLength(values, groups);
  const units = new Map<string | number, T[]>();
  for (const [index, group] of groups.entries()) {
    const unit = units.get(group);
    if (unit) unit.push(values[index]);
    else units.set(group, [values[index]]);
  }
  return [...units.values()];
}

function resample<T>(
  units: readonly (readonly T[])[],
  statistic: (values: readonly T[]) => number,
  resamples: number,
  seed: number,
): number[] {
  const random = Random.seeded(seed, 'bootstrap');
  const sample: T[] = [];
  return Array.from({ length: resamples }, () => {
    let length = 0;
    for (let draw = 0; draw < units.length; draw++) {
      const unit = units[random.below(units.length)];
      for (let index = 0; index < unit.length; index++) sample[length++] = unit[index];
    }
    sample.length = length;
    return statistic(sample);
  });
}

/** A sixth of the skewness of the jackknife's influence values; not finite if the statistic is not or never varies. */
function acceleration<T>(units: readonly (readonly T[])[], statistic: (values: readonly T[]) => number): number {
  const rest: T[] = [];
  const leftOut = units.map((without) => {
    rest.length = 0;
    for (const unit of units) if (unit !== without) for (const value of unit) rest.push(value);
    return statistic(rest);
  });
  const centre = mean(leftOut);
  let squares = 0;
  let cubes = 0;
  for (const value of leftOut) {
    squares += (centre - value) ** 2;
    cubes += (centre - value) ** 3;
  }
  return cubes / (6 * squares ** 1.5);
}

/** Share of the replicates below the estimate, half of those equal to it included: the median bias of the estimate. */
function shareBelow(replicates: readonly number[], estimate: number): number {
  const below = replicates.filter((value) => value < estimate).length;
  const equal = replicates.filter((value) => value === estimate).length;
  return (below + equal / 2) / replicates.length;
}

/** The corrected levels for a tail on each side; null where they are not defined. */
function bcaLevels(tail: number, below: number, skew: number): Interval | null {
  if (below === 0 || below === 1 || !Number.isFinite(skew)) return null;
  const bias = normalQuantile(below);
  const [low, high] = [normalQuantile(tail), normalQuantile(1 - tail)].map((z) => {
    const scale = 1 - skew * (bias + z);
    return scale > 0 ? normalCdf(bias + (bias + z) / scale) : null;
  });
  return low === null || high === null ? null : { low, high };
}

/** Linear between neighbours, the first value at 0 and the last at 1. */
function quantileOfSorted(sorted: readonly number[], level: number): number {
  const position = level * (sorted.length - 1);
  const index = Math.min(Math.floor(position), sorted.length - 1);
  const next = Math.min(index + 1, sorted.length - 1);
  return sorted[index] + (position - index) * (sorted[next] - sorted[index]);
}
