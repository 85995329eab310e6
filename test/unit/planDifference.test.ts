import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/shared/plan.ts';
import { applyPlanEdit, editedPlan } from '../../src/shared/planEdits.ts';
import { appliedChanges, keepsWhatTrains, ownSettings } from '../../src/shared/planEdits/planDifference.ts';
import { SCHEDULE_PRESET_IDS } from '../../src/shared/schedulePresets.ts';
import { planData, planNetwork } from '../support/planNetwork.ts';
import { samplePlan } from '../support/plans.ts';

const NAMES = ['b1', 'b2', 'b3', 'b4', 'b5', 'b6'];
const network = planNetwork(NAMES);
const change = (...path: (string | number)[]) => ({ path, value: 1 });

/** A plan of one phase whose blocks from `first` on train at the given rates, input to output. */
function planFrom(first: number, rates: readonly number[], changes: Parameters<typeof samplePlan>[0] = {}): Plan {
  const blocks = NAMES.map((name, index) => {
    const entry = index < first ? { frozen: true } : { frozen: false, learningRate: rates[index - first] };
    return [name, entry] as const;
  });
  return samplePlan({
    blocks: Object.fromEntries(blocks),
    phases: [{ name: 'all', epochs: 5 }],
    ...changes,
  });
}

describe('what an edit changes', () => {
  it('is told of freezing with the rates of what is thawed, neighbours together', () => {
    const [few, all] = [planFrom(5, [1e-4]), planFrom(0, [1e-5, 2e-5, 3e-5, 4e-5, 5e-5, 1e-4])];
    expect(appliedChanges(few, all, network)).toEqual(['Unfreeze b1 to b5 at 1e-5 to 5e-5 (now frozen)']);
    expect(appliedChanges(all, few, network)).toEqual(['Freeze b1 to b5 (now unfrozen)']);
    const apart = { ...all, blocks: { ...all.blocks, b2: { frozen: true }, b5: { frozen: true } } };
    expect(appliedChanges(apart, all, network)).toEqual(['Unfreeze b2, b5 at 2e-5 to 5e-5 (now frozen)']);
  });

  it('is told of blocks that are frozen in part', () => {
    const whole = planFrom(5, [1e-4]);
    const b6 = { frozen: false, learningRate: 1e-4, layers: { b6_conv: { frozen: true } } };
    const part = { ...whole, blocks: { ...whole.blocks, b6 } };
    expect(appliedChanges(part, whole, network)).toEqual(['Unfreeze b6 (now frozen in part)']);
    expect(appliedChanges(part, planFrom(6, []), network)).toEqual(['Freeze b6 (now unfrozen in part)']);
  });

  it('takes a block that no phase trains for frozen, as the list of the network does', () => {
    const never = planFrom(5, [1e-4], { phases: [{ name: 'all', epochs: 5, unfreeze: [] }] });
    expect(appliedChanges(never, planFrom(5, [1e-4]), network)).toEqual([
      'Unfreeze b6 at 1e-4 (now frozen)',
      'What trains in phase all: the head and every unfrozen block (now the head)',
    ]);
  });

  it('is told of rates one by one, and from three on together', () => {
    const rates = [1e-5, 2e-5, 3e-5];
    expect(appliedChanges(planFrom(3, rates), planFrom(3, [1e-4, 2e-5, 3e-5]), network)).toEqual([
      'Rate of b4: 1e-4 (now 1e-5)',
    ]);
    expect(appliedChanges(planFrom(3, rates), planFrom(3, [1e-4, 1e-4, 1e-4]), network)).toEqual([
      'Rates of b4 to b6: 1e-4 (now 1e-5 to 3e-5)',
    ]);
  });

  it('is told of phases in a row, and of settings of one where the row is the same', () => {
    const phases = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, epochs: 2 }));
    const [one, many] = [planFrom(6, []), planFrom(6, [], { phases })];
    expect(appliedChanges(one, many, network)).toEqual([
      'Phases: a for 2 epochs, then b for 2 epochs, then c for 2 epochs and 2 more (now all for 5 epochs)',
    ]);
    const cycle = planFrom(6, [], { phases: [{ name: 'all', epochs: 1, schedule: 'oneCycle' }] });
    expect(appliedChanges(one, cycle, network)).toEqual(['Phases: all for 1 epoch (One-cycle) (now all for 5 epochs)']);
    const own = { headLearningRate: 5e-4, learningRates: { b6: 1e-5 }, restoreBest: false };
    const changed = planFrom(6, [], { phases: [{ name: 'all', epochs: 5, ...own }] });
    expect(appliedChanges(changed, one, network)).toEqual([
      'Rate of the head in phase all: that of all phases (now 5e-4)',
      'Rates of blocks in phase all: those of all phases (now 1e-5)',
      'Phase all begins with: the best weights (now the last weights)',
    ]);
  });

  it('is told of every setting the advisor decides', () => {
    const plan = planFrom(6, [], {
      optimizer: { name: 'sgd', headLearningRate: 0.05 },
      batchNorm: 'locked',
      augment: { crop: 0.1, rotate: 9 },
      earlyStopping: { patience: 1 },
      head: { ...samplePlan().head, dropout: 0.5, l2: 0.01 },
      weights: 'random',
    });
    const other = planFrom(6, [], {
      optimizer: { name: 'adamw', headLearningRate: 1e-3 },
      batchNorm: 'affine',
      augment: 'light',
      earlyStopping: null,
      head: { ...samplePlan().head, dropout: 0, l2: 0 },
    });
    expect(ownSettings(plan, other, network)).toEqual([
      'Starting weights: random (recommended: pretrained)',
      'Rate of the head: 0.05 (recommended: 1e-3)',
      'Optimizer: SGD with momentum 0.9 (recommended: AdamW with weight decay 0.01)',
      'Batch normalization: locked (recommended: affine)',
      'Augmentation: crop up to 0.1, rotate up to 9 degrees, 4 variants (recommended: light)',
      'Early stopping: after 1 epoch without improvement (recommended: never)',
      'Dropout in the head: 0.5 (recommended: 0)',
      'L2 on the head: 0.01 (recommended: 0)',
    ]);
  });

  it('says nothing of what the advisor leaves alone, nor of a rate that a frozen block keeps', () => {
    const plan = planFrom(6, []);
    const kept = { ...plan, batchSize: 3, blocks: { ...plan.blocks, b1: { frozen: true, learningRate: 1e-3 } } };
    expect(ownSettings(kept, plan, network)).toEqual([]);
    expect(appliedChanges(kept, plan, network)).toEqual([]);
  });

  it('is never silent where a quadrant trains something else, and is once it is applied', () => {
    const level = fc.constantFrom('low' as const, 'high' as const);
    const start = fc.oneof(
      fc.record({ kind: fc.constant('preset' as const), preset: fc.constantFrom(...SCHEDULE_PRESET_IDS) }),
      fc.record({ kind: fc.constant('quadrant' as const), data: level, similarity: level }),
      fc.record({
        kind: fc.constant('freeze' as const),
        targets: fc.array(fc.record({ block: fc.constantFrom(...NAMES) }), { minLength: 1, maxLength: 4 }),
        frozen: fc.boolean(),
      }),
      fc.record({ kind: fc.constant('headRate' as const), rate: fc.constantFrom(1e-4, 1e-3) }),
    );
    const sources = { network, data: planData(300) };
    fc.assert(
      fc.property(fc.array(start, { maxLength: 4 }), level, level, (edits, data, similarity) => {
        const plan = edits.reduce((draft, edit) => editedPlan(draft, edit, sources), planFrom(4, [1e-5, 1e-4]));
        const edit = { kind: 'quadrant', data, similarity } as const;
        const after = editedPlan(plan, edit, sources);
        const { changes } = applyPlanEdit(plan, edit, sources);
        const words = appliedChanges(plan, after, network);
        if (!keepsWhatTrains(changes)) expect(words).not.toEqual([]);
        expect(new Set(words).size).toBe(words.length);
        expect(appliedChanges(after, editedPlan(after, edit, sources), network)).toEqual([]);
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});

describe('keepsWhatTrains', () => {
  it('is true for rates, epochs and settings', () => {
    const kept = [change('blocks', 'a', 'learningRate'), change('phases', 0, 'epochs'), change('batchNorm')];
    expect(keepsWhatTrains(kept)).toBe(true);
    expect(keepsWhatTrains([])).toBe(true);
  });

  it.each([
    [change('blocks', 'a', 'frozen')],
    [change('blocks', 'a')],
    [change('phases')],
    [change('phases', 0, 'unfreeze')],
    [change('weights')],
  ])('is false for $path', (one) => {
    expect(keepsWhatTrains([change('augment'), one])).toBe(false);
  });
});
