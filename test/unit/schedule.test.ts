import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  plateauFactor,
  resolveSchedule,
  SCHEDULE_NAMES,
  scheduleFactor,
  scheduleSchema,
  type ScheduleSetting,
} from '../../src/shared/schedule.ts';

/** Every factor of a phase of so many steps. */
const factors = (setting: ScheduleSetting | undefined, steps: number): number[] =>
  Array.from({ length: steps }, (_, step) => scheduleFactor(resolveSchedule(setting), step, steps));

/** fastai has the place of the peak in 32 bits, so what comes from it agrees in six digits. */
const expectClose = (actual: number[], expected: number[], digits = 14): void => {
  expect(actual).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) expect(actual[index]).toBeCloseTo(value, digits);
};

describe('scheduleFactor', () => {
  it('is one without a schedule', () => {
    expect(factors(undefined, 4)).toEqual([1, 1, 1, 1]);
    expect(factors('constant', 4)).toEqual([1, 1, 1, 1]);
    expect(factors('reduceOnPlateau', 4)).toEqual([1, 1, 1, 1]);
  });

  it('falls along a cosine as in transformers and PyTorch', () => {
    // transformers 5.24.0: get_cosine_schedule_with_warmup(optimizer, 0, 8), the rate before each of 8 steps.
    const expected = [1, 0.9619397662556434, 0.8535533905932737, 0.6913417161825449, 0.5, 0.30865828381745514];
    expectClose(factors('cosine', 8), [...expected, 0.14644660940672627, 0.03806023374435663]);
    // torch 2.13.0: CosineAnnealingLR(optimizer, 8, eta_min=0.1).
    const raised = [1, 0.9657457896300791, 0.8681980515339464, 0.7222075445642905, 0.55, 0.3777924554357097];
    expectClose(factors({ name: 'cosine', end: 0.1 }, 8), [...raised, 0.2318019484660537, 0.134254210369921]);
  });

  it('warms up in a straight line as in transformers and timm', () => {
    // transformers 5.24.0: get_cosine_schedule_with_warmup(optimizer, 2 + 1, 10 + 1) without its first rate, which is 0.
    // timm 1.0.31 gives the same: CosineLRScheduler(optimizer, t_initial=8, warmup_t=2, warmup_lr_init=1 / 3,
    // warmup_prefix=True).
    const expected = [1 / 3, 2 / 3, 1, 0.9619397662556434, 0.8535533905932737, 0.6913417161825449, 0.5];
    const end = [0.30865828381745514, 0.14644660940672627, 0.03806023374435663];
    expectClose(factors({ name: 'cosine', warmUp: 0.2 }, 10), [...expected, ...end]);
    // timm 1.0.31: CosineLRScheduler(optimizer, t_initial=7, lr_min=0.05, warmup_t=3, warmup_lr_init=1 / 4,
    // warmup_prefix=True).
    const raised = [0.25, 0.5, 0.75, 1, 0.952960212253649, 0.8211576558828985, 0.6306974436292493];
    const fall = [0.41930255637075065, 0.22884234411710158, 0.09703978774635096];
    expectClose(factors({ name: 'cosine', end: 0.05, warmUp: 0.3 }, 10), [...raised, ...fall]);
    // transformers 5.24.0: get_constant_schedule_with_warmup(optimizer, 4 + 1) without its first rate.
    for (const name of ['constant', 'reduceOnPlateau'] as const)
      expectClose(factors({ name, warmUp: 0.5 }, 8), [0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1]);
  });

  it('leaves at least one step after a warm-up, and none to a warm-up that rounds to nothing', () => {
    expectClose(factors({ name: 'constant', warmUp: 0.99 }, 3), [1 / 3, 2 / 3, 1]);
    expect(factors({ name: 'cosine', warmUp: 0.99 }, 1)).toEqual([1]);
    expect(factors({ name: 'constant', warmUp: 0.1 }, 4)).toEqual([1, 1, 1, 1]);
  });

  it('is the one-cycle of fastai', () => {
    // fastai 2.8.12: combined_cos(0.25, 1 / 25, 1, 1e-5)(step / 8).
    const expected = [0.04, 0.52, 1, 0.9330133678641245, 0.7500024864862765, 0.500005];
    expectClose(factors('oneCycle', 8), [...expected, 0.250007472972554, 0.06699664383910386], 6);
    // Its two halves in 64 bits: SchedCos(1 / 5, 1)(step / 3), then SchedCos(1, 1e-5)((step - 3) / 7).
    const halves = [0.2, 0.4, 0.8, 1, 0.95048492910687, 0.8117467834803574, 0.6112643543734874];
    const end = [0.3887456456265126, 0.1882632165196425, 0.04952507089312996];
    expectClose(factors({ name: 'oneCycle', peakAt: 0.3, start: 5 }, 10), [...halves, ...end]);
    // combined_cos(0.99, 1 / 25, 1, 1e-5)(step / 4).
    const rising = [0.04, 0.1832920406363988, 0.5276156254216644, 0.8673923307721954];
    expectClose(factors({ name: 'oneCycle', peakAt: 0.99 }, 4), rising, 6);
  });

  it('goes from a 25th of the peak to the peak after a quarter and to a 100,000th at the end', () => {
    const all = factors('oneCycle', 1000);
    expect([all[0], all[250]]).toEqual([0.04, 1]);
    // fastai 2.8.12: combined_cos(0.25, 1 / 25, 1, 1e-5)(step / 1000).
    expectClose(
      [all[1], all[125], all[249], all[251], all[500], all[999]],
      [0.040037898785768425, 0.52, 0.9999621010642253, 0.9999956136721249, 0.7500024864862765, 1.4386196896643e-5],
      6,
    );
    expect(scheduleFactor(resolveSchedule('oneCycle'), 1e9, 1e9)).toBeCloseTo(1e-5, 15);
  });

  it('is the slanted triangle of ULMFiT', () => {
    // Equation 3 by hand, T = 20, cut = 2: p = 0, 1/2, 1, 17/18 … 1/18, and (1 + 31 p) / 32.
    const falling = Array.from({ length: 18 }, (_, step) => (1 + (31 * (18 - step)) / 18) / 32);
    expectClose(factors('slantedTriangle', 20), [1 / 32, 16.5 / 32, ...falling]);
    // T = 12, cut = 12 / 4 = 3, ratio 8: p = 0, 1/3, 2/3, 1, 8/9 … 1/9.
    const steps = [0, 3, 6, 9, 8, 7, 6, 5, 4, 3, 2, 1];
    const expected = steps.map((ninths) => (1 + (7 * ninths) / 9) / 8);
    expectClose(factors({ name: 'slantedTriangle', cut: 0.25, ratio: 8 }, 12), expected);
    const long = factors('slantedTriangle', 1000);
    // Equation 3 in exact fractions in Python, T = 1000.
    expectClose(
      [long[0], long[50], long[99], long[100], long[101], long[550], long[999]],
      [0.03125, 0.515625, 0.9903125, 1, 0.9989236111111112, 0.515625, 0.03232638888888889],
    );
    expect(factors({ name: 'slantedTriangle', cut: 0.29 }, 100)[29]).toBe(1);
  });

  it('spreads the fall of the triangle over the steps that are left where the cut is no whole number', () => {
    // As SlantedTriangular of AllenNLP: T = 19 has cut 1 and 18 steps to fall, where equation 3 has 9 and goes to -0.83.
    const falling = Array.from({ length: 18 }, (_, step) => (1 + (31 * (18 - step)) / 18) / 32);
    expectClose(factors('slantedTriangle', 19), [1 / 32, ...falling]);
    expectClose(factors('slantedTriangle', 5), [1, 0.80625, 0.6125, 0.41875, 0.225]);
  });
});

