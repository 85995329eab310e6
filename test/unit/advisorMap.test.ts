import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JudgedSimilarity, mapPlace } from '../../src/shared/advisorMap.ts';
import { dataBand } from '../../src/shared/dataBand.ts';
import { judgeSimilarity } from '../../src/shared/similarity.ts';

const BANDS = { high: 0.15, low: 0.35 };

/** Measured with an interval of this ratio to both sides. */
function measured(distance: number | null, { ratio = 1.1, calibrated = true } = {}): JudgedSimilarity {
  const measurement = {
    distance: distance === null ? null : { distance, low: distance / ratio, high: distance * ratio },
    bands: calibrated && distance !== null ? BANDS : null,
    ...{ fingerprint: null, curve: null, depths: null, images: 60, inputShift: false, inseparable: [] },
  };
  return { measurement, judgement: judgeSimilarity(measurement) };
}

const counts = fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 2, maxLength: 6 });
const distances = fc.double({ min: 1e-6, max: 1000, noNaN: true });

describe('the place on the map', () => {
  it('lies in its quadrant, and in its box on the map', () => {
    fc.assert(
      fc.property(counts, distances, fc.boolean(), (perClass, distance, calibrated) => {
        const data = dataBand(perClass);
        const similarity = measured(distance, { calibrated });
        const { x, y, left, right, bottom, top } = mapPlace(data, perClass.length, similarity);
        expect(x > 0.5).toBe(similarity.judgement.similarity === 'high');
        if (data.quadrantData === 'high') expect(y).toBeGreaterThanOrEqual(0.5);
        else expect(y).toBeLessThanOrEqual(0.5);
        expect([0 <= left, left <= x, x <= right, right <= 1]).toEqual([true, true, true, true]);
        expect([0 <= bottom, bottom <= y, y <= top, top <= 1]).toEqual([true, true, true, true]);
      }),
    );
  });

  it('moves right as the distance falls, and up with the images', () => {
    const xs = [1, 0.5, 0.36, 0.3, 0.1, 0.03].map((distance) => mapPlace(dataBand([60, 60]), 2, measured(distance)).x);
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
    const ys = [5, 20, 100, 499, 500, 900, 5000].map((count) => mapPlace(dataBand([count, 9000]), 2, measured(1)).y);
    expect(ys).toEqual([...ys].sort((a, b) => a - b));
  });

  it('has a narrower box for a narrower interval, and a wide one without bands', () => {
    const width = (similarity: JudgedSimilarity): number => {
      const { left, right } = mapPlace(dataBand([60, 60]), 2, similarity);
      return right - left;
    };
    expect(width(measured(0.2, { ratio: 1.05 }))).toBeLessThan(width(measured(0.2, { ratio: 1.5 })));
    expect(width(measured(0.2, { calibrated: false }))).toBeCloseTo(0.4, 10);
    expect(width(measured(null))).toBeCloseTo(0.4, 10);
  });

  it('has a box up to the average class', () => {
    const even = mapPlace(dataBand([60, 60]), 2, measured(0.1));
    expect(even.top).toBe(even.bottom);
    const uneven = mapPlace(dataBand([60, 300]), 2, measured(0.1));
    expect(uneven.top).toBeGreaterThan(uneven.bottom);
  });
});
