import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  brierScore,
  calibrationAt,
  expectedCalibrationError,
  fitTemperature,
  GREATEST_TEMPERATURE,
  LEAST_TEMPERATURE,
  negativeLogLikelihood,
  reliabilityBins,
  softmax,
  temperatureScaling,
} from '../../src/shared/calibration.ts';
import { wilsonInterval } from '../../src/shared/statistics.ts';

const PROBABILITIES = [
  [0.7, 0.2, 0.1],
  [0.4, 0.4, 0.2],
  [0.1, 0.8, 0.1],
  [0.25, 0.5, 0.25],
  [0.2, 0.2, 0.6],
  [0.3, 0.3, 0.4],
  [0.5, 0.3, 0.2],
  [0.1, 0.1, 0.8],
  [0.35, 0.25, 0.4],
  [0.6, 0.3, 0.1],
  [0.15, 0.65, 0.2],
  [0.05, 0.05, 0.9],
];
const ACTUAL = [0, 1, 1, 0, 2, 1, 0, 2, 0, 1, 1, 2];

/** Two classes: the probability of the first, and whether it is the true one. */
function binary(confidences: number[], right: number[]): { probabilities: number[][]; actual: number[] } {
  return {
    probabilities: confidences.map((confidence) => [confidence, 1 - confidence]),
    actual: right.map((one) => 1 - one),
  };
}

const anyLogits = fc
  .array(fc.tuple(fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 3, maxLength: 3 }), fc.nat(2)), {
    minLength: 1,
    maxLength: 30,
  })
  .map((cases) => ({ logits: cases.map(([row]) => row), actual: cases.map(([, index]) => index) }));

describe('reliabilityBins', () => {
  it('has bins of equal width that hold their upper limit', () => {
    // scikit-learn 1.9.1: sklearn.calibration.calibration_curve(correct, confidence, n_bins=5) gives these accuracies and
    // confidences; the counts are by hand.
    const bins = reliabilityBins(PROBABILITIES, ACTUAL, { bins: 5 });
    expect(bins.map(({ n }) => n)).toEqual([0, 3, 4, 4, 1]);
    expect(bins.map(({ accuracy }) => accuracy)).toEqual([null, 0, 0.5, 1, 1]);
    expect(bins.map(({ from, to }) => [from, to])).toEqual([
      [0, 0.2],
      [0.2, 0.4],
      [0.4, 0.6],
      [0.6, 0.8],
      [0.8, 1],
    ]);
    [0.4, 0.55, 0.7375, 0.9].forEach((confidence, index) =>
      expect(bins[index + 1].confidence).toBeCloseTo(confidence, 12),
    );
    expect(bins[0].confidence).toBeNull();
    expect(bins[2]).toMatchObject(wilsonInterval(2, 4));
    expect(bins[0]).toMatchObject({ low: 0, high: 1 });
  });

  it('has bins of equal mass', () => {
    const confidences = [0.52, 0.58, 0.61, 0.66, 0.7, 0.74, 0.79, 0.83, 0.88, 0.91, 0.95, 0.99];
    const { probabilities, actual } = binary(confidences, [0, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1]);
    const bins = reliabilityBins(probabilities, actual, { bins: 4, binning: 'equalMass' });
    // scikit-learn 1.9.1: calibration_curve(correct, confidence, n_bins=4, strategy='quantile')
    const accuracies = [1 / 3, 2 / 3, 2 / 3, 1];
    const means = [0.57, 0.7, 2.5 / 3, 0.95];
    expect(bins.map(({ n }) => n)).toEqual([3, 3, 3, 3]);
    for (const [index, bin] of bins.entries()) {
      expect(bin.accuracy).toBeCloseTo(accuracies[index], 12);
      expect(bin.confidence).toBeCloseTo(means[index], 12);
    }
    expect([bins[1].from, bins[1].to]).toEqual([0.66, 0.74]);
    expect(expectedCalibrationError(bins)).toBeCloseTo(0.12166666666666669, 12);
  });

  it('keeps equal confidences together, whatever the order of the cases', () => {
    const { probabilities, actual } = binary([0.6, 0.9, 0.9, 0.9, 0.9, 0.9], [1, 1, 0, 1, 0, 1]);
    const bins = reliabilityBins(probabilities, actual, { bins: 3, binning: 'equalMass' });
    expect(bins.map(({ n }) => n)).toEqual([6]);
    const fine = reliabilityBins(probabilities, actual, { bins: 6, binning: 'equalMass' });
    expect(fine.map(({ n }) => n)).toEqual([1, 5]);
    expect(
      reliabilityBins([...probabilities].reverse(), [...actual].reverse(), { bins: 6, binning: 'equalMass' }),
    ).toEqual(fine);
  });

  it('takes a probability a little above 1, and no cases', () => {
    expect(reliabilityBins([[1.0000001, 0]], [0], { bins: 2 })[1].n).toBe(1);
    expect(reliabilityBins([[0, 0]], [0], { bins: 2 })[0].n).toBe(1);
    expect(reliabilityBins([], []).map(({ n }) => n)).toEqual(new Array(15).fill(0));
    expect(reliabilityBins([], [], { binning: 'equalMass' })).toEqual([]);
    expect(() => reliabilityBins([[1, 0]], [])).toThrow(/differ in length/);
  });

  it('loses no case', () => {
    fc.assert(
      fc.property(anyLogits, fc.integer({ min: 1, max: 20 }), ({ logits, actual }, bins) => {
        const probabilities = logits.map((row) => softmax(row));
        for (const binning of ['equalWidth', 'equalMass'] as const) {
          const filled = reliabilityBins(probabilities, actual, { bins, binning });
          expect(filled.reduce((sum, { n }) => sum + n, 0)).toBe(actual.length);
          for (const { from, to, confidence } of filled) {
            if (confidence === null) continue;
            expect(confidence).toBeGreaterThanOrEqual(from - 1e-12);
            expect(confidence).toBeLessThanOrEqual(to + 1e-12);
          }
        }
      }),
      { seed: 50 },
    );
  });
});

