import { bootstrapInterval, type BootstrapInterval } from '../../src/shared/bootstrap.ts';
import { Random } from '../../src/shared/random.ts';
import type { Interval } from '../../src/shared/statistics.ts';

/** A plan trained with one seed: which test images it has right, in an order that all cells of a task share. */
export interface Cell {
  task: string;
  seed: number;
  plan: string;
  correct: readonly boolean[];
}

/** Points of accuracy (0 to 1) lost against the best plan, with a 95 % interval. */
export interface Regret extends Interval {
  regret: number;
}

const RESAMPLES = 1000;
const HALVES = [0, 1] as const;

/** The best plan of a seed and a half, as the other seeds and the other half have it, and the one it is compared with. */
interface Comparison {
  half: 0 | 1;
  best: readonly boolean[];
  chosen: readonly boolean[];
}

/**
 * What the plan that was chosen loses against the best one. Which is best, and by how much, is told by different images and
 * different trainings: otherwise the luck that made a plan the best would count as its merit. So for every seed and each
 * half of the test images (every other one) the best plan is the one that the other seeds have as the best on the other
 * half. The interval is from drawing test images and seeds again with replacement; the best plans stay.
 *
 * @param cells every plan with every seed, two seeds at least
 * @param chosen name of the plan chosen with a seed
 */
export function crossFittedRegret(cells: readonly Cell[], chosen: (seed: number) => string, seed = 1): Regret {
  const comparisons = compareWithBest(cells, chosen);
  const regret = meanOver(comparisons, ({ best, chosen: own, half }) => difference(best, own, everyOther(best, half)));
  const random = Random.seeded(seed, 'regret');
  const replicates = Array.from({ length: RESAMPLES }, () => {
    const drawn = HALVES.map((half) => redraw(everyOther(comparisons[0].best, half), random));
    const groups = Array.from({ length: comparisons.length / 2 }, () => random.below(comparisons.length / 2));
    const sample = groups.flatMap((group) => comparisons.slice(2 * group, 2 * group + 2));
    return meanOver(sample, ({ best, chosen: own, half }) => difference(best, own, drawn[half]));
  }).sort((one, other) => one - other);
  return { regret, low: replicates[Math.floor(0.025 * RESAMPLES)], high: replicates[Math.ceil(0.975 * RESAMPLES) - 1] };
}

/** Two comparisons for every seed, one for each half of the images. Plans that lack a seed are passed over. */
function compareWithBest(cells: readonly Cell[], chosen: (seed: number) => string): Comparison[] {
  const seeds = [...new Set(cells.map((cell) => cell.seed))].sort((one, other) => one - other);
  const answersOf = (plan: string, seed: number): readonly boolean[] | undefined =>
    cells.find((cell) => cell.plan === plan && cell.seed === seed)?.correct;
  const plans = plansWithAllSeeds(cells);
  return seeds.flatMap((seed) => {
    const others = seeds.filter((other) => other !== seed);
    return HALVES.map((half): Comparison => {
      const score = (plan: string): number =>
        meanOver(others, (other) => shareOfHalf(answersOf(plan, other) ?? [], half === 0 ? 1 : 0));
      const best = plans.reduce((one, other) => (score(other) > score(one) ? other : one));
      return { half, best: answersOf(best, seed) ?? [], chosen: answersOf(chosen(seed), seed) ?? [] };
    });
  });
}

/** The plans that were tried with every seed that any was tried with: only these can be compared. */
export function plansWithAllSeeds(cells: readonly Cell[]): string[] {
  const seedsOf = (some: readonly Cell[]): Set<number> => new Set(some.map(({ seed }) => seed));
  const all = seedsOf(cells).size;
  const plans = [...new Set(cells.map(({ plan }) => plan))];
  return plans.filter((name) => seedsOf(cells.filter(({ plan }) => plan === name)).size === all);
}

function shareOfHalf(correct: readonly boolean[], half: 0 | 1): number {
  return meanOver(everyOther(correct, half), (place) => Number(correct[place]));
}

/** Places of every other image, from 0 or 1 on. */
function everyOther(images: readonly unknown[], start: 0 | 1): number[] {
  return Array.from({ length: Math.floor((images.length - start + 1) / 2) }, (_, index) => start + 2 * index);
}

function redraw(places: readonly number[], random: Random): number[] {
  return places.map(() => places[random.below(places.length)]);
}

function difference(one: readonly boolean[], other: readonly boolean[], places: readonly number[]): number {
  return places.reduce((sum, place) => sum + Number(one[place]) - Number(other[place]), 0) / places.length;
}

function meanOver<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0) / items.length;
}

/** Share of the test images that a plan has right, over all its seeds. */
export function accuracyOf(cells: readonly Cell[], chosen: (seed: number) => string): number {
  const used = cells.filter(({ plan, seed }) => plan === chosen(seed));
  return meanOver(used, ({ correct }) => correct.filter(Boolean).length / correct.length);
}

/** The mean of a number over tasks, with the interval from drawing tasks again. */
export function meanOverTasks(values: readonly number[]): BootstrapInterval {
  return bootstrapInterval(values, (drawn) => meanOver(drawn, (value) => value), { seed: 1 });
}
