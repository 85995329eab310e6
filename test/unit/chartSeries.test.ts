import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignSlots, applyDelta, smoothAndDownsample, spreadLabels } from '../../src/shared/chartSeries.ts';
import { Random } from '../../src/shared/random.ts';
import { emptyRunView, type RunDelta, type RunView, type StepSeries } from '../../src/shared/runView.ts';

const series = (...loss: number[]): StepSeries => ({
  epoch: loss.map(() => 1),
  position: loss.map((_, index) => index),
  loss,
  accuracy: loss.map(() => 0.5),
});

/** By the textbook: every smoothed value by itself. */
function debiasedMean(values: readonly number[], weight: number): number[] {
  return values.map((value, index) => {
    if (!Number.isFinite(value)) return value;
    const before = values
      .slice(0, index + 1)
      .filter(Number.isFinite)
      .reverse();
    const shares = before.map((_, back) => weight ** back);
    const total = shares.reduce((sum, share) => sum + share, 0);
    return before.reduce((sum, each, back) => sum + each * shares[back], 0) / total;
  });
}

const positions = (values: readonly number[]): number[] => values.map((_, index) => index);
const smooth = (values: number[], weight: number): number[] =>
  smoothAndDownsample(positions(values), values, weight, Math.max(4, values.length)).y;
const downsample = (values: number[], limit: number) => smoothAndDownsample(positions(values), values, 0, limit);

describe('smoothing', () => {
  it('is the debiased mean of TensorBoard', () => {
    // By hand: 1; (0.5*0.5 + 0.5*3) / 0.75; (0.5*1.75 + 0.5*2) / 0.875.
    expect(smooth([1, 3, 2], 0.5)).toEqual([1, 1.75 / 0.75, 1.875 / 0.875]);
  });

  it('leaves the values as they are without weight, and constant curves exactly', () => {
    expect(smooth([1, 3, 2], 0)).toEqual([1, 3, 2]);
    expect(smooth([0.1, 0.1, 0.1], 0.6)).toEqual([0.1, 0.1, 0.1]);
    expect(smooth([], 0.9)).toEqual([]);
  });

  it('passes over values that are not finite', () => {
    expect(smooth([1, NaN, 3], 0.5)).toEqual([1, NaN, 1.75 / 0.75]);
    expect(smooth([Infinity, 1, 3], 0.5)).toEqual([Infinity, 1, 1.75 / 0.75]);
  });

  it('is the weighted mean of what came before, between the least and the greatest value', () => {
    const value = fc.double({ min: -100, max: 100, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (values, weight) => {
          const smoothed = smooth(values, weight);
          expect(smoothed).toHaveLength(values.length);
          debiasedMean(values, weight).forEach((one, index) => expect(smoothed[index]).toBeCloseTo(one, 6));
        },
      ),
      { seed: 3 },
    );
  });

  it('comes before the points are chosen: they are among those of the whole smoothed curve', () => {
    const random = Random.seeded(2, 'curve');
    const values = Array.from({ length: 3000 }, () => random.normal());
    const whole = smooth(values, 0.9);
    const { x, y } = smoothAndDownsample(positions(values), values, 0.9, 200);
    expect(x.length).toBeLessThanOrEqual(200);
    expect(x.length).toBeGreaterThan(180);
    expect(y).toEqual(x.map((position) => whole[position]));
    expect([Math.min(...y), Math.max(...y)]).toEqual([Math.min(...whole), Math.max(...whole)]);
  });
});

