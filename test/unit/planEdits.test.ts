import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlanInput } from '../../src/shared/plan.ts';
import { checkPlan } from '../../src/shared/planCheck.ts';
import { applyPlanEdit, type PlanEdit, planEditSchema, TRANSFER_WAYS } from '../../src/shared/planEdits.ts';
import { parameterCounts, rateWarning } from '../../src/shared/networkRows.ts';
import { SCHEDULE_PRESET_IDS } from '../../src/shared/schedulePresets.ts';
import { blockRate, headRate, trainableSet } from '../../src/shared/trainableLayers.ts';
import { contextOf, editText, planData, planNetwork, planOf } from '../support/planNetwork.ts';
import { samplePlan, samplePlanInput } from '../support/plans.ts';

const network = planNetwork();
const context = contextOf(network);
const textOf = (changes: Partial<PlanInput> = {}): string => JSON.stringify(samplePlanInput(changes), null, 2);
const edited = (edit: PlanEdit, changes: Partial<PlanInput> = {}, of = network) => {
  const result = editText(textOf(changes), edit, of);
  return { ...result, plan: planOf(result.text) };
};
const freeze = (...targets: (string | [string, string])[]): PlanEdit => ({
  kind: 'freeze',
  frozen: true,
  targets: at(targets),
});
const thaw = (...targets: (string | [string, string])[]): PlanEdit => ({
  kind: 'freeze',
  frozen: false,
  targets: at(targets),
});
const at = (targets: (string | [string, string])[]) =>
  targets.map((target) => (typeof target === 'string' ? { block: target } : { block: target[0], layer: target[1] }));

