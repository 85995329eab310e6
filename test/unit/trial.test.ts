import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { depthCurve } from '../../src/shared/depthCurve.ts';
import type { Plan } from '../../src/shared/plan.ts';
import { withSettings } from '../../src/shared/planOverrides.ts';
import type { SimilarityMeasurement } from '../../src/shared/similarityResult.ts';
import { pairedDifferenceInterval } from '../../src/shared/statistics.ts';
import {
  judgeTrial,
  planSize,
  settingsBetween,
  shortened,
  smallerPlan,
  totalEpochs,
  TRIAL_SIDES,
  trialPlans,
  trialSeconds,
} from '../../src/shared/trial.ts';
import { basisOf } from '../support/costBasis.ts';
import { pairedAnswers } from '../support/pairedAnswers.ts';
import { planData, planNetwork } from '../support/planNetwork.ts';
import { samplePlan } from '../support/plans.ts';

const network = planNetwork(['b1', 'b2', 'b3', 'b4', 'b5', 'b6']);
const plan = samplePlan({ head: { classes: ['aster', 'daisy', 'iris'] }, batchSize: 8, seed: 5 });

/** Features that are best at one block. */
function similarity(peak: string): SimilarityMeasurement {
  const depths = depthCurve(
    network.blocks.map(({ name }) => ({
      block: name,
      correct: Array.from({ length: 60 }, (_, image) => image < (name === peak ? 55 : 25)),
    })),
  );
  return {
    distance: null,
    fingerprint: null,
    bands: null,
    curve: depths,
    depths,
    images: 60,
    inputShift: false,
    inseparable: [],
  };
}

const sources = { network, data: planData(60), similarity: similarity('b4') };

describe('the plans of a trial', () => {
  const found = trialPlans(plan, sources);

  it('are that of the table and its challenger, with all else as in the plan', () => {
    expect(found?.recommended.title).toBe('Unfreeze more layers of the pretrained model');
    expect(found?.recommended.plan.phases.map(({ name, epochs }) => [name, epochs])).toEqual([
      ['head', 10],
      ['thaw b6', 5],
      ['thaw b5', 5],
    ]);
    expect(found?.challenger.title).toBe('Head on b4');
    expect(found?.challenger.plan.head.after).toBe('b4_act');
    expect(found?.challenger.plan.phases).toEqual([{ name: 'head', epochs: 100, unfreeze: [] }]);
    for (const side of TRIAL_SIDES) expect(found?.[side].plan).toMatchObject({ batchSize: 8, seed: 5 });
  });

  it('are none where table and measures agree, or nothing was measured', () => {
    expect(trialPlans(plan, { ...sources, similarity: similarity('b6') })).toBeNull();
    expect(trialPlans(plan, { ...sources, similarity: null })).toBeNull();
    expect(trialPlans(plan, { ...sources, data: null })).toBeNull();
  });

  it('are none once the head sits on the earlier block', () => {
    const cut = { ...sources, network: planNetwork(['b1', 'b2', 'b3', 'b4']) };
    expect(trialPlans(found?.challenger.plan ?? plan, cut)).toBeNull();
  });

  it('follow the similarity that the user has given', () => {
    const advice: NonNullable<Plan['advice']> = {
      ...{ data: 'low', similarity: 'low', similaritySource: 'given', leftOut: [] },
    };
    const given = trialPlans({ ...plan, advice }, { ...sources, similarity: similarity('b6') });
    expect(given?.recommended.title).toBe('Unfreeze more layers of the pretrained model');
    expect(given?.challenger.title).toBe('Head on b4');
    const high: Plan['advice'] = { ...advice, similarity: 'high' };
    expect(trialPlans({ ...plan, advice: high }, sources)).toBeNull();
    expect(trialPlans({ ...plan, advice: { ...high, similaritySource: 'assumed' } }, sources)).not.toBeNull();
  });

  it('are two heads with tiny data, and neither is said to retrain', () => {
    const tiny = trialPlans(plan, { ...sources, data: planData(15) });
    expect(tiny?.recommended.title).toBe('Head on b6');
    expect(tiny?.challenger.title).toBe('Head on b4');
    expect(tiny?.recommended.plan.phases.map(({ unfreeze }) => unfreeze)).toEqual([[]]);
    expect(tiny?.challenger.plan.advice?.leftOut).toEqual([]);
    expect(found?.challenger.plan.advice?.leftOut).toEqual([expect.stringContaining('Retraining the last blocks')]);
  });

  it('can be said of the plan file by its keys', () => {
    for (const side of TRIAL_SIDES) {
      const wanted = shortened(found?.[side].plan ?? plan);
      const settings = settingsBetween(plan, wanted);
      expect(withSettings(plan, settings)).toEqual(JSON.parse(JSON.stringify(wanted)));
      expect(settings.map(({ key }) => key)).not.toContain('batchSize');
    }
  });
});

