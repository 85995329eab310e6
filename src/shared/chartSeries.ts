import type { RunDelta, RunView, StepSeries } from './runView.ts';

/** What can be taken from 1 without changing it. */
const NEGLIGIBLE = 1e-17;

/**
 * Exponential smoothing with bias correction, as TensorBoard draws its curves: each value is the mean of all before it,
 * weighted by `weight` per step back (0 leaves the values as they are). Values that are not finite stay and count for
 * nothing; a constant curve stays exactly constant.
 */
export function smooth(values: readonly number[], weight: number): number[] {
  const keep = Math.min(Math.max(weight, 0), 0.9999);
  if (keep === 0) return [...values];
  const first = values.find(Number.isFinite);
  if (values.every((value) => value === first || !Number.isFinite(value))) return [...values];
  let sum = 0;
  let decay = 1;
  const smoothed = values.slice();
  // Without a call for each value: charts smooth the many thousand steps of several runs at once.
  for (let index = 0; index < smoothed.length; index++) {
    const value = smoothed[index];
    if (value > -Infinity && value < Infinity) {
      sum = keep * sum + (1 - keep) * value;
      // Beyond that it makes no difference, and processors are slow with numbers that are almost 0.
      if (decay > NEGLIGIBLE) decay *= keep;
      smoothed[index] = sum / (1 - decay);
    }
  }
  return smoothed;
}

/**
 * Indexes of at most `limit` (at least 4) values that draw like all of them: the first, the last, and of each of the equal
 * stretches between them the least and the greatest, in order. So every peak stays.
 */
export function downsampleIndexes(values: readonly number[], limit: number): number[] {
  const count = values.length;
  if (count <= limit) return Array.from({ length: count }, (_, index) => index);
  const stretches = Math.max(1, Math.floor((limit - 2) / 2));
  const indexes = [0];
  for (let stretch = 0; stretch < stretches; stretch++) {
    const start = 1 + Math.floor((stretch * (count - 2)) / stretches);
    const end = 1 + Math.floor(((stretch + 1) * (count - 2)) / stretches);
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
  indexes.push(count - 1);
  return indexes;
}

/** A curve with at most `limit` points; see `downsampleIndexes`. */
export function downsample(x: readonly number[], y: readonly number[], limit: number): { x: number[]; y: number[] } {
  const indexes = downsampleIndexes(y, limit);
  return { x: indexes.map((index) => x[index]), y: indexes.map((index) => y[index]) };
}

/** A series whose entries from `from` on are replaced by `more`. */
export function appendSteps(steps: StepSeries, from: number, more: StepSeries): StepSeries {
  const joined = (one: readonly number[], two: readonly number[]): number[] => one.slice(0, from).concat(two);
  return {
    epoch: joined(steps.epoch, more.epoch),
    position: joined(steps.position, more.position),
    loss: joined(steps.loss, more.loss),
    accuracy: joined(steps.accuracy, more.accuracy),
  };
}

/**
 * The view with what has come since; neither argument changes. What the delta sends again replaces what was there.
 * `resync` where the delta is about another run or begins after the end of what the view has.
 */
export function applyDelta(view: RunView, delta: RunDelta): RunView | 'resync' {
  if (delta.run !== view.run || delta.from > view.steps.loss.length || delta.fromPoints > view.points.length) {
    return 'resync';
  }
  const { from, fromPoints, steps, points, ...rest } = delta;
  return {
    ...view,
    ...rest,
    steps: appendSteps(view.steps, from, steps),
    // The same list where no epoch has come, so that what is made of it need not be made again.
    points:
      points.length === 0 && fromPoints === view.points.length
        ? view.points
        : view.points.slice(0, fromPoints).concat(points),
  };
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