describe('freezing', () => {
  it('freezes a block together with the phases that name it', () => {
    const { plan, paths, label } = edited(freeze('b3'));
    expect(plan.blocks.b3).toEqual({ frozen: true, learningRate: 1e-4 });
    expect(plan.phases[1].unfreeze).toEqual(['b2']);
    expect(paths).toEqual(['blocks.b3.frozen', 'phases.1.unfreeze']);
    expect(label).toBe('Freeze b3');
  });

  it('takes a frozen block and its rates out of every phase', () => {
    const { plan } = edited(freeze('b3'), {
      phases: [
        { name: 'a', epochs: 1, unfreeze: ['b3'], learningRates: { b3: 1e-5 } },
        { name: 'b', epochs: 1, learningRates: { b2: 1e-5, b3: 1e-5 } },
      ],
    });
    expect(plan.phases).toEqual([
      { name: 'a', epochs: 1, unfreeze: [] },
      { name: 'b', epochs: 1, learningRates: { b2: 1e-5 } },
    ]);
  });

  it('adds a thawed block to the last phase in the order of the network, and to no other', () => {
    const { plan, label } = edited(thaw('b1'));
    expect(plan.blocks.b1.frozen).toBe(false);
    expect(plan.phases.map((phase) => phase.unfreeze)).toEqual([[], ['b1', 'b2', 'b3']]);
    expect(label).toBe('Unfreeze b1');
  });

  it('leaves a last phase that trains whatever is unfrozen as it is', () => {
    const { paths } = edited(thaw('b1'), { phases: [{ name: 'all', epochs: 1 }] });
    expect(paths).toEqual(['blocks.b1']);
  });

  it('clears the overrides of a block that is toggled as a whole', () => {
    expect(edited(thaw('b2')).plan.blocks.b2).toEqual({ frozen: false, learningRate: 1e-4 });
    expect(edited(freeze('b2')).plan.blocks.b2).toEqual({ frozen: true });
  });

  it('keeps what is in the wanted state already', () => {
    const blocks = { b3: { frozen: false, layers: { b3_bn: { frozen: false, learningRate: 1e-6 } } } };
    expect(edited(thaw('b3'), { blocks, phases: [{ name: 'p', epochs: 1, unfreeze: ['b3'] }] }).paths).toEqual([]);
    expect(edited(freeze('b1')).paths).toEqual([]);
    expect(edited(freeze('nowhere')).paths).toEqual([]);
  });

  it('writes single layers as overrides and folds them when all layers with weights agree', () => {
    const mixed = edited(freeze(['b3', 'b3_conv']));
    expect(mixed.plan.blocks.b3).toEqual({ frozen: false, learningRate: 1e-4, layers: { b3_conv: { frozen: true } } });
    expect(mixed.plan.phases[1].unfreeze).toEqual(['b2', 'b3']);
    const folded = editText(mixed.text, freeze(['b3', 'b3_bn']), network);
    expect(planOf(folded.text).blocks.b3).toEqual({ frozen: true, learningRate: 1e-4 });
    expect(planOf(folded.text).phases[1].unfreeze).toEqual(['b2']);
    expect(folded.label).toBe('Freeze b3_bn');
  });

  it('keeps the own rate of a layer when its block folds', () => {
    const { plan } = edited(thaw(['b2', 'b2_bn']));
    const layers = { b2_conv: { frozen: false, learningRate: 2e-5 } };
    expect(plan.blocks.b2).toEqual({ frozen: false, learningRate: 1e-4, layers });
  });

  it('thaws nothing but the named layer of a block that no phase trains', () => {
    const blocks = { b3: { frozen: false, learningRate: 1e-4 } };
    const phases = [{ name: 'p', epochs: 1, unfreeze: [] }];
    const { plan } = edited(thaw(['b3', 'b3_bn']), { blocks, phases });
    expect([...trainableSet(plan, 0, context.blocks).keys()]).toEqual(['b3_bn']);
    expect([...trainableSet(edited(thaw('b3'), { blocks, phases }).plan, 0, context.blocks).keys()]).toHaveLength(3);
  });

  it('does nothing to layers without weights', () => {
    expect(edited(freeze(['b3', 'b3_act'])).paths).toEqual([]);
    const unused = { blocks: { b3: { frozen: false } }, phases: [{ name: 'p', epochs: 1, unfreeze: [] }] };
    expect(edited(thaw(['b3', 'b3_act']), unused).paths).toEqual([]);
  });

  it('gives a thawed block the rate between its neighbours, that of its only one, or a tenth of the head', () => {
    const rateOf = (blocks: PlanInput['blocks'], block: string) =>
      edited(thaw(block), { blocks, phases: [{ name: 'p', epochs: 1 }] }).plan.blocks[block].learningRate;
    const [low, high] = [
      { frozen: false, learningRate: 1e-6 },
      { frozen: false, learningRate: 1e-4 },
    ];
    expect(rateOf({ b1: low, b3: high }, 'b2')).toBe(1e-5);
    expect(rateOf({ b3: high }, 'b1')).toBe(1e-4);
    expect(rateOf({ b1: low, b3: { frozen: true, learningRate: 1e-4 } }, 'b2')).toBe(1e-6);
    expect(rateOf({}, 'b2')).toBe(1e-4);
    expect(rateOf({ b2: { frozen: true, learningRate: 7e-5 } }, 'b2')).toBe(7e-5);
    expect(rateOf({ b1: { frozen: false, learningRate: 1 } }, 'b2')).toBe(1e-3);
  });

  it('freezes up to a block and thaws the rest', () => {
    const { plan, label } = edited({ kind: 'freezeUpTo', block: 'b1' });
    expect([...trainableSet(plan, 1, context.blocks).keys()]).toEqual(
      ['b2', 'b3'].flatMap((name) => [`${name}_conv`, `${name}_bn`, `${name}_act`]),
    );
    expect(label).toBe('Freeze up to b1');
    expect(edited({ kind: 'freezeUpTo', block: 'b3' }).plan.phases[1].unfreeze).toEqual([]);
    expect(edited({ kind: 'freezeUpTo', block: 'nowhere' }).paths).toEqual([]);
  });

  it('freezes and thaws everything', () => {
    const none = edited({ kind: 'freezeAll', frozen: true });
    expect(parameterCounts(none.plan, network)).toEqual({ trainable: 15, total: 375 });
    const all = edited({ kind: 'freezeAll', frozen: false });
    expect(parameterCounts(all.plan, network)).toEqual({ trainable: 345, total: 375 });
    expect([none.label, all.label]).toEqual(['Freeze all blocks', 'Unfreeze all blocks']);
  });

  it('works by the names in the plan while the network is not known', () => {
    const result = editText(textOf(), thaw('b2', 'b9'), null);
    const plan = planOf(result.text);
    expect(plan.blocks.b2).toEqual({ frozen: false, learningRate: 1e-4 });
    expect(plan.blocks.b9).toEqual({ frozen: false, learningRate: 1e-4 });
    expect(plan.phases[1].unfreeze).toEqual(['b2', 'b3', 'b9']);
    const layer = planOf(editText(textOf(), freeze(['b3', 'b3_bn']), null).text);
    expect(layer.blocks.b3.layers).toEqual({ b3_bn: { frozen: true } });
    expect(planOf(editText(textOf(), freeze(['b2', 'b2_conv']), null).text).phases[1].unfreeze).toEqual(['b3']);
  });

  it('takes a block called like a property of every object for a block', () => {
    const odd = planNetwork(['constructor', 'toString']);
    const changes: Partial<PlanInput> = { blocks: {}, phases: [{ name: 'p', epochs: 1, unfreeze: [] }] };
    const { plan } = edited(thaw('constructor'), changes, odd);
    expect(Object.entries(plan.blocks)).toEqual([['constructor', { frozen: false, learningRate: 1e-4 }]]);
    expect(plan.phases[0].unfreeze).toEqual(['constructor']);
  });
});

