import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { Block } from '../../src/shared/network.ts';
import type { Plan, PlanInput } from '../../src/shared/plan.ts';
import { blockRate, headRate, trainableSet } from '../../src/shared/trainableLayers.ts';
import { sampleContext, samplePlan } from '../support/plans.ts';

const blocks = sampleContext.blocks;
const trained = (changes: Partial<PlanInput>, phase = 0): [string, number][] => [
  ...trainableSet(samplePlan(changes), phase, blocks),
];

describe('trainableSet', () => {
  it('trains nothing of the backbone in a phase that unfreezes nothing', () => {
    expect(trained({}, 0)).toEqual([]);
  });

  it('trains unfrozen blocks and single unfrozen layers of named blocks', () => {
    expect(trained({}, 1)).toEqual([
      ['b2_conv', 2e-5],
      ['b3_conv', 1e-4],
      ['b3_bn', 1e-4],
      ['b3_act', 1e-4],
    ]);
    expect(trained({ phases: [{ name: 'p', epochs: 1 }] })).toEqual(trained({}, 1));
    const onlyB3 = trained({ phases: [{ name: 'p', epochs: 1, unfreeze: ['b3'] }] });
    expect(onlyB3.map(([layer]) => layer)).toEqual(['b3_conv', 'b3_bn', 'b3_act']);
  });

  it('leaves out a frozen layer of an unfrozen block', () => {
    const planBlocks = {
      b3: { frozen: false, learningRate: 1e-4, layers: { b3_bn: { frozen: true, learningRate: 1 } } },
    };
    expect(trained({ blocks: planBlocks }, 1)).toEqual([
      ['b3_conv', 1e-4],
      ['b3_act', 1e-4],
    ]);
  });

  it('takes the rate of the layer, then the phase, then the block, then a tenth of the head', () => {
    const phases = [{ name: 'p', epochs: 1, headLearningRate: 2e-3, learningRates: { b1: 3e-4 } }];
    const planBlocks = {
      b1: { frozen: false, learningRate: 5e-4, layers: { b1_bn: { frozen: false, learningRate: 7e-4 } } },
      b2: { frozen: false, learningRate: 6e-4 },
      b3: { frozen: false },
    };
    const rates = new Map(trained({ phases, blocks: planBlocks }));
    expect(rates.get('b1_bn')).toBe(7e-4);
    expect(rates.get('b1_conv')).toBe(3e-4);
    expect(rates.get('b2_conv')).toBe(6e-4);
    // fastai, slice(2e-3): [2e-4, 2e-4, 2e-3].
    expect(rates.get('b3_conv')).toBeCloseTo(2e-4, 15);
  });

  it('has no rates for phases that do not exist', () => {
    expect(() => headRate(samplePlan(), 2)).toThrow(/no phase 2/);
    expect(() => trainableSet(samplePlan(), -1, blocks)).toThrow(/no phase -1/);
  });
});

describe('headRate and blockRate', () => {
  it('take the rate of the phase where it has one', () => {
    const plan = samplePlan({
      phases: [
        { name: 'a', epochs: 1, headLearningRate: 5e-4, learningRates: { b3: 9e-5 } },
        { name: 'b', epochs: 1 },
      ],
    });
    expect([headRate(plan, 0), headRate(plan, 1)]).toEqual([5e-4, 1e-3]);
    expect([blockRate(plan, 0, 'b3'), blockRate(plan, 1, 'b3')]).toEqual([9e-5, 1e-4]);
    expect(blockRate(plan, 0, 'constructor')).toBeCloseTo(5e-5, 15);
  });
});

const layerEntry = fc.record({ frozen: fc.boolean(), learningRate: fc.double({ min: 1e-6, max: 1, noNaN: true }) });
const blockEntry = (block: Block): fc.Arbitrary<Plan['blocks'][string]> =>
  fc.record({
    frozen: fc.boolean(),
    layers: fc.dictionary(fc.constantFrom(...block.layers), layerEntry, { maxKeys: 3 }),
  });
const randomPlan = fc
  .record({
    b1: blockEntry(blocks[0]),
    b2: blockEntry(blocks[1]),
    b3: blockEntry(blocks[2]),
    unfreeze: fc.option(fc.subarray(['b1', 'b2', 'b3']), { nil: undefined }),
  })
  .map(({ unfreeze, ...planBlocks }) =>
    samplePlan({ blocks: planBlocks, phases: [{ name: 'p', epochs: 1, unfreeze }] }),
  );

describe('trainableSet on any plan', () => {
  it('never trains a frozen block without unfrozen layers, nor one its phase leaves out', () => {
    fc.assert(
      fc.property(randomPlan, fc.constantFrom(...blocks), (plan, block) => {
        plan.blocks[block.name] = { frozen: true, learningRate: 1 };
        const set = trainableSet(plan, 0, blocks);
        expect(block.layers.filter((layer) => set.has(layer))).toEqual([]);
        const phase = plan.phases[0];
        for (const other of blocks.filter(({ name }) => phase.unfreeze && !phase.unfreeze.includes(name))) {
          expect(other.layers.filter((layer) => set.has(layer))).toEqual([]);
        }
      }),
      { seed: 8 },
    );
  });

  it('only grows when a block is unfrozen, and gives every layer a positive rate', () => {
    fc.assert(
      fc.property(randomPlan, fc.constantFrom(...blocks), (plan, block) => {
        const before = trainableSet(plan, 0, blocks);
        const thawed = structuredClone(plan);
        thawed.blocks[block.name].frozen = false;
        thawed.phases[0].unfreeze?.push(block.name);
        const after = trainableSet(thawed, 0, blocks);
        expect([...before.keys()].filter((layer) => !after.has(layer))).toEqual([]);
        for (const rate of after.values()) expect(rate).toBeGreaterThan(0);
      }),
      { seed: 9 },
    );
  });
});
