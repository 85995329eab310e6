import { ThawError } from './errors.ts';
import { Random } from './random.ts';
import { type Interval, mean, wilsonInterval } from './statistics.ts';

/** Parts of the images to train on that are tried, ascending; the last is all of them. */
export const SHARES = [0.25, 0.5, 0.75, 1] as const;

/** Error (0 to 1) after training on n images: floor + scale * n^-decay. */
export interface PowerLaw {
  floor: number;
  scale: number;
  decay: number;
}

/** Accuracy after training on some images, with its 95 % interval. */
export interface CurvePoint extends Interval {
  images: number;
  accuracy: number;
}

/** How often each image was judged right, with the same images at every share and in every repeat. */
export interface CurveAnswers {
  /** Images trained on at each share, ascending. */
  images: readonly number[];
  /** [repeat][share][image] */
  correct: readonly (readonly (readonly boolean[])[])[];
  /** The group of each image: images of a group are alike, and the groups are what is independent. Default: each its own. */
  groups?: readonly number[];
}

/** What was forecast from the shares below the last, and what the last turned out to be. */
export interface BackTest extends Interval {
  /** Trained on where it was measured. */
  images: number;
  accuracy: number;
  forecast: number;
  /** Whether the measured accuracy lies in the interval of the forecast. */
  within: boolean;
}

/** Decays of learning curves lie between these (T. Viering and M. Loog, The Shape of Learning Curves, arXiv 2103.10948). */
const DECAYS = Array.from({ length: 20 }, (_, step) => 0.1 + 0.1 * step);
const RESAMPLES = 1000;
const SEED = 1;
const TAIL = 0.025;

/**
 * The power law that is nearest to some errors in the mean of squares, with floor and scale not negative: solved for each decay of
 * a grid (0.1 to 2). Errors that do not fall have a scale of 0. Three points fix three numbers, so such a fit has to be judged
 * by resampling (R. Figueroa et al., Predicting sample size required for classification performance, 2012).
 *
 * @param images ascending, above 0
 * @param errors 0 to 1, as many
 */
export function fitPowerLaw(images: readonly number[], errors: readonly number[]): PowerLaw {
  return nearestLaw(termsOf(images), errors);
}

/** n^-decay of each number of images, for every decay of the grid. */
function termsOf(images: readonly number[]): number[][] {
  return DECAYS.map((decay) => images.map((count) => count ** -decay));
}

function nearestLaw(grid: readonly (readonly number[])[], errors: readonly number[]): PowerLaw {
  let best: PowerLaw = { floor: 0, scale: 0, decay: DECAYS[0] };
  let least = Infinity;
  for (const [place, decay] of DECAYS.entries()) {
    const terms = grid[place];
    const { floor, scale } = nearestLine(terms, errors);
    const squares = errors.reduce((sum, error, at) => sum + (error - floor - scale * terms[at]) ** 2, 0);
    if (squares >= least - 1e-15) continue;
    least = squares;
    best = { floor, scale, decay };
  }
  return best;
}

/** Least squares of y = floor + scale x with neither below 0. */
function nearestLine(x: readonly number[], y: readonly number[]): { floor: number; scale: number } {
  const [meanX, meanY] = [mean(x), mean(y)];
  const spread = x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
  const together = x.reduce((sum, value, at) => sum + (value - meanX) * (y[at] - meanY), 0);
  const scale = spread > 0 ? together / spread : 0;
  if (scale <= 0) return { floor: meanY, scale: 0 };
  const floor = meanY - scale * meanX;
  if (floor >= 0) return { floor, scale };
  const squares = x.reduce((sum, value) => sum + value * value, 0);
  return { floor: 0, scale: x.reduce((sum, value, at) => sum + value * y[at], 0) / squares };
}

/** What a power law gains in accuracy from `from` to `to` images: never less than nothing. */
export function gainOf({ scale, decay }: PowerLaw, from: number, to: number): number {
  return scale * (from ** -decay - to ** -decay);
}

/** Accuracy at each share: the mean over the repeats, with the Wilson interval of so many independent images. */
export function curvePoints(answers: CurveAnswers): CurvePoint[] {
  const { images, correct } = answers;
  const n = independentImages(unitsOf(answers));
  return images.map((count, share) => {
    const accuracy = mean(correct.map((repeat) => shareOf(repeat[share])));
    return { images: count, accuracy, ...wilsonInterval(accuracy * n, n) };
  });
}

