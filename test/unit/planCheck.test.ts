import { describe, expect, it } from 'vitest';
import type { PlanProblem } from '../../src/shared/errors.ts';
import type { PlanInput } from '../../src/shared/plan.ts';
import { checkPlan } from '../../src/shared/planCheck.ts';
import { planLocator } from '../../src/shared/planLines.ts';
import { sampleContext, samplePlan, samplePlanInput } from '../support/plans.ts';

function check(changes: Partial<PlanInput>): PlanProblem[] {
  return checkPlan(samplePlan(changes), sampleContext, () => 1);
}

const head = samplePlanInput().head;
const phase = (changes: object): PlanInput['phases'] => [{ name: 'p', epochs: 1, ...changes }];

describe('checkPlan', () => {
  it('finds nothing in a valid plan', () => {
    expect(check({})).toEqual([]);
    expect(check({ phases: phase({}) })).toEqual([]);
    expect(check({ phases: phase({ unfreeze: ['b3'], learningRates: { b3: 1e-3 } }) })).toEqual([]);
    expect(check({ classWeights: { aster: 1, daisy: 2, iris: 3 } })).toEqual([]);
    expect(check({ head: { classes: head.classes } })).toEqual([]);
  });

  it('gives each problem the line that the locator finds', () => {
    const input = samplePlanInput({ blocks: { b4: { frozen: false } }, phases: phase({}) });
    const text = JSON.stringify(input, null, 2);
    const line = text.slice(0, text.indexOf('"b4"')).split('\n').length;
    const problems = checkPlan(samplePlan(input), sampleContext, planLocator(text));
    expect(problems).toEqual([{ path: 'blocks.b4', line, problem: 'The network has no block "b4".', nearest: 'b1' }]);
  });

  it('refuses unknown layers and layers of another block', () => {
    const layers = { b3_cnv: { frozen: true }, b2_conv: { frozen: true } };
    const problems = check({ blocks: { b3: { frozen: false, layers } }, phases: phase({}) });
    expect(problems).toEqual([
      { path: 'blocks.b3.layers.b3_cnv', line: 1, problem: 'Block "b3" has no layer "b3_cnv".', nearest: 'b3_conv' },
      {
        path: 'blocks.b3.layers.b2_conv',
        line: 1,
        problem: 'Layer "b2_conv" belongs to block "b2", not to "b3".',
        nearest: 'b3_conv',
      },
    ]);
  });

  it('refuses to unfreeze a frozen block in a phase', () => {
    const [problem, ...rest] = check({ phases: phase({ unfreeze: ['b3', 'b1'] }) });
    expect(rest).toEqual([]);
    expect(problem).toMatchObject({ path: 'phases.0.unfreeze.1', nearest: 'b2' });
    expect(problem.problem).toMatch(/^Block "b1" is frozen, so phase "p" cannot train it/);
    const explicit = check({ blocks: { b1: { frozen: true } }, phases: phase({ unfreeze: ['b1'] }) });
    expect(explicit).toHaveLength(1);
    expect(explicit[0].nearest).toBeUndefined();
  });

  it('counts a block as unfrozen only by layers that have weights', () => {
    const withLayer = (name: string, frozen: boolean): PlanProblem[] =>
      check({
        blocks: { b1: { frozen: !frozen, layers: { [name]: { frozen } } } },
        phases: phase({ unfreeze: ['b1'] }),
      });
    expect(withLayer('b1_bn', false)).toEqual([]);
    expect(withLayer('b1_act', false)).toHaveLength(1);
    expect(withLayer('b1_bn', true)).toEqual([]);
  });

  it('refuses unknown and repeated blocks in a phase', () => {
    const problems = check({ phases: phase({ unfreeze: ['b3', 'b3', 'B2x', 'head'] }) });
    expect(problems.map(({ path, nearest }) => [path, nearest])).toEqual([
      ['phases.0.unfreeze.1', undefined],
      ['phases.0.unfreeze.2', 'b2'],
      ['phases.0.unfreeze.3', undefined],
    ]);
    expect(problems[0].problem).toContain('listed twice');
    expect(problems[2].problem).toContain('The head is not a block');
  });

  it('refuses rates in a phase for blocks that do not train in it', () => {
    const problems = check({ phases: phase({ unfreeze: ['b3'], learningRates: { b1: 1, b2: 1, b3: 1, b9: 1 } }) });
    expect(problems.map((problem) => problem.path)).toEqual([
      'phases.0.learningRates.b1',
      'phases.0.learningRates.b2',
      'phases.0.learningRates.b9',
    ]);
    expect(problems[0].problem).toContain('is frozen');
    expect(problems[1].problem).toContain('does not unfreeze');
    expect(problems[2].problem).toContain('no block "b9"');
  });

  it('refuses a head on an unknown layer, and repeated classes', () => {
    const problems = check({ head: { after: 'b3_atc', classes: ['aster', 'iris', 'aster'] } });
    expect(problems.map(({ path, nearest }) => [path, nearest])).toEqual([
      ['head.after', 'b3_act'],
      ['head.classes.2', undefined],
    ]);
  });

  it('refuses class weights that do not fit the classes', () => {
    const problems = check({ classWeights: { aster: 1, dasy: 2, iris: 1 } });
    expect(problems).toEqual([
      { path: 'classWeights.dasy', line: 1, problem: 'head.classes has no class "dasy".', nearest: 'daisy' },
      { path: 'classWeights', line: 1, problem: 'classWeights has no weight for class "daisy".' },
    ]);
  });

  it('is not fooled by names of built-in properties', () => {
    expect(check({ phases: phase({ unfreeze: ['constructor'] }) })[0].problem).toBe(
      'The network has no block "constructor".',
    );
  });
});