describe('a short plan', () => {
  const ofEpochs = (epochs: readonly number[]) =>
    samplePlan({ phases: epochs.map((count, index) => ({ name: `p${index}`, epochs: count })) });
  const after = (epochs: readonly number[], most: number): number[] =>
    shortened(ofEpochs(epochs), most).phases.map((phase) => phase.epochs);

  it('keeps all epochs of a head that trains alone', () => {
    const alone = samplePlan({ phases: [{ name: 'head', epochs: 100, unfreeze: [] }] });
    expect(shortened(alone, 15)).toBe(alone);
  });

  it('keeps the shares of its phases', () => {
    expect(after([30], 15)).toEqual([15]);
    expect(after([10, 5, 5], 15)).toEqual([7, 4, 4]);
    expect(after([1, 20], 15)).toEqual([1, 14]);
    expect(after([10, 5], 15)).toEqual([10, 5]);
  });

  it('has as many epochs as are asked for, none of its phases longer than before or left out', () => {
    const phases = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(phases, fc.integer({ min: 1, max: 40 }), (epochs, most) => {
        const short = after(epochs, most);
        const stated = totalEpochs(ofEpochs(epochs));
        const total = short.reduce((sum, one) => sum + one, 0);
        expect(total).toBe(Math.min(stated, Math.max(most, epochs.length)));
        short.forEach((count, index) => {
          expect(count).toBeGreaterThanOrEqual(1);
          expect(count).toBeLessThanOrEqual(epochs[index]);
        });
      }),
      { seed: 21, numRuns: 300 },
    );
  });
});

describe('the smaller plan', () => {
  it('has fewer weights to train, then fewer blocks', () => {
    const size = (trainableParameters: number, blocks: number) => ({ trainableParameters, blocks });
    expect(smallerPlan({ recommended: size(100, 6), challenger: size(50, 6) })).toBe('challenger');
    expect(smallerPlan({ recommended: size(100, 6), challenger: size(150, 4) })).toBe('recommended');
    expect(smallerPlan({ recommended: size(100, 6), challenger: size(100, 4) })).toBe('challenger');
    expect(smallerPlan({ recommended: size(100, 6), challenger: size(100, 6) })).toBe('recommended');
  });

  it('counts what trains in some phase, and the blocks of the network', () => {
    const both = trialPlans(plan, sources);
    expect(planSize(both?.recommended.plan ?? plan, network)).toEqual({ trainableParameters: 2 * 110 + 15, blocks: 6 });
  });
});