describe('a cut', () => {
  const phases: PlanInput['phases'] = [
    { name: 'a', epochs: 1, unfreeze: ['b3'], learningRates: { b3: 1e-6 } },
    { name: 'b', epochs: 1, learningRates: { b2: 1e-5, b3: 1e-6 } },
  ];

  it('puts the head on the output of a block, and what lies behind leaves the plan', () => {
    const { plan, label, paths } = edited({ kind: 'cutAfter', block: 'b2' }, { phases });
    expect(plan.head).toEqual({ ...samplePlan().head, after: 'b2_act' });
    expect(plan.blocks).toEqual({ b2: samplePlan().blocks.b2 });
    expect(plan.phases).toEqual([
      { name: 'a', epochs: 1, unfreeze: [] },
      { name: 'b', epochs: 1, learningRates: { b2: 1e-5 } },
    ]);
    expect(label).toBe('Cut after b2');
    expect(paths).toEqual([
      'head.after',
      'blocks.b3',
      'phases.0.unfreeze',
      'phases.0.learningRates',
      'phases.1.learningRates.b3',
    ]);
  });

  it('is none at the end of the network, nor at a block that it does not have', () => {
    for (const block of ['b3', 'nowhere']) {
      expect(edited({ kind: 'cutAfter', block }, { phases }).paths).toEqual([]);
    }
  });

  it('needs the network', () => {
    expect(() => editText(textOf(), { kind: 'cutAfter', block: 'b1' }, null)).toThrow(/not known/);
  });
});

describe('the challenger', () => {
  const apply = (headAfter: string | null, data: 'low' | 'high', similarity: 'low' | 'high', perClass = 60) =>
    editText(textOf(), { kind: 'challenger', headAfter, data, similarity }, network, planData(perClass));

  it('is a head on an earlier block, and nothing else trains', () => {
    const { text, label } = apply('b2', 'low', 'low');
    const plan = planOf(text);
    expect(plan.head.after).toBe('b2_act');
    expect(plan.blocks).toEqual({ b1: { frozen: true }, b2: { frozen: true } });
    expect(plan.phases).toEqual([{ name: 'head', epochs: 100, unfreeze: [] }]);
    expect(plan).toMatchObject({ batchNorm: 'locked', augment: 'light', earlyStopping: { patience: 10 } });
    expect(plan.optimizer).toMatchObject({ name: 'adam', headLearningRate: 0.01 });
    // The images are as dissimilar as before.
    expect(plan.advice).toMatchObject({ data: 'low', similarity: 'low' });
    expect(label).toBe('Apply "Head on b2"');
  });

  it('is the plan of the neighbouring quadrant otherwise', () => {
    const { text, label } = apply(null, 'low', 'low');
    const quadrant = editText(textOf(), { kind: 'quadrant', data: 'low', similarity: 'low' }, network, planData(60));
    expect(text).toBe(quadrant.text);
    expect(label).toBe('Apply "Unfreeze more layers of the pretrained model"');
  });
});

