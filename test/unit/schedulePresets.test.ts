import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planSchema, type Plan } from '../../src/shared/plan.ts';
import { checkPlan } from '../../src/shared/planCheck.ts';
import { rateWarning } from '../../src/shared/networkRows.ts';
import { resolveSchedule, scheduleFactor } from '../../src/shared/schedule.ts';
import {
  fastaiFineTune,
  featureExtraction,
  gradualUnfreezing,
  headThenAll,
  layerDecay,
  linearProbeThenFineTune,
  type PresetParts,
  SCHEDULE_PRESET_IDS,
  schedulePreset,
} from '../../src/shared/schedulePresets.ts';
import { blockRate, headRate, trainableSet } from '../../src/shared/trainableLayers.ts';
import { samplePlanInput } from '../support/plans.ts';

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `b${index}`);
const blocksOf = (blocks: readonly string[]) => blocks.map((name) => ({ name, layers: [`${name}_conv`] }));

function planWith({ blocks, phases, headLearningRate }: PresetParts): Plan {
  const input = samplePlanInput({ head: { classes: ['aster', 'daisy'] }, blocks, phases });
  return planSchema.parse({ ...input, optimizer: { name: 'adam', headLearningRate } });
}

/** Rates of all blocks and the head in a phase, input to output, whether or not they train. */
const ratesOf = (plan: Plan, phase: number, blocks: readonly string[]): number[] => [
  ...blocks.map((name) => blockRate(plan, phase, name)),
  headRate(plan, phase),
];

const trained = (plan: Plan, phase: number, blocks: readonly string[]): string[] =>
  [...trainableSet(plan, phase, blocksOf(blocks)).keys()].map((layer) => layer.replace('_conv', ''));

describe('featureExtraction', () => {
  it('trains the head alone', () => {
    const blocks = names(3);
    const parts = featureExtraction(blocks, { headRate: 5e-4, epochs: 12 });
    expect(parts).toEqual({
      blocks: { b0: { frozen: true }, b1: { frozen: true }, b2: { frozen: true } },
      phases: [{ name: 'head', epochs: 12, unfreeze: [] }],
      headLearningRate: 5e-4,
    });
  });
});

describe('headThenAll', () => {
  it('trains the head, then everything with the blocks at a tenth', () => {
    const blocks = names(3);
    const plan = planWith(headThenAll(blocks));
    expect([0, 1].map((phase) => trained(plan, phase, blocks))).toEqual([[], blocks]);
    expect(ratesOf(plan, 1, blocks)).toEqual([1e-4, 1e-4, 1e-4, 1e-3]);
  });
});

describe('gradualUnfreezing', () => {
  const blocks = names(3);
  const plan = planWith(gradualUnfreezing(blocks, { headRate: 0.01, epochs: 7 }));

  it('thaws one block more per phase from the last one downwards', () => {
    expect(plan.phases.map((_, phase) => trained(plan, phase, blocks))).toEqual([
      [],
      ['b2'],
      ['b1', 'b2'],
      ['b0', 'b1', 'b2'],
    ]);
    expect(plan.phases.map(({ name }) => name)).toEqual(['head', 'thaw b2', 'thaw b1', 'thaw b0']);
    expect(plan.phases.map(({ epochs }) => epochs)).toEqual([2, 2, 2, 7]);
  });

  it('has a slanted triangle in each, and rates that fall by 2.6 from group to group', () => {
    expect(plan.phases.map(({ schedule }) => schedule)).toEqual(Array(4).fill('slantedTriangle'));
    // By hand: 0.01 / 17.576, 0.01 / 6.76, 0.01 / 2.6 to three digits.
    for (const phase of [0, 3]) expect(ratesOf(plan, phase, blocks)).toEqual([5.69e-4, 1.48e-3, 3.85e-3, 0.01]);
    const halved = planWith(gradualUnfreezing(blocks, { headRate: 0.01, decay: 2 }));
    expect(ratesOf(halved, 3, blocks)).toEqual([1.25e-3, 2.5e-3, 5e-3, 0.01]);
  });
});

