import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  backTest,
  type CurveAnswers,
  curvePoints,
  fitPowerLaw,
  forecastAccuracy,
  gainOf,
  lastPointOf,
  type PowerLaw,
} from '../../src/shared/learningCurve.ts';
import { Random } from '../../src/shared/random.ts';
import { wilsonInterval } from '../../src/shared/statistics.ts';
import { measureLearningCurve } from '../../src/trainer/probes/measureLearningCurve.ts';

const IMAGES = [20, 40, 60, 80];
const errorAt = ({ floor, scale, decay }: PowerLaw, images: number): number => floor + scale * images ** -decay;

/** Each image is as hard as drawn, and right where the error at a share is below its hardness. */
function answersOf(law: PowerLaw, count: number, seed: number, images = IMAGES, repeats = 3): CurveAnswers {
  const random = Random.seeded(seed, 'answers');
  const hardness = Array.from({ length: count }, () => random.uniform());
  const repeat = () =>
    images.map((learned) => hardness.map((hard) => hard + 0.05 * random.normal() > errorAt(law, learned)));
  return { images, correct: Array.from({ length: repeats }, repeat) };
}

const FALLING: PowerLaw = { floor: 0.05, scale: 1.2, decay: 0.5 };

describe('a power law', () => {
  it('is found again from errors that follow it', () => {
    for (const law of [FALLING, { floor: 0, scale: 2, decay: 1 }, { floor: 0.2, scale: 0.8, decay: 0.3 }]) {
      const found = fitPowerLaw(
        IMAGES,
        IMAGES.map((images) => errorAt(law, images)),
      );
      expect(found.decay).toBeCloseTo(law.decay, 9);
      expect(found.scale).toBeCloseTo(law.scale, 6);
      expect(found.floor).toBeCloseTo(law.floor, 6);
      expect(errorAt(found, 160)).toBeCloseTo(errorAt(law, 160), 9);
    }
  });

  it('is flat where errors rise, and has neither a floor nor a scale below 0', () => {
    expect(fitPowerLaw(IMAGES, [0.1, 0.12, 0.15, 0.2])).toMatchObject({
      scale: 0,
      floor: expect.closeTo(0.1425, 9) as number,
    });
    const errors = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(errors, (given) => {
        const law = fitPowerLaw(IMAGES, given);
        expect(law.floor).toBeGreaterThanOrEqual(0);
        expect(law.scale).toBeGreaterThanOrEqual(0);
        expect(gainOf(law, 80, 160)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('is as near to the errors as any line of the grid', () => {
    const given = [0.5, 0.33, 0.31, 0.24];
    const squares = (law: PowerLaw) =>
      IMAGES.reduce((sum, images, at) => sum + (errorAt(law, images) - given[at]) ** 2, 0);
    const least = squares(fitPowerLaw(IMAGES, given));
    const random = Random.seeded(2, 'laws');
    for (let draw = 0; draw < 2000; draw++) {
      const decay = 0.1 + 0.1 * random.below(20);
      const law = { floor: 0.4 * random.uniform(), scale: random.uniform() * 20 ** decay, decay };
      expect(least).toBeLessThanOrEqual(squares(law) + 1e-12);
    }
  });
});

describe('the points of a curve', () => {
  it('are means over the repeats with the interval of so many images', () => {
    const correct = [
      [
        [true, false, false, false],
        [true, true, false, false],
        [true, true, true, false],
      ],
      [
        [false, false, false, false],
        [true, true, false, false],
        [true, true, true, true],
      ],
    ];
    const points = curvePoints({ images: [1, 2, 3], correct });
    expect(points.map(({ accuracy }) => accuracy)).toEqual([0.125, 0.5, 0.875]);
    expect(points[1]).toEqual({ images: 2, accuracy: 0.5, ...wilsonInterval(2, 4) });
  });
});

describe('the forecast', () => {
  it('is never below the present accuracy nor above 1, and lies in its interval', () => {
    const laws = fc.record({
      floor: fc.double({ min: 0, max: 0.5, noNaN: true }),
      scale: fc.double({ min: 0, max: 3, noNaN: true }),
      decay: fc.double({ min: 0.1, max: 1.5, noNaN: true }),
    });
    fc.assert(
      fc.property(laws, fc.nat(1000), (law, seed) => {
        const answers = answersOf(law, 40, seed);
        const { accuracy: present } = curvePoints(answers)[3];
        const { images, accuracy, low, high } = forecastAccuracy(answers, 160);
        expect(images).toBe(160);
        expect(accuracy).toBeGreaterThanOrEqual(present);
        expect(accuracy).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(accuracy);
        expect(high).toBeGreaterThanOrEqual(accuracy);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
      }),
      { numRuns: 25 },
    );
  });

  it('gets surer with more images, and is the same for the same answers', () => {
    const width = (count: number): number => {
      const { low, high } = forecastAccuracy(answersOf(FALLING, count, 3), 160);
      return high - low;
    };
    expect(width(800)).toBeLessThan(0.6 * width(80));
    expect(forecastAccuracy(answersOf(FALLING, 80, 3), 160)).toEqual(forecastAccuracy(answersOf(FALLING, 80, 3), 160));
  });

  it('comes near to what a law gives of many images', () => {
    const { accuracy, low, high } = forecastAccuracy(answersOf(FALLING, 2000, 5), 160);
    expect(Math.abs(accuracy - (1 - errorAt(FALLING, 160)))).toBeLessThan(0.02);
    // The law is known as badly upwards as downwards.
    expect(high - accuracy).toBeGreaterThan(0.5 * (accuracy - low));
  });

  it('of images that all are right still leaves room for a fault that did not show', () => {
    const answers = { images: IMAGES, correct: [IMAGES.map(() => new Array<boolean>(50).fill(true))] };
    expect(forecastAccuracy(answers, 160)).toEqual({
      ...{ images: 160, accuracy: 1, high: 1 },
      low: expect.closeTo(wilsonInterval(50, 50).low, 9) as number,
    });
  });

  it('needs three shares', () => {
    const answers = { images: [20, 40], correct: [[[true], [true]]] };
    expect(() => forecastAccuracy(answers, 80)).toThrow();
  });
});

describe('the test of a forecast on the past', () => {
  it('says whether the last point lies in the interval that those before it give', () => {
    const tested = backTest(answersOf(FALLING, 400, 4));
    expect(tested).toMatchObject({ images: 80, within: true });
    expect(tested.accuracy).toBe(curvePoints(answersOf(FALLING, 400, 4))[3].accuracy);
    // A curve that was flat and then leaps cannot have been foreseen.
    const { images, correct } = answersOf({ floor: 0.5, scale: 0, decay: 1 }, 400, 4);
    const leap = correct.map((repeat) => [...repeat.slice(0, 3), repeat[3].map(() => true)]);
    expect(backTest({ images, correct: leap })).toMatchObject({ accuracy: 1, within: false });
  });

  it('holds for at least 19 of 20 curves that follow a law', () => {
    let within = 0;
    for (let seed = 0; seed < 20; seed++) within += Number(backTest(answersOf(FALLING, 60, seed)).within);
    expect(within).toBeGreaterThanOrEqual(19);
  });
});

describe('images in groups', () => {
  const all = (answers: CurveAnswers) => ({
    points: curvePoints(answers),
    forecast: forecastAccuracy(answers, 160),
    backTest: backTest(answers),
    some: lastPointOf(
      answers.correct[0][0].flatMap((_, image) => ((answers.groups?.[image] ?? image) < 10 ? [image] : [])),
      answers,
    ),
  });

  it('that are copies of one tell no more than that one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 5 }),
        fc.integer({ min: 20, max: 40 }),
        fc.nat(1000),
        (copies, count, seed) => {
          const single = answersOf(FALLING, count, seed);
          const place = Array.from({ length: copies * count }, (_, image) => image % count);
          const correct = single.correct.map((repeat) => repeat.map((right) => place.map((image) => right[image])));
          const copied = { images: single.images, correct };
          expect(all({ ...copied, groups: place })).toEqual(all(single));
          const width = ({ low, high }: { low: number; high: number }) => high - low;
          expect(width(forecastAccuracy(copied, 160))).toBeLessThan(width(forecastAccuracy(single, 160)));
        },
      ),
      { numRuns: 15 },
    );
  });

  it('tell the less the more of them are in one', () => {
    const answers = answersOf(FALLING, 80, 3);
    const groups = answers.correct[0][0].map((_, image) => Math.max(0, image - 59));
    const [{ accuracy, low, high }] = curvePoints({ ...answers, groups });
    const n = 80 ** 2 / (60 ** 2 + 20);
    expect({ low, high }).toEqual(wilsonInterval(accuracy * n, n));
  });

  it('of their own are what images without groups are', () => {
    const answers = answersOf(FALLING, 80, 3);
    const groups = [...answers.correct[0][0].keys()];
    expect(all({ ...answers, groups })).toEqual(all(answers));
    const [low, high] = [0.789879813555117, 0.9445473461653984].map((end) => expect.closeTo(end, 12) as number);
    expect(forecastAccuracy(answers, 160)).toMatchObject({ low, high });
  });

  it('are counted as groups where a curve is measured', async () => {
    const random = Random.seeded(1, 'features');
    const groups = Array.from({ length: 80 }, (_, image) => image % 20);
    const labels = groups.map((group) => group % 2);
    const shift = groups.map(() => random.normal());
    const rows = groups.map((group, image) => [labels[image] + shift[group], 0.1 * random.normal(), 1]);
    const images = {
      features: { values: Float32Array.from(rows.flat()), size: 3 },
      labels,
      groups,
      classes: ['a', 'b'],
    };
    const { points, perClass, ...rest } = await measureLearningCurve(images);
    for (const { accuracy, low, high } of points) expect({ low, high }).toEqual(wilsonInterval(20 * accuracy, 20));
    for (const { accuracy, low, high } of perClass) expect({ low, high }).toEqual(wilsonInterval(10 * accuracy, 10));
    expect(perClass.map(({ n }) => n)).toEqual([40, 40]);
    expect(rest.backTest.high - rest.backTest.low).toBeGreaterThan(0.2);
  });
});