describe('expectedCalibrationError', () => {
  it('weighs the gaps of the bins by their cases', () => {
    // (3 * 0.4 + 4 * 0.05 + 4 * 0.2625 + 1 * 0.1) / 12
    const bins = reliabilityBins(PROBABILITIES, ACTUAL, { bins: 5 });
    expect(expectedCalibrationError(bins)).toBeCloseTo(0.2125, 12);
  });

  it('is the gap of the means with a single bin, 0 for a model as good as it claims, null without cases', () => {
    const honest = binary([0.75, 0.75, 0.75, 0.75], [1, 1, 0, 1]);
    expect(expectedCalibrationError(reliabilityBins(honest.probabilities, honest.actual))).toBe(0);
    const proud = binary([1, 0.8], [0, 1]);
    expect(expectedCalibrationError(reliabilityBins(proud.probabilities, proud.actual, { bins: 1 }))).toBeCloseTo(0.4);
    expect(expectedCalibrationError(reliabilityBins([], []))).toBeNull();
  });
});

describe('brierScore and negativeLogLikelihood', () => {
  it('agree with scikit-learn', () => {
    // scikit-learn 1.9.1: sklearn.metrics.brier_score_loss(actual, probabilities, scale_by_half=False), log_loss(...)
    expect(brierScore(PROBABILITIES, ACTUAL)).toBeCloseTo(0.39666666666666656, 12);
    expect(negativeLogLikelihood(PROBABILITIES, ACTUAL)).toBeCloseTo(0.6919525923989971, 12);
  });

  it('know their ends', () => {
    expect(brierScore([[1, 0]], [0])).toBe(0);
    expect(brierScore([[1, 0]], [1])).toBe(2);
    expect(negativeLogLikelihood([[1, 0]], [0])).toBeCloseTo(0);
    expect(negativeLogLikelihood([[1, 0]], [1])).toBeCloseTo(52 * Math.LN2, 12);
    expect(brierScore([], [])).toBeNull();
    expect(negativeLogLikelihood([], [])).toBeNull();
  });
});

describe('softmax', () => {
  it('sums to 1 for any logits, and flattens with the temperature', () => {
    expect(softmax([1000, 0, -1000])).toEqual([1, 0, 0]);
    expect(softmax([0, Math.log(3)])[1]).toBeCloseTo(0.75, 12);
    expect(softmax([0, 2 * Math.log(3)], 2)[1]).toBeCloseTo(0.75, 12);
  });
});

