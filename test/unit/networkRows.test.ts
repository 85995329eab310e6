import { describe, expect, it } from 'vitest';
import { networkRows, parameterCounts } from '../../src/shared/networkRows.ts';
import type { PlanInput } from '../../src/shared/plan.ts';
import { planNetwork } from '../support/planNetwork.ts';
import { samplePlan } from '../support/plans.ts';

const names = ['b1', 'b2', 'b3', 'b4', 'b5'];
const network = planNetwork(names);
const unfrozen = { frozen: false, learningRate: 1e-4 };
const oneUnfrozen = { blocks: { b5: unfrozen }, phases: [{ name: 'p', epochs: 1 }] };
const rowsOf = (changes: Partial<PlanInput>, expanded: string[] = [], movement?: Record<string, number>) =>
  networkRows(samplePlan(changes), network, { expanded: new Set(expanded), movement });
const shown = (changes: Partial<PlanInput>, expanded: string[] = []) =>
  rowsOf(changes, expanded).map((row) => `${'  '.repeat(row.level - 1)}${row.name} ${row.state}`);

describe('networkRows', () => {
  it('folds neighbouring frozen blocks, from the input and elsewhere', () => {
    expect(shown(oneUnfrozen)).toEqual(['input to b4 frozen', 'b5 trains', 'head trains']);
    expect(shown({ ...oneUnfrozen, blocks: { b2: unfrozen } })).toEqual([
      'b1 frozen',
      'b2 trains',
      'b3 to b5 frozen',
      'head trains',
    ]);
    expect(shown({ ...oneUnfrozen, blocks: {} })).toEqual(['input to b5 frozen', 'head trains']);
  });

  it('opens ranges and blocks', () => {
    const [range] = rowsOf(oneUnfrozen);
    expect([range.open, range.blocks, range.parameters]).toEqual([false, ['b1', 'b2', 'b3', 'b4'], 480]);
    expect(shown(oneUnfrozen, [...range.expandKeys, 'block:b2', 'block:b5'])).toEqual([
      'input to b4 frozen',
      '  b1 frozen',
      '  b2 frozen',
      '    b2_conv frozen',
      '    b2_bn frozen',
      '    b2_act noWeights',
      '  b3 frozen',
      '  b4 frozen',
      'b5 trains',
      '  b5_conv trains',
      '  b5_bn trains',
      '  b5_act noWeights',
      'head trains',
    ]);
  });

  it('keeps an open range open when it is divided or grows', () => {
    const [range] = rowsOf({ ...oneUnfrozen, blocks: {} });
    const after = rowsOf({ ...oneUnfrozen, blocks: { b3: unfrozen } }, range.expandKeys);
    expect(after.filter((row) => row.kind === 'foldedRange').map((row) => [row.name, row.open])).toEqual([
      ['input to b2', true],
      ['b4 to b5', true],
    ]);
    const [first] = rowsOf({ ...oneUnfrozen, blocks: { b3: unfrozen } });
    expect(rowsOf({ ...oneUnfrozen, blocks: {} }, first.expandKeys)[0]).toMatchObject({
      name: 'input to b5',
      open: true,
    });
  });

  it('gives every row an id of its own', () => {
    const all = rowsOf(
      oneUnfrozen,
      names.flatMap((name) => [`range:${name}`, `block:${name}`]),
    );
    expect(all).toHaveLength(1 + 5 * 4 + 1);
    expect(new Set(all.map((row) => row.id)).size).toBe(all.length);
  });

  it('tells rates and phases as they are in the last phase a row trains in', () => {
    const rows = rowsOf(
      {
        blocks: {
          b3: { frozen: true, layers: { b3_bn: { frozen: false, learningRate: 2e-5 } } },
          b4: unfrozen,
          b5: { frozen: false },
        },
        phases: [
          { name: 'one', epochs: 1, unfreeze: ['b4'], learningRates: { b4: 3e-6 } },
          { name: 'two', epochs: 1, unfreeze: ['b3', 'b5'], headLearningRate: 5e-4 },
        ],
      },
      ['block:b3'],
    );
    const told = rows.map((row) => [row.name, row.state, row.learningRate, row.inPhases.join()]);
    expect(told).toEqual([
      ['input to b2', 'frozen', null, ''],
      ['b3', 'mixed', 5e-5, 'two'],
      ['b3_conv', 'frozen', null, ''],
      ['b3_bn', 'trains', 2e-5, 'two'],
      ['b3_act', 'noWeights', null, ''],
      ['b4', 'trains', 3e-6, 'one'],
      ['b5', 'trains', 5e-5, 'two'],
      ['head', 'trains', 5e-4, 'one,two'],
    ]);
  });

  it('shows a block that no phase trains as frozen', () => {
    const phases = [{ name: 'p', epochs: 1, unfreeze: [] }];
    expect(shown({ blocks: { b5: unfrozen }, phases })).toEqual(['input to b5 frozen', 'head trains']);
  });

  it('shows a block without weights as such, between what is folded', () => {
    const weightless = planNetwork(names);
    for (const layer of weightless.blocks[2].layers) layer.parameters = 0;
    const rows = networkRows(samplePlan({ ...oneUnfrozen, blocks: {} }), weightless, { expanded: new Set() });
    expect(rows.map((row) => [row.name, row.state])).toEqual([
      ['input to b2', 'frozen'],
      ['b3', 'noWeights'],
      ['b4 to b5', 'frozen'],
      ['head', 'trains'],
    ]);
  });

  it('counts what the batch normalization policy lets learn', () => {
    const learnable = (batchNorm: 'locked' | 'affine') =>
      rowsOf({ ...oneUnfrozen, batchNorm }, ['block:b5']).map((row) => row.learnable);
    expect(learnable('affine')).toEqual([440, 110, 100, 10, 0, 15]);
    expect(learnable('locked')).toEqual([400, 100, 100, 0, 0, 15]);
  });

  it('carries movement and warnings', () => {
    const blocks = { b5: { frozen: false, learningRate: 0.1 } };
    const rows = rowsOf({ ...oneUnfrozen, blocks }, [], { b1: 0, b2: 0.01, b5: 0.2, head: 1.5 });
    expect(rows.map((row) => row.movement)).toEqual([0.01, 0.2, 1.5]);
    expect(rows.map((row) => row.warning !== null)).toEqual([false, true, false]);
    expect(rowsOf(oneUnfrozen).map((row) => row.movement)).toEqual([null, null, null]);
  });

  it('takes names like those of every object for names', () => {
    const odd = planNetwork(['constructor']);
    const rows = networkRows(samplePlan({ ...oneUnfrozen, blocks: {} }), odd, { expanded: new Set(), movement: {} });
    expect(rows.map((row) => [row.name, row.state, row.movement])).toEqual([
      ['constructor', 'frozen', null],
      ['head', 'trains', null],
    ]);
  });
});

describe('parameterCounts', () => {
  const counts = (changes: Partial<PlanInput>) => parameterCounts(samplePlan(changes), network);

  it('counts what trains in any phase, head included', () => {
    expect(counts(oneUnfrozen)).toEqual({ trainable: 125, total: 615 });
    expect(counts({ ...oneUnfrozen, batchNorm: 'locked' }).trainable).toBe(115);
    expect(counts({ ...oneUnfrozen, blocks: {} }).trainable).toBe(15);
    const phases = [
      { name: 'a', epochs: 1, unfreeze: ['b4'] },
      { name: 'b', epochs: 1, unfreeze: ['b5'] },
    ];
    const blocks = { b3: unfrozen, b4: unfrozen, b5: { frozen: false, layers: { b5_conv: { frozen: true } } } };
    expect(counts({ blocks, phases }).trainable).toBe(110 + 10 + 15);
  });
});