describe('the answer of a trial', () => {
  const titles = { recommended: 'More layers', challenger: 'Head on b4' };
  const judge = (both: number, onlyChallenger: number, onlyRecommended: number, neither: number) => {
    const { a, b } = pairedAnswers(both, onlyChallenger, onlyRecommended, neither);
    return judgeTrial({ challenger: a, recommended: b }, { titles, smaller: 'challenger' });
  };

  it('names the better plan, its lead and the interval', () => {
    const found = judge(60, 20, 3, 17);
    expect(found).toMatchObject({ better: 'challenger', kept: 'challenger', n: 100, difference: 0.17 });
    expect(found.verdict).toBe('"Head on b4" is better by 17.0 points (95 %: 7.8 to 25.5) on 100 images and is kept.');
    const other = judge(60, 3, 20, 17);
    expect(other).toMatchObject({ better: 'recommended', kept: 'recommended', difference: -0.17 });
    expect(other.verdict).toBe('"More layers" is better by 17.0 points (95 %: 7.8 to 25.5) on 100 images and is kept.');
  });

  it('keeps the smaller plan where there is no difference to be seen, and says so', () => {
    const behind = judge(40, 4, 6, 10);
    expect(behind).toMatchObject({ better: null, kept: 'challenger', n: 60 });
    expect(behind.verdict).toMatch(
      /^No difference that 60 images can show: "More layers" is ahead by 3\.3 points \(95 %: -\d+\.\d to \d+\.\d\)\. The smaller plan is kept: "Head on b4"\.$/,
    );
    expect(judge(40, 5, 5, 10).verdict).toMatch(
      /^No difference that 60 images can show \(95 %: -\d+\.\d to \d+\.\d points\)\. The smaller plan is kept: "Head on b4"\.$/,
    );
  });

  it('does not believe what only one of test and interval says', () => {
    // Five against none: p = 0.0625, and an interval above 0.
    const found = judge(50, 5, 0, 5);
    expect(found.pValue).toBeCloseTo(0.0625, 12);
    expect(found.low).toBeGreaterThan(0);
    expect(found).toMatchObject({ better: null, kept: 'challenger' });
    expect(found.verdict).toMatch(/^Not certain: "Head on b4" is ahead by 8\.3 points/);
  });

  it('turns around with the plans, and never keeps the larger one within a standard error', () => {
    const count = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(count, count, count, count, (both, only, other, neither) => {
        fc.pre(both + only + other + neither > 0);
        const [one, turned] = [judge(both, only, other, neither), judge(both, other, only, neither)];
        expect(turned.difference).toBeCloseTo(-one.difference, 12);
        expect([turned.low, turned.high].map((end) => -end).reverse()).toEqual([
          expect.closeTo(one.low, 12),
          expect.closeTo(one.high, 12),
        ]);
        expect(turned.better === null).toBe(one.better === null);
        const { a, b } = pairedAnswers(both, only, other, neither);
        const { low, high } = pairedDifferenceInterval(a, b, 0.6827);
        const withinOne = low <= 0 && high >= 0;
        if (withinOne) expect(one.kept).toBe('challenger');
      }),
      { seed: 22, numRuns: 300 },
    );
  });

  it('takes images of a group for one', () => {
    const { a, b } = pairedAnswers(60, 20, 3, 17);
    const answers = { challenger: a, recommended: b };
    const groups = a.map((_, index) => Math.floor(index / 25));
    expect(judgeTrial(answers, { titles, smaller: 'recommended', groups }).better).toBeNull();
  });
});

describe('the time of a trial', () => {
  const images = { train: 96, validation: 24 };
  const basis = basisOf(network);

  it('grows with the folds, but not what is computed once', () => {
    const both = trialPlans(plan, sources);
    if (!both) throw new Error('There is a challenger.');
    const [three, six] = [3, 6].map((folds) => trialSeconds(both, { basis, images }, folds) ?? NaN);
    expect(three).toBeGreaterThan(0);
    expect(six).toBeGreaterThan(1.5 * three);
    expect(six).toBeLessThan(3 * three);
  });

  it('is not known where the network was not measured', () => {
    const both = trialPlans(plan, sources);
    if (!both) throw new Error('There is a challenger.');
    expect(trialSeconds(both, { basis, images: { train: 0, validation: 0 } })).toBeNull();
  });
});