describe('plateauFactor', () => {
  /** The factor before the first epoch and after each. */
  const course = (setting: ScheduleSetting, losses: number[]): number[] =>
    [0, ...losses].map((_, epoch) => plateauFactor(resolveSchedule(setting), losses.slice(0, epoch)));
  const plateau = (settings: object = {}): ScheduleSetting => ({ name: 'reduceOnPlateau', ...settings });

  // Keras 3.15.1: ReduceLROnPlateau(mode='min', factor, patience, min_lr) of a model at rate 1, whose rate is read
  // before and after each on_epoch_end(epoch, {'val_loss': loss}).
  it('waits for three epochs without a better loss, as in Keras', () => {
    const losses = [1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.8];
    expect(course(plateau(), losses)).toEqual([1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125]);
    expect(course('reduceOnPlateau', losses)).toEqual(course(plateau(), losses));
    expect(course(plateau({ patience: 1 }), [1, 1, 1, 1])).toEqual([1, 1, 0.5, 0.25, 0.125]);
  });

  it('takes no improvement under 1e-4 for one, as in Keras', () => {
    expect(course(plateau(), [1, 0.99997, 0.99994, 0.99991, 0.99988, 0.99985])).toEqual([1, 1, 1, 1, 0.5, 0.5, 0.5]);
    expect(course(plateau(), [1, 0.9998, 0.9996, 0.9994, 0.9992])).toEqual([1, 1, 1, 1, 1, 1]);
    expect(course(plateau({ patience: 2 }), [1, NaN, NaN, 0.5])).toEqual([1, 1, 1, 0.5, 0.5]);
  });

  it('never goes below the least share, as in Keras', () => {
    const least = course(plateau({ patience: 2, least: 0.3 }), [1, 2, 2, 2, 2, 2, 2]);
    expect(least).toEqual([1, 1, 1, 0.5, 0.5, 0.3, 0.3, 0.3]);
    expect(course(plateau({ patience: 1, least: 1 }), [1, 1, 1])).toEqual([1, 1, 1, 1]);
  });

  it('starts to wait anew with each better loss and each reduction, as in Keras', () => {
    const upAndDown = course(plateau({ factor: 0.1, patience: 2 }), [1, 2, 1.5, 0.5, 0.6, 0.7, 0.4, 0.5, 0.5, 0.5]);
    expectClose(upAndDown, [1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001, 0.001]);
    const first = [1.0095, 1.0341, 0.7402, 0.8685, 0.6884, 0.6405, 0.815, 0.604, 0.5513, 0.5993, 0.6127, 0.4731];
    const second = [0.5133, 0.3374, 0.38, 0.3562, 0.2514, 0.2195, 0.1945, 0.321, 0.3161, 0.2905, 0.3194, 0.1695];
    const noisy = course(plateau({ factor: 0.25, patience: 2, least: 0.01 }), [...first, ...second]);
    const [quarter, sixteenth] = [Array<number>(5).fill(0.25), Array<number>(5).fill(0.0625)];
    expectClose(noisy, [...Array<number>(11).fill(1), ...quarter, ...sixteenth, 0.015625, 0.015625, 0.01, 0.01]);
  });

  it('is one of every other schedule', () => {
    for (const name of SCHEDULE_NAMES.filter((other) => other !== 'reduceOnPlateau'))
      expect(plateauFactor(resolveSchedule(name), [1, 1, 1, 1, 1, 1])).toBe(1);
  });
});

