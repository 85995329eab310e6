import { mean, requireSameLength, wilsonInterval, type Interval } from './statistics.ts';

/** [case][class], finite. */
type Rows = readonly (readonly number[])[];

export interface BinningOptions {
  /** Default 15, as in the paper. */
  bins?: number;
  /**
   * `equalWidth`, the default: bin m of M holds the confidences above (m - 1) / M up to m / M. `equalMass`: as many cases
   * in each as possible; equal confidences stay together, so that there can be fewer bins.
   */
  binning?: 'equalWidth' | 'equalMass';
}

/** The cases whose confidence lies in one range; `low` and `high` are the 95 % Wilson interval of the accuracy. */
export interface ReliabilityBin extends Interval {
  /** Limits of the confidences: of the bin with equal width, the least and the greatest of its cases with equal mass. */
  from: number;
  to: number;
  n: number;
  /** Mean confidence and share of right answers; null without cases. */
  confidence: number | null;
  accuracy: number | null;
}

/**
 * How often the most probable class is right, by how sure the model is: the bars of a reliability diagram, from unsure
 * to sure (C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017, arXiv 1706.04599).
 *
 * @param probabilities [case][class]
 * @param actual the class of each case, as an index
 */
export function reliabilityBins(
  probabilities: Rows,
  actual: readonly number[],
  { bins = 15, binning = 'equalWidth' }: BinningOptions = {},
): ReliabilityBin[] {
  requireSameLength(probabilities, actual);
  const answers = probabilities.map((row, index) => {
    const confidence = Math.max(...row);
    return { confidence, correct: row.indexOf(confidence) === actual[index] };
  });
  if (binning === 'equalMass') {
    return equalMass(answers, bins).map((members) =>
      summarise(members, members[0].confidence, members[members.length - 1].confidence),
    );
  }
  const groups = Array.from({ length: bins }, (): Answer[] => []);
  for (const answer of answers) {
    // A sum of float32 weights can leave a probability a little above 1.
    groups[Math.min(Math.max(0, Math.ceil(answer.confidence * bins) - 1), bins - 1)].push(answer);
  }
  return groups.map((members, index) => summarise(members, index / bins, (index + 1) / bins));
}

/**
 * Mean gap between confidence and accuracy over the bins, each weighted by its cases (Guo et al. 2017, equation 3): 0 to 1,
 * 0 for a model that is right as often as it claims. Null without cases.
 */
export function expectedCalibrationError(bins: readonly ReliabilityBin[]): number | null {
  let cases = 0;
  let gaps = 0;
  for (const { n, confidence, accuracy } of bins) {
    cases += n;
    gaps += n * Math.abs((accuracy ?? 0) - (confidence ?? 0));
  }
  return cases === 0 ? null : gaps / cases;
}

/**
 * Mean squared distance of the probabilities from the truth, summed over the classes as in the original (G. W. Brier,
 * Monthly Weather Review 78, 1950): 0 to 2, with two classes twice what is often given. Null without cases.
 */
export function brierScore(probabilities: Rows, actual: readonly number[]): number | null {
  requireSameLength(probabilities, actual);
  if (actual.length === 0) return null;
  return mean(
    probabilities.map((row, index) =>
      row.reduce(
        (total, probability, classIndex) => total + (probability - Number(classIndex === actual[index])) ** 2,
        0,
      ),
    ),
  );
}

/**
 * Mean of -ln of the probability of the true class, in nats; null without cases. A probability counts as at least 2^-52, so
 * that one that was rounded to 0 does not make the mean infinite.
 */
export function negativeLogLikelihood(probabilities: Rows, actual: readonly number[]): number | null {
  requireSameLength(probabilities, actual);
  if (actual.length === 0) return null;
  return mean(probabilities.map((row, index) => -Math.log(Math.max(row[actual[index]], Number.EPSILON))));
}