describe('downsampling', () => {
  it('leaves short curves alone', () => {
    expect(smoothAndDownsample([1, 2, 3], [4, 5, 6], 0, 4)).toEqual({ x: [1, 2, 3], y: [4, 5, 6] });
  });

  it('keeps both ends and every peak of a long noisy curve, in order', () => {
    const random = Random.seeded(1, 'curve');
    const values = Array.from({ length: 20_000 }, () => random.normal());
    values[12_345] = 50;
    values[777] = -50;
    const { x, y } = downsample(values, 1000);
    expect(x.length).toBeLessThanOrEqual(1000);
    expect(x.length).toBeGreaterThan(900);
    expect([x[0], x.at(-1)]).toEqual([0, 19_999]);
    expect(x).toEqual(expect.arrayContaining([777, 12_345]));
    expect(y).toEqual(x.map((position) => values[position]));
    for (let place = 1; place < x.length; place++) expect(x[place]).toBeGreaterThan(x[place - 1]);
  });

  it('keeps the range of any curve', () => {
    const curve = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(curve, fc.integer({ min: 4, max: 60 }), (values, limit) => {
        const { y } = downsample(values, limit);
        expect(y.length).toBeLessThanOrEqual(limit);
        expect([Math.min(...y), Math.max(...y)]).toEqual([Math.min(...values), Math.max(...values)]);
      }),
      { seed: 4 },
    );
  });

  it('finds peaks beside values that are not numbers', () => {
    expect(downsample([0, NaN, 7, NaN, -7, NaN, NaN, 0], 4).y).toEqual([0, 7, -7, 0]);
  });

  it('keeps a stretch without numbers as a gap', () => {
    expect(downsample([0, NaN, NaN, NaN, NaN, 1], 4).y).toEqual([0, NaN, 1]);
  });
});

const view = (loss: number[] = []): RunView => ({ ...emptyRunView('run', 'Run', 'running'), steps: series(...loss) });
const delta = (changes: Partial<RunDelta>): RunDelta => {
  return { ...emptyRunView('run', 'Run', 'finished'), from: 0, fromPoints: 0, ...changes };
};

describe('applyDelta', () => {
  it('adds what has come and replaces what is sent again', () => {
    const after = applyDelta(view([1, 2, 3]), delta({ from: 2, steps: series(9, 8) }));
    const steps = { epoch: [1, 1, 1, 1], position: [0, 1, 0, 1], loss: [1, 2, 9, 8], accuracy: [0.5, 0.5, 0.5, 0.5] };
    expect(after).toMatchObject({ run: 'run', name: 'Run', state: 'finished', steps });
    expect(after).not.toHaveProperty('from');
  });

  it('asks for everything where the delta does not fit', () => {
    expect(applyDelta(view([1]), delta({ from: 2 }))).toBe('resync');
    expect(applyDelta(view([1]), delta({ from: 1, fromPoints: 1 }))).toBe('resync');
    expect(applyDelta(view([1]), delta({ from: 1, run: 'other' }))).toBe('resync');
  });
});

describe('assignSlots', () => {
  it('keeps the slots of those that stay and fills the gaps', () => {
    const first = assignSlots(new Map(), ['a', 'b', 'c']);
    expect([...first]).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 2],
    ]);
    const second = assignSlots(first, ['d', 'c', 'a', 'e']);
    expect(Object.fromEntries(second)).toEqual({ a: 0, c: 2, d: 1, e: 3 });
  });
});

describe('spreadLabels', () => {
  it('leaves places alone that are far enough apart', () => {
    expect(spreadLabels([40, 10, 25], 12, 0, 100)).toEqual([40, 10, 25]);
  });

  it('keeps the order, the gap and the bounds wherever there is room', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -20, max: 120, noNaN: true }), { maxLength: 8 }), (wanted) => {
        const places = spreadLabels(wanted, 12, 0, 100);
        const order = wanted.map((_, index) => index).sort((a, b) => wanted[a] - wanted[b]);
        const sorted = order.map((index) => places[index]);
        sorted.forEach((place, index) => {
          expect(place).toBeGreaterThanOrEqual(-1e-9);
          expect(place).toBeLessThanOrEqual(100 + 1e-9);
          if (index > 0) expect(place - sorted[index - 1]).toBeGreaterThanOrEqual(12 - 1e-9);
        });
      }),
      { seed: 5 },
    );
  });

  it('shares what there is where there is not enough room', () => {
    expect(spreadLabels([5, 5, 5], 12, 0, 10)).toEqual([0, 5, 10]);
  });
});
