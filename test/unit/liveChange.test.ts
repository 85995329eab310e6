import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasLiveChange, liveChange } from '../../src/shared/liveChange.ts';
import type { Plan } from '../../src/shared/plan.ts';
import { samplePlan } from '../support/plans.ts';

const edited = (edit: (plan: Plan) => void): Plan => {
  const plan = samplePlan();
  edit(plan);
  return plan;
};

describe('liveChange', () => {
  it('takes over what is frozen and every rate, and nothing else', () => {
    const running = samplePlan();
    const [block] = Object.keys(running.blocks);
    const plan = edited((draft) => {
      draft.blocks[block] = { frozen: false, learningRate: 7e-5 };
      draft.optimizer.headLearningRate = 0.02;
      draft.phases[0].headLearningRate = 0.03;
      draft.batchSize = 99;
      draft.seed = 1;
      draft.phases[0].epochs = 999;
      draft.optimizer.name = 'sgd';
    });
    const change = liveChange(running, plan);
    if ('reason' in change) throw new Error(change.reason);
    expect(change.plan).toEqual({
      ...running,
      blocks: plan.blocks,
      optimizer: { ...running.optimizer, headLearningRate: 0.02 },
      phases: running.phases.map((phase, index) => (index === 0 ? { ...phase, headLearningRate: 0.03 } : phase)),
    });
    const paths = change.changes.map(({ path }) => path.join('.'));
    expect(
      paths.every((path) => /^(blocks\.|optimizer\.headLearningRate$|phases\.0\.headLearningRate$)/.test(path)),
    ).toBe(true);
  });

  it('has nothing to take over where the plans differ in other things only', () => {
    const running = samplePlan();
    expect(hasLiveChange(running, samplePlan())).toBe(false);
    expect(
      hasLiveChange(
        running,
        edited((draft) => (draft.batchSize = 3)),
      ),
    ).toBe(false);
    expect(
      hasLiveChange(
        running,
        edited((draft) => (draft.optimizer.headLearningRate = 0.5)),
      ),
    ).toBe(true);
  });

  it('says so where the phases are others', () => {
    const renamed = edited((draft) => (draft.phases[0].name = 'another'));
    const fewer = edited((draft) => (draft.phases = draft.phases.slice(0, -1)));
    for (const plan of [renamed, fewer]) expect(liveChange(samplePlan(), plan)).toEqual({ reason: 'phases' });
    expect(hasLiveChange(samplePlan(), renamed)).toBe(false);
  });

  it('taken over, leaves nothing to take over', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1, noNaN: true }), fc.boolean(), (rate, frozen) => {
        const plan = edited((draft) => {
          for (const name of Object.keys(draft.blocks)) draft.blocks[name] = { frozen, learningRate: rate };
        });
        const change = liveChange(samplePlan(), plan);
        expect('plan' in change && hasLiveChange(change.plan, plan)).toBe(false);
      }),
      { seed: 4, numRuns: 50 },
    );
  });
});
