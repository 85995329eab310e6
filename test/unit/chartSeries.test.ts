import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assignSlots,
  appendSteps,
  applyDelta,
  downsample,
  downsampleIndexes,
  smooth,
  spreadLabels,
} from '../../src/shared/chartSeries.ts';
import { Random } from '../../src/shared/random.ts';
import { emptyRunView, type RunDelta, type RunView, type StepSeries } from '../../src/shared/runView.ts';

const series = (...loss: number[]): StepSeries => ({
  epoch: loss.map(() => 1),
  position: loss.map((_, index) => index),
  loss,
  accuracy: loss.map(() => 0.5),
});

describe('smooth', () => {
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

  it('stays between the least and the greatest value, whatever the weight', () => {
    const value = fc.double({ min: -100, max: 100, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), fc.double({ min: -1, max: 2, noNaN: true }), (values, weight) => {
        const smoothed = smooth(values, weight);
        expect(smoothed).toHaveLength(values.length);
        for (const one of smoothed) {
          expect(one).toBeGreaterThanOrEqual(Math.min(...values) - 1e-6);
          expect(one).toBeLessThanOrEqual(Math.max(...values) + 1e-6);
        }
      }),
      { seed: 3 },
    );
  });
});

describe('downsample', () => {
  it('leaves short curves alone', () => {
    expect(downsample([1, 2, 3], [4, 5, 6], 3)).toEqual({ x: [1, 2, 3], y: [4, 5, 6] });
  });

  it('keeps both ends and every peak of a long noisy curve, in order', () => {
    const random = Random.seeded(1, 'curve');
    const y = Array.from({ length: 20_000 }, () => random.normal());
    y[12_345] = 50;
    y[777] = -50;
    const indexes = downsampleIndexes(y, 1000);
    expect(indexes.length).toBeLessThanOrEqual(1000);
    expect(indexes.length).toBeGreaterThan(900);
    expect([indexes[0], indexes.at(-1)]).toEqual([0, 19_999]);
    expect(indexes).toEqual(expect.arrayContaining([777, 12_345]));
    for (let place = 1; place < indexes.length; place++) expect(indexes[place]).toBeGreaterThan(indexes[place - 1]);
  });

  it('keeps the range of any curve', () => {
    const curve = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(curve, fc.integer({ min: 4, max: 60 }), (values, limit) => {
        const { y } = downsample(values, values, limit);
        expect(y.length).toBeLessThanOrEqual(limit);
        expect([Math.min(...y), Math.max(...y)]).toEqual([Math.min(...values), Math.max(...values)]);
      }),
      { seed: 4 },
    );
  });

  it('finds peaks beside values that are not numbers', () => {
    const y = [0, NaN, 7, NaN, -7, NaN, NaN, 0];
    expect(downsample(y, y, 4).y).toEqual([0, 7, -7, 0]);
  });
});

const view = (loss: number[] = []): RunView => ({ ...emptyRunView('run', 'Run', 'running'), steps: series(...loss) });
const delta = (changes: Partial<RunDelta>): RunDelta => {
  return { ...emptyRunView('run', 'Run', 'finished'), from: 0, fromPoints: 0, ...changes };
};

describe('applyDelta', () => {
  it('adds what has come and replaces what is sent again, without changing what there was', () => {
    const before = view([1, 2, 3]);
    const after = applyDelta(before, delta({ from: 2, steps: series(9, 8) }));
    expect(after).toMatchObject({ run: 'run', name: 'Run', state: 'finished', steps: { loss: [1, 2, 9, 8] } });
    expect(before.steps.loss).toEqual([1, 2, 3]);
    expect(after).not.toHaveProperty('from');
  });

  it('asks for everything where the delta does not fit', () => {
    expect(applyDelta(view([1]), delta({ from: 2 }))).toBe('resync');
    expect(applyDelta(view([1]), delta({ from: 1, fromPoints: 1 }))).toBe('resync');
    expect(applyDelta(view([1]), delta({ from: 1, run: 'other' }))).toBe('resync');
  });
});

describe('appendSteps', () => {
  it('cut every array of a series alike', () => {
    const joined = appendSteps(series(1, 2, 3), 1, series(5));
    expect(joined).toEqual({ epoch: [1, 1], position: [0, 0], loss: [1, 5], accuracy: [0.5, 0.5] });
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