/** Probabilities of the classes, each logit divided by the temperature first. */
export function softmax(logits: readonly number[], temperature = 1): number[] {
  const greatest = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp((logit - greatest) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

export const LEAST_TEMPERATURE = 0.01;
export const GREATEST_TEMPERATURE = 100;

export interface FittedTemperature {
  temperature: number;
  /** The likelihood still grows beyond the range searched: the cases say too little, as when all of them are right. */
  atLimit: boolean;
}

/**
 * The temperature of least negative log-likelihood (temperature scaling, Guo et al. 2017), from `LEAST_TEMPERATURE` to
 * `GREATEST_TEMPERATURE`. It is convex in 1 / T, so that its slope tells on which side of T the one minimum lies;
 * halving the range of ln T by that sign cannot miss it. Above 1 the model was too sure. The order of the classes never
 * changes. 1 where every temperature is as good.
 *
 * @param logits [case][class]; logarithms of probabilities serve as well. Take cases the weights were not trained on.
 */
export function fitTemperature(logits: Rows, actual: readonly number[]): FittedTemperature {
  requireSameLength(logits, actual);
  const startSlope = sharpeningSlope(logits, actual, 1);
  if (startSlope === 0) return { temperature: 1, atLimit: false };
  const limit = startSlope > 0 ? GREATEST_TEMPERATURE : LEAST_TEMPERATURE;
  // 0 where all answers are right and so sure that sharpening them further changes nothing a float can hold.
  if (sharpeningSlope(logits, actual, limit) * startSlope >= 0) return { temperature: limit, atLimit: true };
  let near = 0;
  let far = Math.log(limit);
  for (let step = 0; step < 60; step++) {
    const middle = (near + far) / 2;
    if (sharpeningSlope(logits, actual, Math.exp(middle)) * startSlope > 0) near = middle;
    else far = middle;
  }
  return { temperature: Math.exp((near + far) / 2), atLimit: false };
}

export interface CalibrationSummary {
  expectedCalibrationError: number | null;
  negativeLogLikelihood: number | null;
  brierScore: number | null;
}

/** How well calibrated the logits are at a temperature; null without cases. */
export function calibrationAt(
  logits: Rows,
  actual: readonly number[],
  temperature: number,
  binning?: BinningOptions,
): CalibrationSummary {
  const probabilities = logits.map((row) => softmax(row, temperature));
  return {
    expectedCalibrationError: expectedCalibrationError(reliabilityBins(probabilities, actual, binning)),
    negativeLogLikelihood: negativeLogLikelihood(probabilities, actual),
    brierScore: brierScore(probabilities, actual),
  };
}

export interface TemperatureScaling extends FittedTemperature {
  before: CalibrationSummary;
  after: CalibrationSummary;
}

/**
 * `fitTemperature` with the calibration before and after on the same cases. `after` flatters a little, since the
 * temperature was chosen on them; judge it on others with `calibrationAt`.
 */
export function temperatureScaling(
  logits: Rows,
  actual: readonly number[],
  binning?: BinningOptions,
): TemperatureScaling {
  const fitted = fitTemperature(logits, actual);
  return {
    ...fitted,
    before: calibrationAt(logits, actual, 1, binning),
    after: calibrationAt(logits, actual, fitted.temperature, binning),
  };
}

interface Answer {
  confidence: number;
  correct: boolean;
}

/** Stretches of the answers in order of confidence, cut nearest to equal counts where the confidence changes. */
function equalMass(answers: readonly Answer[], bins: number): Answer[][] {
  const sorted = [...answers].sort((a, b) => a.confidence - b.confidence);
  const stretches: Answer[][] = [];
  let start = 0;
  for (let bin = 1; bin <= bins; bin++) {
    let end = Math.max(start, Math.round((bin * sorted.length) / bins));
    while (end > start && end < sorted.length && sorted[end].confidence === sorted[end - 1].confidence) end++;
    if (end > start) stretches.push(sorted.slice(start, end));
    start = end;
  }
  return stretches;
}

function summarise(members: readonly Answer[], from: number, to: number): ReliabilityBin {
  const n = members.length;
  const right = members.filter(({ correct }) => correct).length;
  return {
    from,
    to,
    n,
    confidence: n === 0 ? null : mean(members.map(({ confidence }) => confidence)),
    accuracy: n === 0 ? null : right / n,
    ...wilsonInterval(right, n),
  };
}

/** Slope of the negative log-likelihood in 1 / T: positive where sharper probabilities would be worse. */
function sharpeningSlope(logits: Rows, actual: readonly number[], temperature: number): number {
  let slope = 0;
  for (const [index, row] of logits.entries()) {
    const truth = row[actual[index]];
    softmax(row, temperature).forEach((probability, classIndex) => (slope += probability * (row[classIndex] - truth)));
  }
  return slope;
}
