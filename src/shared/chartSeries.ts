import type { RunDelta, RunView } from './runView.ts';

/** What can be taken from 1 without changing it. */
const NEGLIGIBLE = 1e-17;
const GREATEST_WEIGHT = 0.9999;

/** A curve; both lists are of the same length. */
export interface Curve {
  x: number[];
  y: number[];
}

/**
 * At most `limit` (at least 4) points that draw like the whole smoothed curve: the first, the last, and of each of the equal
 * stretches between them the least and the greatest, in order. So every peak stays. Neither list changes.
 *
 * Smoothing is exponential with bias correction, as TensorBoard draws its curves: each value is the mean of all before it,
 * weighted by `weight` per step back; 0 leaves the values as they are. Values that are not finite stay and count for
 * nothing; a constant curve stays exactly constant.
 */
export function smoothAndDownsample(x: readonly number[], y: readonly number[], weight: number, limit: number): Curve {
  const count = y.length;
  const smoothed = smooth(y, weight);
  if (count <= limit) return { x: x.slice(), y: Array.from(smoothed.subarray(0, count)) };
  const indexes = [0];
  const stretches = Math.max(1, Math.floor((limit - 2) / 2));
  for (let stretch = 0; stretch < stretches; stretch++) {
    const start = 1 + Math.floor((stretch * (count - 2)) / stretches);
    const end = 1 + Math.floor(((stretch + 1) * (count - 2)) / stretches);
    addExtremes(indexes, smoothed, start, end);
  }
  indexes.push(count - 1);
  return { x: indexes.map((index) => x[index]), y: indexes.map((index) => smoothed[index]) };
}

/** Kept from call to call: charts smooth the many thousand steps of several runs at once. */
let scratch = new Float64Array(0);

/** The smoothed values, at the beginning of a list that the next call overwrites. */
function smooth(values: readonly number[], weight: number): Float64Array {
  const count = values.length;
  if (scratch.length < count) scratch = new Float64Array(2 * count);
  const smoothed = scratch;
  const keep = isConstant(values) ? 0 : Math.min(Math.max(weight, 0), GREATEST_WEIGHT);
  let sum = 0;
  let decay = 1;
  for (let index = 0; index < count; index++) {
    const value = values[index];
    if (value > -Infinity && value < Infinity) {
      sum = keep * sum + (1 - keep) * value;
      // Beyond that it makes no difference, and processors are slow with divisions and with numbers that are almost 0.
      if (decay > NEGLIGIBLE) {
        decay *= keep;
        smoothed[index] = sum / (1 - decay);
      } else {
        smoothed[index] = sum;
      }
    } else {
      smoothed[index] = value;
    }
  }
  return smoothed;
}

/** Adds where the least and the greatest value of a stretch are: once where all are alike or none is a number. */
function addExtremes(indexes: number[], values: Float64Array, start: number, end: number): void {
  let least = start;
  let greatest = start;
  let low = Infinity;
  let high = -Infinity;
  for (let index = start; index < end; index++) {
    const value = values[index];
    if (value < low) {
      low = value;
      least = index;
    }
    if (value > high) {
      high = value;
      greatest = index;
    }
  }
  indexes.push(Math.min(least, greatest));
  if (least !== greatest) indexes.push(Math.max(least, greatest));
}

function isConstant(values: readonly number[]): boolean {
  const first = values.find(Number.isFinite);
  return values.every((value) => value === first || !Number.isFinite(value));
}

/**
 * The view with what has come since; what the delta sends again replaces what was there. The lists of steps go over to the
 * new view, which lengthens them: a copy of the many thousand steps of a run with every message would cost more than
 * drawing them. `resync`, and nothing changed, where the delta is about another run or begins after the end of what the view
 * has.
 */
export function applyDelta(view: RunView, delta: RunDelta): RunView | 'resync' {
  if (delta.run !== view.run || delta.from > view.steps.loss.length || delta.fromPoints > view.points.length) {
    return 'resync';
  }
  const { from, fromPoints, steps, points, ...rest } = delta;
  for (const list of ['epoch', 'position', 'loss', 'accuracy'] as const) {
    replaceEnd(view.steps[list], from, steps[list]);
  }
  return {
    ...view,
    ...rest,
    // The same list where no epoch has come, so that what is made of it need not be made again.
    points:
      points.length === 0 && fromPoints === view.points.length
        ? view.points
        : view.points.slice(0, fromPoints).concat(points),
  };
}

function replaceEnd(list: number[], from: number, more: readonly number[]): void {
  list.length = from;
  for (const value of more) list.push(value);
}

/**
 * A number for each of several things, so that it keeps its colour: those that had one keep it, others get the least that
 * is free.
 */
export function assignSlots(before: ReadonlyMap<string, number>, names: readonly string[]): Map<string, number> {
  const slots = new Map<string, number>();
  for (const name of names) {
    const slot = before.get(name);
    if (slot !== undefined) slots.set(name, slot);
  }
  for (const name of names) {
    if (slots.has(name)) continue;
    const taken = new Set(slots.values());
    let free = 0;
    while (taken.has(free)) free++;
    slots.set(name, free);
  }
  return slots;
}

/**
 * Moves labels apart: places in the order of `wanted`, each at least `gap` from its neighbours and within `low` to `high`
 * as far as there is room for all, and otherwise as near to what is wanted as that allows.
 */
export function spreadLabels(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a] - wanted[b]);
  const step = Math.min(gap, order.length > 1 ? (high - low) / (order.length - 1) : gap);
  const places = [...wanted];
  let floor = low;
  for (const index of order) {
    places[index] = Math.max(wanted[index], floor);
    floor = places[index] + step;
  }
  let ceiling = high;
  for (const index of order.reverse()) {
    places[index] = Math.min(places[index], ceiling);
    ceiling = places[index] - step;
  }
  return places;
}