describe('rates', () => {
  const own = {
    phases: [
      { name: 'a', epochs: 1, unfreeze: ['b3'], learningRates: { b3: 1e-6 }, headLearningRate: 5e-3 },
      { name: 'b', epochs: 1, learningRates: { b3: 1e-6 }, headLearningRate: 5e-4 },
    ],
  };

  it('sets a rate so that it holds in the last phase', () => {
    const { plan, paths, label } = edited({ kind: 'blockRate', block: 'b3', rate: 2e-4 }, own);
    expect([blockRate(plan, 0, 'b3'), blockRate(plan, 1, 'b3')]).toEqual([1e-6, 2e-4]);
    expect(paths).toEqual(['blocks.b3.learningRate', 'phases.1.learningRates']);
    expect(label).toBe('Set the learning rate of b3 to 2e-4');
  });

  it('sets the rate of a frozen block without thawing it', () => {
    expect(edited({ kind: 'blockRate', block: 'b1', rate: 2e-4 }).plan.blocks.b1).toEqual({
      frozen: true,
      learningRate: 2e-4,
    });
    expect(edited({ kind: 'blockRate', block: 'nowhere', rate: 2e-4 }).paths).toEqual([]);
  });

  it('sets the rate of the head so that it holds in the last phase', () => {
    const { plan, paths, label } = edited({ kind: 'headRate', rate: 0.01 }, own);
    expect([headRate(plan, 0), headRate(plan, 1)]).toEqual([5e-3, 0.01]);
    expect(paths.sort()).toEqual(['optimizer.headLearningRate', 'phases.1.headLearningRate']);
    expect(label).toBe('Set the learning rate of the head to 0.01');
  });

  it('sets and clears the rate of a layer', () => {
    const set = edited({ kind: 'layerRate', block: 'b3', layer: 'b3_bn', rate: 3e-6 });
    expect(set.plan.blocks.b3.layers).toEqual({ b3_bn: { frozen: false, learningRate: 3e-6 } });
    const cleared = editText(set.text, { kind: 'layerRate', block: 'b3', layer: 'b3_bn', rate: null }, network);
    expect(planOf(cleared.text).blocks).toEqual(samplePlan().blocks);
    expect(cleared.label).toBe('Give b3_bn the learning rate of b3');
    const differs = edited({ kind: 'layerRate', block: 'b2', layer: 'b2_conv', rate: null });
    expect(differs.plan.blocks.b2).toEqual({ frozen: true, layers: { b2_conv: { frozen: false } } });
    expect(edited({ kind: 'layerRate', block: 'b3', layer: 'b3_act', rate: 1 }).paths).toEqual([]);
  });

  it('spreads rates over the unfrozen blocks', () => {
    const blocks = { b1: { frozen: false }, b2: { frozen: true }, b3: { frozen: false, learningRate: 1 } };
    const { plan, paths, label } = edited(
      { kind: 'spreadRates', low: 1e-5, high: 1e-3 },
      { blocks, phases: [{ name: 'p', epochs: 1, learningRates: { b1: 1 } }] },
    );
    expect(plan.blocks).toEqual({
      b1: { frozen: false, learningRate: 1e-5 },
      b2: { frozen: true },
      b3: { frozen: false, learningRate: 1e-3 },
    });
    expect(paths).toEqual(['blocks.b1.learningRate', 'blocks.b3.learningRate', 'phases.0.learningRates']);
    expect(label).toBe('Spread learning rates from 1e-5 to 1e-3');
  });
});