/** `curvePoints` at the last share, of some of the images: one at least. */
export function lastPointOf(members: readonly number[], { images, correct, groups }: CurveAnswers): CurvePoint {
  const last = images.length - 1;
  const own = correct.map((repeat) => [members.map((image) => repeat[last][image])]);
  const groupsOfMembers = groups && members.map((image) => groups[image]);
  return curvePoints({ images: [images[last]], correct: own, groups: groupsOfMembers })[0];
}

/**
 * The accuracy to expect of more images: that of all images, and what a power law gains from there. For the interval images
 * (by whole groups) and repeats are drawn again with replacement a thousand times, and the law is fitted to each draw; the
 * mean gain of all draws is the forecast, since a single fit to so few points hangs on chance. It covers which images happened
 * to be there, as the intervals of the points do, and so never is much narrower than theirs.
 *
 * @param target images to be trained on, at least as many as there were
 * @throws ThawError `internal` without at least three shares and one image
 */
export function forecastAccuracy(answers: CurveAnswers, target: number): CurvePoint {
  const { images } = answers;
  const all = images[images.length - 1];
  requireCurve(answers);
  const random = Random.seeded(SEED, 'learning curve');
  const grid = termsOf(images);
  const units = unitsOf(answers);
  const draws = Array.from({ length: RESAMPLES }, () => {
    const errors = drawnErrors(answers, units, random);
    const gain = gainOf(nearestLaw(grid, errors), all, target);
    return { gain, accuracy: 1 - errors[errors.length - 1] + gain };
  });
  const present = curvePoints(answers)[images.length - 1];
  const accuracy = Math.min(1, present.accuracy + mean(draws.map(({ gain }) => gain)));
  const sorted = draws.map((draw) => Math.min(1, draw.accuracy)).sort((a, b) => a - b);
  const quantile = (level: number): number => sorted[Math.round(level * (sorted.length - 1))];
  // Images without a fault show no spread when they are drawn again, and might yet have had one.
  const low = Math.min(quantile(TAIL), accuracy - (present.accuracy - present.low));
  const high = Math.max(quantile(1 - TAIL), accuracy);
  return { images: target, accuracy, low: Math.max(0, low), high };
}

/** Forecasts the last share from those below it. Throws as `forecastAccuracy`, which needs three of them. */
export function backTest(answers: CurveAnswers): BackTest {
  const { images, correct, groups } = answers;
  const measured = curvePoints(answers)[images.length - 1];
  const below = { images: images.slice(0, -1), correct: correct.map((repeat) => repeat.slice(0, -1)), groups };
  const { accuracy: forecast, low, high } = forecastAccuracy(below, measured.images);
  const within = measured.accuracy >= low && measured.accuracy <= high;
  return { images: measured.images, accuracy: measured.accuracy, forecast, low, high, within };
}

/** The error at each share for units and repeats that are drawn with replacement, the same at every share. */
function drawnErrors(
  { images, correct }: CurveAnswers,
  units: readonly (readonly number[])[],
  random: Random,
): number[] {
  const repeats = correct.map(() => correct[random.below(correct.length)]);
  const wrong = images.map(() => 0);
  let drawn = 0;
  for (let draw = 0; draw < units.length; draw++) {
    const unit = units[random.below(units.length)];
    drawn += unit.length;
    for (const image of unit)
      for (const repeat of repeats)
        for (const [share, answers] of repeat.entries()) if (!answers[image]) wrong[share]++;
  }
  return wrong.map((number) => number / (drawn * repeats.length));
}

/** The images of each group, or each by itself. */
function unitsOf({ correct, groups }: CurveAnswers): number[][] {
  const units = new Map<number, number[]>();
  for (const image of correct[0][0].keys()) {
    const group = groups ? groups[image] : image;
    const unit = units.get(group);
    if (unit) unit.push(image);
    else units.set(group, [image]);
  }
  return [...units.values()];
}

/**
 * How many independent images tell as much as these when those of a unit all tell the same: squared sum over sum of squares of
 * the sizes (L. Kish, Survey Sampling, 1965). Equal units count once each; a large one among small ones makes it fewer yet.
 */
function independentImages(units: readonly (readonly number[])[]): number {
  const images = units.reduce((sum, unit) => sum + unit.length, 0);
  return images ** 2 / units.reduce((sum, unit) => sum + unit.length ** 2, 0);
}

function requireCurve({ images, correct }: CurveAnswers): void {
  if (images.length >= 3 && correct.length > 0 && correct[0][0].length > 0) return;
  throw new ThawError({ reason: 'internal', detail: 'a learning curve needs images at three shares' });
}

function shareOf(answers: readonly boolean[]): number {
  return answers.filter(Boolean).length / answers.length;
}
