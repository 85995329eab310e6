import { ThawError } from './errors.ts';

export interface Interval {
  low: number;
  high: number;
}

/**
 * Wilson score interval of a proportion (E. B. Wilson, JASA 22, 1927). Unlike the normal interval it stays within 0..1
 * and keeps its coverage for small n. Without observations it is the whole range.
 */
export function wilsonInterval(successes: number, n: number, confidence = 0.95): Interval {
  if (n === 0) return { low: 0, high: 1 };
  const z = normalQuantile((1 + confidence) / 2);
  const share = successes / n;
  const scale = 1 + (z * z) / n;
  const centre = (share + (z * z) / (2 * n)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  return {
    low: successes === 0 ? 0 : Math.max(0, centre - half),
    high: successes === n ? 1 : Math.min(1, centre + half),
  };
}

export interface McNemarResult {
  /** Cases only `a` has right, and cases only `b` has right. */
  onlyA: number;
  onlyB: number;
  /** Two-sided. */
  pValue: number;
}

/**
 * McNemar's test (Psychometrika 12, 1947) of two classifiers on the same cases, in its exact conditional form: a binomial
 * test of the cases on which they differ. It never claims a difference more often than its level (the mid-p variant
 * sometimes does). Without differing cases p is 1.
 */
export function mcNemar(aCorrect: readonly boolean[], bCorrect: readonly boolean[]): McNemarResult {
  const { onlyA, onlyB } = discordant(aCorrect, bCorrect);
  return { onlyA, onlyB, pValue: mcNemarOfCounts(onlyA, onlyB) };
}

/** The p of `mcNemar` by its counts. */
export function mcNemarOfCounts(onlyA: number, onlyB: number): number {
  return Math.min(1, 2 * binomialTail(Math.min(onlyA, onlyB), onlyA + onlyB, 0.5));
}

/**
 * `mcNemar` for cases that come in groups and are alike within one, such as several photographs of one thing. Between
 * equally good classifiers the advantage of a whole group might as well be the other's: p is the share of all ways to
 * swap them, group by group, that give a difference at least as large (a paired permutation test, R. A. Fisher, The Design of
 * Experiments, 1935). With each case in a group of its own this is the p of `mcNemar`.
 *
 * @param groups the group of each case
 */
export function groupedMcNemar(
  aCorrect: readonly boolean[],
  bCorrect: readonly boolean[],
  groups: readonly (string | number)[],
): McNemarResult {
  requireSameLength(aCorrect, groups);
  const { onlyA, onlyB } = discordant(aCorrect, bCorrect);
  const advantages = new Map<string | number, number>();
  for (const [index, group] of groups.entries()) {
    advantages.set(group, (advantages.get(group) ?? 0) + Number(aCorrect[index]) - Number(bCorrect[index]));
  }
  const steps = [...advantages.values()].map(Math.abs).filter((step) => step > 0);
  const reach = sum(steps);
  const chances = signedSums(steps, reach);
  const far = chances.filter((_, index) => Math.abs(index - reach) >= Math.abs(onlyA - onlyB));
  return { onlyA, onlyB, pValue: Math.min(1, sum(far)) };
}

/**
 * Accuracy of `a` minus accuracy of `b` on the same cases, with its interval: Wald after adding half a case to each cell
 * of the 2x2 table (Agresti and Min, Statistics in Medicine 24, 2005, doi 10.1002/sim.1781).
 */
export function pairedDifferenceInterval(
  aCorrect: readonly boolean[],
  bCorrect: readonly boolean[],
  confidence = 0.95,
): Interval & { difference: number } {
  const { onlyA, onlyB } = discordant(aCorrect, bCorrect);
  const n = aCorrect.length;
  if (n === 0) return { difference: 0, low: -1, high: 1 };
  const adjusted = n + 2;
  const centre = (onlyA - onlyB) / adjusted;
  const variance = ((onlyA + onlyB + 1) / adjusted - centre * centre) / adjusted;
  const half = normalQuantile((1 + confidence) / 2) * Math.sqrt(variance);
  return { difference: (onlyA - onlyB) / n, low: Math.max(-1, centre - half), high: Math.min(1, centre + half) };
}

/** Counts of cases, [actual class][predicted class]. Classes are indexes below `classes`. */
export function confusionMatrix(actual: readonly number[], predicted: readonly number[], classes: number): number[][] {
  requireSameLength(actual, predicted);
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (const [index, row] of actual.entries()) counts[row][predicted[index]]++;
  return counts;
}

export interface ClassMetrics {
  /** Cases of the class. */
  n: number;
  /** Share of the cases predicted as the class that are of it; null if none was predicted so. */
  precision: number | null;
  /** Share of the cases of the class that were predicted as it; null if there are none. */
  recall: number | null;
}

/** Of each class of a confusion matrix ([actual][predicted]). */
export function perClassMetrics(confusion: readonly (readonly number[])[]): ClassMetrics[] {
  return confusion.map((row, index) => {
    const n = sum(row);
    const predicted = sum(confusion.map((other) => other[index]));
    return {
      n,
      precision: predicted === 0 ? null : row[index] / predicted,
      recall: n === 0 ? null : row[index] / n,
    };
  });
}

/** Mean recall of the classes that have cases; null if none has. */
export function balancedAccuracy(confusion: readonly (readonly number[])[]): number | null {
  const recalls = perClassMetrics(confusion).flatMap(({ recall }) => (recall === null ? [] : [recall]));
  return recalls.length === 0 ? null : mean(recalls);
}

/**
 * Holm's step-down adjustment of several p-values (Scandinavian Journal of Statistics 6, 1979), in the order given: those
 * below a level may all be believed together, with at most that chance of a single false claim, however the tests depend
 * on each other.
 */
export function holmAdjusted(pValues: readonly number[]): number[] {
  const ascending = [...pValues.keys()].sort((a, b) => pValues[a] - pValues[b]);
  const adjusted = new Array<number>(pValues.length);
  let least = 0;
  for (const [rank, index] of ascending.entries()) {
    least = Math.max(least, Math.min(1, (pValues.length - rank) * pValues[index]));
    adjusted[index] = least;
  }
  return adjusted;
}

/** The probability that a standard normal deviate stays below z, to an absolute error of 1e-15. */
export function normalCdf(z: number): number {
  if (Math.abs(z) > 9) return z > 0 ? 1 : 0;
  return 0.5 + normalDensity(z) * normalSeries(z);
}

/**
 * The value below which a standard normal deviate stays with this probability (0 < p < 1), by Newton's method on
 * `normalCdf`. Meant for the range of confidence levels.
 */
export function normalQuantile(p: number): number {
  if (p < 0.5) return -normalQuantile(1 - p);
  let z = 0;
  for (let step = 0; step < 100; step++) {
    const density = normalDensity(z);
    const change = (p - 0.5 - density * normalSeries(z)) / density;
    z += change;
    if (Math.abs(change) < 1e-14) break;
  }
  return z;
}

function normalDensity(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** P(0 < Z < z) over the density at z (Abramowitz and Stegun 26.2.11). */
function normalSeries(z: number): number {
  let term = z;
  let series = z;
  for (let k = 3; Math.abs(term) > Math.abs(series) * 1e-17; k += 2) {
    term *= (z * z) / k;
    series += term;
  }
  return series;
}

/** P(X <= k) of X ~ Binomial(n, share), 0 < share < 1, in logarithms so that large n do not underflow. */
export function binomialTail(k: number, n: number, share: number): number {
  const [yes, no] = [Math.log(share), Math.log1p(-share)];
  let logChoose = 0;
  let total = 0;
  for (let i = 0; i <= k; i++) {
    if (i > 0) logChoose += Math.log((n - i + 1) / i);
    total += Math.exp(logChoose + i * yes + (n - i) * no);
  }
  return Math.min(1, total);
}

/** The chance of each sum of whole numbers with random signs, from -`reach` to `reach`, which is their sum without. */
function signedSums(steps: readonly number[], reach: number): number[] {
  let chances = new Array<number>(2 * reach + 1).fill(0);
  chances[reach] = 1;
  for (const step of steps) {
    const before = chances;
    chances = before.map((_, index) => ((before[index - step] ?? 0) + (before[index + step] ?? 0)) / 2);
  }
  return chances;
}

function discordant(aCorrect: readonly boolean[], bCorrect: readonly boolean[]): { onlyA: number; onlyB: number } {
  requireSameLength(aCorrect, bCorrect);
  let onlyA = 0;
  let onlyB = 0;
  for (const [index, a] of aCorrect.entries()) {
    if (a && !bCorrect[index]) onlyA++;
    if (!a && bCorrect[index]) onlyB++;
  }
  return { onlyA, onlyB };
}

/** @throws ThawError `internal` for lists that should hold an entry a case and do not */
export function requireSameLength(a: readonly unknown[], b: readonly unknown[]): void {
  if (a.length !== b.length) {
    throw new ThawError({ reason: 'internal', detail: `paired lists differ in length: ${a.length} and ${b.length}` });
  }
}

/** Not a number without values. */
export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** The middle one, of an even count the upper one; undefined without values. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