describe('recommended plans', () => {
  it('brings the optimizer that its rates are made for, and leaves the clipping alone', () => {
    const optimizer = { name: 'sgd' as const, headLearningRate: 0.1, momentum: 0.8, clipNorm: 2 };
    const after = (similarity: 'low' | 'high') =>
      editText(textOf({ optimizer }), { kind: 'quadrant', data: 'high', similarity }, network, planData(600)).text;
    expect(JSON.parse(after('low'))).toMatchObject({
      optimizer: { name: 'adamw', headLearningRate: 1e-3, weightDecay: 0.01, clipNorm: 2 },
    });
    const { optimizer: similar } = planOf(after('high'));
    expect(similar).toEqual({ name: 'adam', headLearningRate: 1e-3, clipNorm: 2 });
  });

  it('applies the plan of a quadrant with the similarity as given', () => {
    const result = editText(textOf(), { kind: 'quadrant', data: 'high', similarity: 'high' }, network, planData(600));
    const plan = planOf(result.text);
    expect(plan.blocks).toEqual({
      b1: { frozen: false, learningRate: 1e-5 },
      b2: { frozen: false, learningRate: 4.64e-5 },
      b3: { frozen: false, learningRate: 2.15e-4 },
    });
    expect(plan.phases.map(({ name, schedule }) => [name, schedule])).toEqual([
      ['head', undefined],
      ['all', 'oneCycle'],
    ]);
    expect(plan.earlyStopping).toBeNull();
    expect(plan.augment).toBe('light');
    expect(plan.advice).toMatchObject({ data: 'high', similarity: 'high', similaritySource: 'given' });
    expect(plan.head.classes).toEqual(samplePlan().head.classes);
    expect(result.label).toBe('Apply "Fine-tune completely"');
  });

  it('takes the chosen amount of data over the measured one', () => {
    const chosen = (data: 'low' | 'high', perClass: number) => {
      const edit: PlanEdit = { kind: 'quadrant', data, similarity: 'low' };
      const plan = planOf(editText(textOf(), edit, network, planData(perClass)).text);
      return { blocks: Object.values(plan.blocks).filter((block) => !block.frozen).length, advice: plan.advice?.data };
    };
    expect(chosen('high', 5)).toEqual({ blocks: 3, advice: 'high' });
    expect(chosen('low', 5000)).toEqual({ blocks: 1, advice: 'low' });
    // As the advisor has it: half of the blocks in the middle band, the head alone with fewer than 20 images a class.
    expect(chosen('low', 400)).toEqual({ blocks: 2, advice: 'low' });
    expect(chosen('low', 5)).toEqual({ blocks: 0, advice: 'low' });
  });

  it('knows the three ways of transfer', () => {
    const after = (way: (typeof TRANSFER_WAYS)[number], perClass: number) =>
      planOf(editText(textOf({ weights: 'random' }), { kind: 'way', way }, network, planData(perClass)).text);
    const unfrozen = (plan: ReturnType<typeof planOf>): string[] =>
      Object.keys(plan.blocks)
        .filter((name) => !plan.blocks[name].frozen)
        .sort();
    for (const way of TRANSFER_WAYS) expect(after(way, 600).weights).toBe('pretrained');

    const extractor = after('featureExtractor', 600);
    expect([unfrozen(extractor), extractor.phases.length, extractor.phases[0].unfreeze]).toEqual([[], 1, []]);
    const few = after('fineTune', 10);
    expect(unfrozen(few)).toEqual(['b3']);
    expect(few.phases.map((phase) => phase.unfreeze)).toEqual([[], ['b3']]);
    expect(unfrozen(after('fineTune', 600))).toEqual(['b1', 'b2', 'b3']);
    const plain = after('plainStart', 10);
    expect(unfrozen(plain)).toEqual(['b1', 'b2', 'b3']);
    expect(plain.phases).toEqual([{ name: 'all', epochs: 20, schedule: 'cosine' }]);
  });

  it('rewrites the phases as a whole where their number changes', () => {
    const phases = ['a', 'b', 'c', 'd'].map((name) => ({ name, epochs: 1 }));
    const fewer = edited({ kind: 'way', way: 'plainStart' }, { phases });
    expect([fewer.paths.includes('phases'), fewer.plan.phases.length]).toEqual([true, 1]);
    const more = editText(fewer.text, { kind: 'quadrant', data: 'high', similarity: 'high' }, network);
    expect(planOf(more.text).phases.map((one) => one.name)).toEqual(['head', 'all']);
  });

  it('needs the network', () => {
    for (const edit of [
      { kind: 'way', way: 'fineTune' },
      { kind: 'quadrant', data: 'low', similarity: 'low' },
      { kind: 'challenger', headAfter: 'b2', data: 'low', similarity: 'low' },
    ] as const) {
      expect(() => applyPlanEdit(samplePlan(), edit, { network: null })).toThrow(/network of the plan is not known/);
    }
  });
});