describe('temperatureScaling', () => {
  const logits = [
    [4, 1, 0],
    [2, 5, 1],
    [0, 3, 1],
    [6, 2, 1],
    [1, 1, 4],
    [5, 2, 0],
    [0, 4, 2],
    [3, 0, 5],
    [2, 2, 1],
    [1, 6, 0],
    [4, 0, 1],
    [0, 1, 3],
  ].map((row) => row.map((logit) => 1.5 * logit));
  const actual = [0, 1, 1, 2, 2, 0, 2, 2, 1, 1, 0, 2];

  it('agrees with scipy and scikit-learn', () => {
    // scipy 1.17.1: the root of the derivative of the log loss in ln T by scipy.optimize.brentq(..., xtol=1e-15);
    // scikit-learn 1.9.1: log_loss, and the gaps of calibration_curve(..., n_bins=15) weighted by the counts.
    const { temperature, atLimit, before, after } = temperatureScaling(logits, actual);
    expect(temperature).toBeCloseTo(2.419293908828624, 9);
    expect(atLimit).toBe(false);
    expect(before.negativeLogLikelihood).toBeCloseTo(0.9662471235388946, 12);
    expect(after.negativeLogLikelihood).toBeCloseTo(0.6582736189725807, 12);
    expect(before.expectedCalibrationError).toBeCloseTo(0.1800199613811084, 12);
    expect(after.expectedCalibrationError).toBeCloseTo(0.22430860529824134, 9);
  });

  it('finds the temperature that spoilt calibrated logits', () => {
    // Of 100 cases with probabilities 0.7, 0.2 and 0.1, as many are of each class.
    const row = [0.7, 0.2, 0.1].map((probability) => 3 * Math.log(probability));
    const spoilt = Array.from({ length: 100 }, () => row);
    const classes = spoilt.map((_, index) => (index < 70 ? 0 : index < 90 ? 1 : 2));
    const { temperature, before, after } = temperatureScaling(spoilt, classes);
    expect(temperature).toBeCloseTo(3, 10);
    expect(before.expectedCalibrationError).toBeGreaterThan(0.2);
    expect(after.expectedCalibrationError).toBeCloseTo(0, 10);
  });

  it('says so where the cases set no limit to it', () => {
    expect(fitTemperature([[2, 0]], [0])).toEqual({ temperature: LEAST_TEMPERATURE, atLimit: true });
    expect(fitTemperature([[20, 0]], [0])).toEqual({ temperature: LEAST_TEMPERATURE, atLimit: true });
    expect(fitTemperature([[2, 0]], [1])).toEqual({ temperature: GREATEST_TEMPERATURE, atLimit: true });
  });

  it('leaves alone what no temperature changes', () => {
    expect(fitTemperature([[1, 1]], [1])).toEqual({ temperature: 1, atLimit: false });
    const { temperature, before } = temperatureScaling([], []);
    expect(temperature).toBe(1);
    expect(before).toEqual({ expectedCalibrationError: null, negativeLogLikelihood: null, brierScore: null });
  });

  it('never worsens the likelihood, beats its neighbours, and scales with the logits', () => {
    fc.assert(
      fc.property(anyLogits, fc.double({ min: 0.5, max: 2, noNaN: true }), (cases, factor) => {
        const { temperature, atLimit, before, after } = temperatureScaling(cases.logits, cases.actual);
        const best = after.negativeLogLikelihood ?? NaN;
        expect(best).toBeLessThanOrEqual((before.negativeLogLikelihood ?? NaN) + 1e-12);
        fc.pre(!atLimit && temperature > 0.05 && temperature < 20);
        for (const other of [temperature * 1.05, temperature / 1.05]) {
          const worse = calibrationAt(cases.logits, cases.actual, other).negativeLogLikelihood;
          expect(best).toBeLessThanOrEqual((worse ?? NaN) + 1e-12);
        }
        const scaled = cases.logits.map((row) => row.map((logit) => factor * logit));
        const again = fitTemperature(scaled, cases.actual);
        expect(Math.abs(again.temperature / (factor * temperature) - 1)).toBeLessThan(1e-6);
      }),
      { seed: 51 },
    );
  });
});