describe('resolveSchedule', () => {
  it('fills in what is not stated', () => {
    expect(resolveSchedule(undefined)).toEqual({ name: 'constant', warmUp: 0 });
    expect(resolveSchedule('oneCycle')).toEqual({ name: 'oneCycle', peakAt: 0.25, start: 25, end: 1e5 });
    const stated = resolveSchedule({ name: 'cosine', end: 0.1, warmUp: undefined });
    expect(stated).toEqual({ name: 'cosine', end: 0.1, warmUp: 0 });
    expect(resolveSchedule({ name: 'slantedTriangle', ratio: 8 })).toEqual({
      name: 'slantedTriangle',
      cut: 0.1,
      ratio: 8,
    });
  });

  it('means by a name alone what an object with nothing but the name means', () => {
    for (const name of SCHEDULE_NAMES) {
      expect(scheduleSchema.parse(name)).toBe(name);
      expect(resolveSchedule(name)).toEqual(resolveSchedule(scheduleSchema.parse({ name })));
    }
  });
});

const inside = fc.double({ min: 0.01, max: 0.99, noNaN: true });
const divisor = fc.double({ min: 1, max: 1e6, noNaN: true });
const optional = { requiredKeys: ['name' as const] };
const anySetting: fc.Arbitrary<ScheduleSetting> = fc.oneof(
  fc.constantFrom(...SCHEDULE_NAMES),
  fc.record({ name: fc.constant('constant' as const), warmUp: inside }, optional),
  fc.record({ name: fc.constant('cosine' as const), end: inside, warmUp: inside }, optional),
  fc.record({ name: fc.constant('oneCycle' as const), peakAt: inside, start: divisor, end: divisor }, optional),
  fc.record({ name: fc.constant('slantedTriangle' as const), cut: inside, ratio: divisor }, optional),
  fc.record(
    {
      name: fc.constant('reduceOnPlateau' as const),
      factor: inside,
      patience: fc.nat(5),
      least: inside,
      warmUp: inside,
    },
    optional,
  ),
);

describe('any schedule', () => {
  it('multiplies rates with more than 0 and at most 1 in every step', () => {
    fc.assert(
      fc.property(anySetting, fc.integer({ min: 1, max: 300 }), (setting, steps) => {
        const all = factors(setting, steps);
        expect(Math.min(...all)).toBeGreaterThan(0);
        expect(Math.max(...all)).toBeLessThanOrEqual(1 + 1e-12);
      }),
      { seed: 21, numRuns: 500 },
    );
  });

  it('rises to its peak and does not rise again', () => {
    fc.assert(
      fc.property(anySetting, fc.integer({ min: 2, max: 300 }), (setting, steps) => {
        const all = factors(setting, steps);
        const peak = all.indexOf(Math.max(...all));
        const signs = all.slice(1).map((factor, step) => Math.sign(Math.round((factor - all[step]) * 1e12)));
        expect(signs.slice(0, peak).every((sign) => sign >= 0)).toBe(true);
        expect(signs.slice(peak).every((sign) => sign <= 0)).toBe(true);
      }),
      { seed: 22, numRuns: 500 },
    );
  });

  it('reduces on plateaus only downwards, and never below the least share', () => {
    const losses = fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { maxLength: 40 });
    const settings = fc.record({ factor: inside, patience: fc.integer({ min: 1, max: 5 }), least: inside });
    fc.assert(
      fc.property(settings, losses, (stated, seen) => {
        const schedule = resolveSchedule({ name: 'reduceOnPlateau', ...stated });
        const course = [0, ...seen].map((_, epoch) => plateauFactor(schedule, seen.slice(0, epoch)));
        expect([...course].sort((a, b) => b - a)).toEqual(course);
        expect(course.every((factor) => factor <= 1 && factor >= stated.least)).toBe(true);
      }),
      { seed: 23, numRuns: 300 },
    );
  });
});