describe('preset', () => {
  it('writes the recipe on all blocks of the network, in one edit that leaves the rest alone', () => {
    const { plan, paths, label } = edited({ kind: 'preset', preset: 'linearProbeThenFineTune' });
    expect(plan.phases.map(({ name, schedule }) => [name, schedule])).toEqual([
      ['head', undefined],
      ['all', { name: 'cosine', warmUp: 0.1 }],
    ]);
    expect(Object.values(plan.blocks).every((each) => !each.frozen)).toBe(true);
    expect(paths.every((path) => /^(blocks|phases|optimizer\.headLearningRate$)/.test(path))).toBe(true);
    expect(label).toBe('Apply "Linear probe, then fine-tune"');
  });

  it('needs the network', () => {
    expect(() => editText(textOf(), { kind: 'preset', preset: 'layerDecay' }, null)).toThrow(/not known|usage/);
  });
});

describe('a setting', () => {
  const setting = (path: (string | number)[], value: unknown) => edited({ kind: 'setting', path, value });

  it('changes one place', () => {
    const { paths, plan, label } = setting(['batchSize'], 32);
    expect([paths, plan.batchSize, label]).toEqual([['batchSize'], 32, 'Change batchSize']);
    expect(setting(['phases', 1, 'epochs'], 3).plan.phases[1].epochs).toBe(3);
    expect(setting(['head', 'dropout'], 0.5).plan.head.dropout).toBe(0.5);
    expect(setting(['augment'], { flip: true, crop: 0.1 }).plan.augment).toEqual({ flip: true, crop: 0.1 });
  });

  it('changes nothing that is so already, default or not', () => {
    expect(setting(['batchSize'], 16).paths).toEqual([]);
    expect(setting(['phases', 1, 'unfreeze'], ['b2', 'b3']).paths).toEqual([]);
    expect(setting(['phases', 1, 'unfreeze'], ['b3', 'b2']).paths).toEqual(['phases.1.unfreeze']);
  });

  it('removes a key', () => {
    const { plan, label } = setting(['phases', 1, 'unfreeze'], undefined);
    expect(plan.phases[1]).toEqual({ name: 'fine-tune', epochs: 10 });
    expect(label).toBe('Remove phases.1.unfreeze');
  });
});

const names = ['b1', 'b2', 'b3', 'b4'];
const large = planNetwork(names);
const largeContext = contextOf(large);
const block = fc.constantFrom(...names, 'nowhere');
const layer = fc.tuple(fc.constantFrom(...names), fc.constantFrom('conv', 'bn', 'act')).map(([name, kind]) => ({
  block: name,
  layer: `${name}_${kind}`,
}));
const rate = fc.constantFrom(1e-6, 3e-5, 1e-4, 2e-3, 0.5, 100);
const level = fc.constantFrom('low' as const, 'high' as const);
const target = fc.oneof(
  block.map((name) => ({ block: name })),
  layer,
);
const anyEdit: fc.Arbitrary<PlanEdit> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('freeze' as const),
      targets: fc.array(target, { minLength: 1, maxLength: 4 }),
      frozen: fc.boolean(),
    }),
  },
  fc.record({ kind: fc.constant('freezeUpTo' as const), block }),
  fc.record({ kind: fc.constant('freezeAll' as const), frozen: fc.boolean() }),
  fc.record({ kind: fc.constant('cutAfter' as const), block }),
  fc.record({
    kind: fc.constant('challenger' as const),
    headAfter: fc.option(block),
    data: level,
    similarity: level,
  }),
  fc.record({ kind: fc.constant('blockRate' as const), block, rate }),
  fc.tuple(layer, fc.option(rate)).map(([place, value]) => ({ kind: 'layerRate' as const, ...place, rate: value })),
  fc.record({ kind: fc.constant('headRate' as const), rate }),
  fc.record({ kind: fc.constant('spreadRates' as const), low: rate, high: rate }),
  fc.record({ kind: fc.constant('quadrant' as const), data: level, similarity: level }),
  fc.record({ kind: fc.constant('way' as const), way: fc.constantFrom(...TRANSFER_WAYS) }),
  fc.record({ kind: fc.constant('preset' as const), preset: fc.constantFrom(...SCHEDULE_PRESET_IDS) }),
  fc.integer({ min: 1, max: 64 }).map((value) => ({ kind: 'setting' as const, path: ['batchSize'], value })),
);
const phase = (name: string) =>
  fc.record(
    {
      name: fc.constant(name),
      epochs: fc.constant(2),
      unfreeze: fc.subarray(['b2', 'b3', 'b4']),
      headLearningRate: rate,
      schedule: fc.constantFrom('cosine' as const, { name: 'oneCycle' as const, peakAt: 0.3 }),
      restoreBest: fc.boolean(),
    },
    { requiredKeys: ['name', 'epochs'] },
  );