describe('linearProbeThenFineTune', () => {
  it('trains the head, then everything at one small rate that warms up and falls', () => {
    const blocks = names(3);
    const plan = planWith(linearProbeThenFineTune(blocks));
    expect([0, 1].map((phase) => trained(plan, phase, blocks))).toEqual([[], blocks]);
    expect(headRate(plan, 0)).toBe(1e-3);
    expect(ratesOf(plan, 1, blocks)).toEqual([5e-5, 5e-5, 5e-5, 5e-5]);
    expect(plan.phases.map(({ schedule }) => schedule)).toEqual([undefined, { name: 'cosine', warmUp: 0.1 }]);
  });
});

describe('fastaiFineTune', () => {
  /** Rates of a phase in each of `steps` steps. */
  const course = (plan: Plan, phase: number, blocks: readonly string[], steps: number): number[][] => {
    const schedule = resolveSchedule(plan.phases[phase].schedule);
    return Array.from({ length: steps }, (_, step) =>
      ratesOf(plan, phase, blocks).map((rate) => rate * scheduleFactor(schedule, step, steps)),
    );
  };

  it('has the peak rates of fine_tune over three groups', () => {
    // fastai 2.8.12: opt.set_hyper('lr', slice(2e-3)) and slice(1e-3 / 100, 1e-3) of an optimizer with three groups.
    const blocks = names(2);
    const plan = planWith(fastaiFineTune(blocks, { headRate: 2e-3 }));
    expect(ratesOf(plan, 0, blocks)).toEqual([2e-4, 2e-4, 2e-3]);
    expect(ratesOf(plan, 1, blocks)).toEqual([1e-5, 1e-4, 1e-3]);
    expect([0, 1].map((phase) => trained(plan, phase, blocks))).toEqual([[], blocks]);
    expect(fastaiFineTune(blocks)).toEqual(fastaiFineTune(blocks, { headRate: 2e-3, epochs: 5 }));
  });

  it('has the rates of fine_tune in every step', () => {
    // fastai 2.8.12: learn.fine_tune(2, 2e-3) with four batches an epoch, the rate of the last group before each step.
    const first = [8e-5, 0.0003665840812727976, 0.001055231250843329, 0.0017347846615443907];
    const second = [0.0002, 0.0004964723699007915, 0.0009464101490302072, 0.0009719419529160037];
    const rest = [0.0008117468043945326, 0.0005559866981657993, 0.00028306531191048083, 7.664711265888114e-5];
    const blocks = names(2);
    const plan = planWith(fastaiFineTune(blocks, { epochs: 2 }));
    const close = (rows: number[][], expected: number[], shares: number[]): void => {
      expect(rows).toHaveLength(expected.length);
      for (const [step, rates] of rows.entries())
        for (const [group, rate] of rates.entries()) expect(rate).toBeCloseTo(expected[step] * shares[group], 9);
    };
    close(course(plan, 0, blocks, 4), first, [0.1, 0.1, 1]);
    close(course(plan, 1, blocks, 8), [...second, ...rest], [0.01, 0.1, 1]);
  });

  it('makes a group of the first half of the blocks, as of a ResNet with a stem and four stages', () => {
    const halves = (count: number): number[] => {
      const blocks = names(count);
      return ratesOf(planWith(fastaiFineTune(blocks)), 1, blocks).slice(0, -1);
    };
    expect(halves(5)).toEqual([1e-5, 1e-5, 1e-5, 1e-4, 1e-4]);
    expect(halves(4)).toEqual([1e-5, 1e-5, 1e-4, 1e-4]);
    expect(halves(1)).toEqual([1e-5]);
  });
});

