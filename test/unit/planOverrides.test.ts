import { describe, expect, it } from 'vitest';
import { problemOf } from '../../src/shared/errors.ts';
import type { Plan } from '../../src/shared/plan.ts';
import { type PlanSetting, withSettings } from '../../src/shared/planOverrides.ts';
import { samplePlan } from '../support/plans.ts';

const PLAN = samplePlan();

const set = (key: string, value: PlanSetting['value']): Plan => withSettings(PLAN, [{ key, value }]);

function refusal(key: string, value: PlanSetting['value']): unknown {
  try {
    set(key, value);
  } catch (error) {
    return problemOf(error);
  }
  return null;
}

describe('the settings of a command', () => {
  it('replace values of any depth and leave the rest, and the plan that was given', () => {
    const before = structuredClone(PLAN);
    expect(set('optimizer.headLearningRate', 3e-4)).toEqual({
      ...PLAN,
      optimizer: { ...PLAN.optimizer, headLearningRate: 3e-4 },
    });
    expect(set('phases.0.epochs', 7).phases).toEqual([{ ...PLAN.phases[0], epochs: 7 }, ...PLAN.phases.slice(1)]);
    expect(PLAN).toEqual(before);
  });

  it('make the objects that are not there', () => {
    expect(PLAN.earlyStopping).toBeNull();
    expect(set('earlyStopping.patience', 3).earlyStopping).toEqual({ patience: 3 });
    expect(set('blocks.fresh.frozen', true).blocks.fresh).toEqual({ frozen: true });
  });

  it('apply in their order', () => {
    const settings = [4, 8].map((value) => ({ key: 'batchSize', value }));
    expect(withSettings(PLAN, settings).batchSize).toBe(8);
  });

  it.each([
    ['optimizer.headLearningRate', -1, 'optimizer.headLearningRate', undefined],
    ['optimizer.headLearningRat', 1, 'optimizer.headLearningRat', 'headLearningRate'],
    ['phases.9.epochs', 1, 'phases.9.epochs', undefined],
    ['phases.length', 1, 'phases.length', undefined],
    ['augment.flip', true, 'augment.flip', undefined],
    ['', 1, '', undefined],
    ['optimizer..name', 'sgd', 'optimizer..name', undefined],
    ['__proto__.name', 1, '__proto__.name', undefined],
    ['optimizer.name', 'sdg', 'optimizer.name', 'sgd'],
  ])('refuse %s=%s', (key, value, named, nearest) => {
    expect(refusal(key, value)).toMatchObject({
      reason: 'planSetting',
      key: named,
      ...(nearest === undefined ? {} : { nearest: expect.stringContaining(nearest) as string }),
    });
  });
});