/** Valid plans: b2 is mixed, b3 and b4 are unfrozen. */
const anyPlan = fc.tuple(phase('first'), phase('last'), fc.boolean()).map(([first, last, phaseRate]) =>
  textOf({
    blocks: {
      b2: { frozen: true, layers: { b2_conv: { frozen: false, learningRate: 2e-5 }, b2_act: { frozen: false } } },
      b3: { frozen: false, learningRate: 1e-4 },
      b4: { frozen: false },
    },
    phases: [
      { ...first, ...(phaseRate && (first.unfreeze?.includes('b3') ?? true) ? { learningRates: { b3: 1e-6 } } : {}) },
      last,
    ],
  }),
);

describe('any edit', () => {
  it('keeps a plan valid, whatever came before it', () => {
    fc.assert(
      fc.property(
        anyPlan,
        fc.array(anyEdit, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(5, 300, 900),
        (start, edits, perClass) => {
          let text = start;
          for (const edit of edits) {
            expect(planEditSchema.parse(edit)).toEqual(edit);
            text = editText(text, edit, large, planData(perClass)).text;
            expect(checkPlan(planOf(text), largeContext, () => 1)).toEqual([]);
          }
        },
      ),
      { seed: 11, numRuns: 300 },
    );
  });

  it('changes nothing when it is made twice', () => {
    const repeatable = anyEdit.filter((edit) => edit.kind !== 'spreadRates');
    fc.assert(
      fc.property(anyPlan, repeatable, (start, edit) => {
        const { text } = editText(start, edit, large);
        expect(editText(text, edit, large).paths).toEqual([]);
      }),
      { seed: 12, numRuns: 300 },
    );
  });

  it('changes only what it names', () => {
    const own: Record<PlanEdit['kind'], RegExp> = {
      freeze: /^(blocks\.|phases\.\d+\.(unfreeze|learningRates))/,
      freezeUpTo: /^(blocks\.|phases\.\d+\.(unfreeze|learningRates))/,
      freezeAll: /^(blocks\.|phases\.\d+\.(unfreeze|learningRates))/,
      cutAfter: /^(head\.after$|blocks|phases\.\d+\.(unfreeze|learningRates))/,
      challenger:
        /^(head\.after$|blocks|phases|optimizer\.(name|headLearningRate|momentum|weightDecay)$|batchNorm$|augment$|earlyStopping$|head\.(dropout|l2)$|advice)/,
      blockRate: /^(blocks\.|phases\.1\.learningRates)/,
      layerRate: /^blocks\./,
      headRate: /^(optimizer\.headLearningRate|phases\.1\.headLearningRate)$/,
      spreadRates: /^(blocks\.b\d(\.learningRate)?$|phases\.1\.learningRates)/,
      quadrant:
        /^(blocks|phases|optimizer\.(name|headLearningRate|momentum|weightDecay)$|batchNorm$|augment$|earlyStopping$|head\.(dropout|l2)$|advice)/,
      way: /^(blocks|phases|optimizer\.headLearningRate$|batchNorm$)/,
      preset: /^(blocks|phases|optimizer\.headLearningRate$)/,
      setting: /^batchSize$/,
    };
    fc.assert(
      fc.property(anyPlan, anyEdit, (start, edit) => {
        const { paths, text } = editText(start, edit, large);
        for (const path of paths) expect(path).toMatch(own[edit.kind]);
        if (!('targets' in edit) && !('block' in edit)) return;
        const named = new Set('targets' in edit ? edit.targets.map((one) => one.block) : [edit.block]);
        if (edit.kind === 'freezeUpTo' || edit.kind === 'cutAfter') return;
        const [before, after] = [planOf(start), planOf(text)];
        for (const name of names.filter((other) => !named.has(other))) {
          expect(after.blocks[name]).toEqual(before.blocks[name]);
          for (const [index, { unfreeze, learningRates }] of before.phases.entries()) {
            expect(after.phases[index].unfreeze?.includes(name)).toBe(unfreeze?.includes(name));
            expect(after.phases[index].learningRates?.[name]).toBe(learningRates?.[name]);
          }
        }
      }),
      { seed: 13, numRuns: 400 },
    );
  });
});

describe('a cut after any edits', () => {
  it('is valid for the network that is left, with every block before it as it was', () => {
    fc.assert(
      fc.property(
        anyPlan,
        fc.array(anyEdit, { maxLength: 4 }),
        fc.integer({ min: 1, max: 4 }),
        (start, edits, left) => {
          const before = edits.reduce((text, edit) => editText(text, edit, large, planData(60)).text, start);
          const rest = planNetwork(names.slice(0, left));
          for (const edit of [
            { kind: 'cutAfter', block: names[left - 1] },
            { kind: 'challenger', headAfter: names[left - 1], data: 'low', similarity: 'low' },
          ] as const) {
            const after = planOf(editText(before, edit, large, planData(60)).text);
            expect(checkPlan(after, contextOf(rest), () => 1)).toEqual([]);
            if (edit.kind === 'challenger') continue;
            const kept = Object.entries(planOf(before).blocks).filter(([name]) => names.indexOf(name) < left);
            expect(after.blocks).toEqual(Object.fromEntries(kept));
          }
        },
      ),
      { seed: 15, numRuns: 200 },
    );
  });
});

describe('freezing and thawing again', () => {
  it('trains the same in the last phase', () => {
    const trained = (text: string): [string, number][] => [...trainableSet(planOf(text), 1, largeContext.blocks)];
    fc.assert(
      fc.property(anyPlan, fc.array(target, { minLength: 1, maxLength: 4 }), (start, targets) => {
        const before = trained(start);
        const trains = new Set(before.map(([name]) => name));
        const uniform = targets.filter((one) => {
          const layers = 'layer' in one ? [one.layer] : [`${one.block}_conv`, `${one.block}_bn`];
          return one.block !== 'nowhere' && layers.every((name) => trains.has(name) && !name.endsWith('_act'));
        });
        fc.pre(uniform.length > 0);
        const frozen = editText(start, { kind: 'freeze', targets: uniform, frozen: true }, large).text;
        expect(trained(frozen).length).toBeLessThan(before.length);
        const weighted = (all: [string, number][]) =>
          all.map(([name]) => name).filter((name) => !name.endsWith('_act'));
        const again = editText(frozen, { kind: 'freeze', targets: uniform, frozen: false }, large).text;
        expect(weighted(trained(again))).toEqual(weighted(before));
      }),
      { seed: 14, numRuns: 300 },
    );
  });
});

describe('rateWarning', () => {
  const warning = (changes: Partial<PlanInput>, name = 'b3') => rateWarning(samplePlan(changes), name);

  it('names a pretrained rate above that of the head', () => {
    const text = warning({ blocks: { b3: { frozen: false, learningRate: 0.02 } } });
    expect(text).toMatch(/^b3 learns at 0.02 in phase "fine-tune", faster than the head at 1e-3: /);
    const layers = { b3_bn: { frozen: false, learningRate: 2e-3 } };
    expect(warning({ blocks: { b3: { frozen: true, learningRate: 1, layers } } })).toMatch(/b3 learns at 2e-3/);
    const phases = [{ name: 'p', epochs: 1, headLearningRate: 1e-5 }];
    expect(warning({ phases })).toMatch(/1e-4 in phase "p", faster than the head at 1e-5/);
  });

  it('is silent where nothing pretrained learns faster', () => {
    expect(warning({})).toBeNull();
    expect(warning({ blocks: { b3: { frozen: true, learningRate: 1 } } })).toBeNull();
    expect(
      warning({ blocks: { b3: { frozen: false, learningRate: 1 } }, phases: [{ name: 'p', epochs: 1, unfreeze: [] }] }),
    ).toBeNull();
    expect(warning({ weights: 'random', blocks: { b3: { frozen: false, learningRate: 1 } } })).toBeNull();
    expect(warning({}, 'nowhere')).toBeNull();
  });
});