describe('layerDecay', () => {
  it('decays from the head downwards, and freezes what timm leaves out', () => {
    // timm 1.0.31: param_groups_layer_decay(model, layer_decay=0.75, no_opt_scale=0.3) of a model of five blocks and a
    // head: lr_scale 0.31640625, 0.421875, 0.5625, 0.75 and 1, and the first block has requires_grad False.
    const blocks = names(5);
    const parts = layerDecay(blocks, { headRate: 1e-3, least: 0.3 });
    expect(parts.blocks.b0).toEqual({ frozen: true });
    const plan = planWith(parts);
    expect(trained(plan, 0, blocks)).toEqual(['b1', 'b2', 'b3', 'b4']);
    expect(ratesOf(plan, 0, blocks.slice(1))).toEqual([3.16e-4, 4.22e-4, 5.63e-4, 7.5e-4, 1e-3]);
  });

  it('freezes blocks under a hundredth of the head', () => {
    // timm 1.0.31 with no_opt_scale=0.01: all of 16 blocks train, of 18 the first two do not.
    expect(trained(planWith(layerDecay(names(16))), 0, names(16))).toHaveLength(16);
    expect(trained(planWith(layerDecay(names(18))), 0, names(18))).toEqual(names(18).slice(2));
    expect(trained(planWith(layerDecay(names(3), { decay: 0.1, least: 0.5 })), 0, names(3))).toEqual([]);
  });
});

describe('schedulePreset', () => {
  it.each(SCHEDULE_PRESET_IDS)('%s is described in one sentence', (id) => {
    const { title, description, source } = schedulePreset(id);
    expect(title).toMatch(/^[A-Z][^.]*$/);
    expect(description).toMatch(/^[A-Z][^.!?\n]*\.$/);
    expect(source).toMatch(/arXiv \d{4}\.\d{4,5}|\.\w+\/\w+/);
  });

  it('holds each preset once', () => {
    const titles = SCHEDULE_PRESET_IDS.map((id) => schedulePreset(id).title);
    expect(new Set(titles).size).toBe(SCHEDULE_PRESET_IDS.length);
  });
});

describe('any preset', () => {
  const anyBlocks = fc.oneof(
    fc.integer({ min: 0, max: 30 }).map(names),
    fc.uniqueArray(fc.constantFrom('stem', 'constructor', 'toString', 'head', 'block 1', 'é'), { minLength: 1 }),
  );
  const anySettings = fc.record(
    { headRate: fc.double({ min: 1e-5, max: 0.5, noNaN: true }), epochs: fc.integer({ min: 1, max: 50 }) },
    { requiredKeys: [] },
  );

  it('makes valid plans that list every block and keep the head at least as fast as any block', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SCHEDULE_PRESET_IDS), anyBlocks, anySettings, (id, names, settings) => {
        const parts = schedulePreset(id).parts(names, settings);
        const plan = planWith(parts);
        const layers = names.map((name) => ({ name: `${name}_conv`, weighted: true }));
        expect(checkPlan(plan, { blocks: blocksOf(names), layers }, () => 1)).toEqual([]);
        expect(Object.keys(plan.blocks)).toEqual(names);
        expect(names.map((name) => rateWarning(plan, name)).filter((warning) => warning !== null)).toEqual([]);
        const last = plan.phases.length - 1;
        const rates = names.filter((name) => !plan.blocks[name].frozen).map((name) => blockRate(plan, last, name));
        expect([...rates].sort((a, b) => a - b)).toEqual(rates);
        for (const rate of [...rates, headRate(plan, last)])
          expect(String(Number(rate.toPrecision(3)))).toBe(String(rate));
        if (settings.epochs !== undefined) expect(plan.phases[last].epochs).toBe(settings.epochs);
        const all = names.filter((name) => !plan.blocks[name].frozen);
        expect(trained(plan, last, names)).toEqual(all);
      }),
      { seed: 31, numRuns: 400 },
    );
  });
});
