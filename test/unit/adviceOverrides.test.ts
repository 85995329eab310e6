import { describe, expect, it } from 'vitest';
import { adviceOverrides } from '../../src/shared/adviceOverrides.ts';
import type { Plan } from '../../src/shared/plan.ts';
import type { PlanEdit } from '../../src/shared/planEdits.ts';
import { editText, planData, planNetwork, planOf } from '../support/planNetwork.ts';
import { samplePlan, samplePlanInput } from '../support/plans.ts';

const network = planNetwork();
const text = `${JSON.stringify(samplePlanInput())}\n`;
const FEW = 60;
const MANY = 600;

/** The text of the plan once a quadrant is applied, where so many images of each class were counted. */
function applied(start: string, data: 'low' | 'high', similarity: 'low' | 'high', perClass: number | null): string {
  const edit: PlanEdit = { kind: 'quadrant', data, similarity };
  return editText(start, edit, network, perClass === null ? null : planData(perClass)).text;
}

const adviceOf = (plan: string): Plan['advice'] => planOf(plan).advice;

describe('an amount of data that the user chose', () => {
  it('is in the text of the plan, and no longer once the counted one is applied', () => {
    const chosen = applied(text, 'high', 'high', FEW);
    expect(adviceOf(chosen)).toMatchObject({ data: 'high', dataSource: 'given' });
    const back = applied(chosen, 'low', 'high', FEW);
    expect(adviceOf(back)).toMatchObject({ data: 'low' });
    expect(adviceOf(back)).not.toHaveProperty('dataSource');
  });

  it("stays the user's word where the images are not counted", () => {
    const chosen = applied(text, 'high', 'high', FEW);
    expect(adviceOf(applied(chosen, 'high', 'low', null))).toMatchObject({ data: 'high', dataSource: 'given' });
    expect(adviceOf(applied(text, 'high', 'low', null))).toMatchObject({ dataSource: 'given' });
    const counted = applied(text, 'high', 'high', MANY);
    expect(adviceOf(applied(counted, 'high', 'low', null))).not.toHaveProperty('dataSource');
  });
});

describe('what a plan rests on', () => {
  it("is told where it is not as measured, by the user's word or not, each with the way back", () => {
    const leftOut: string[] = [];
    const given = { data: 'high', dataSource: 'given', similarity: 'low', similaritySource: 'given', leftOut } as const;
    expect(adviceOverrides(samplePlan({ advice: given }), { data: 'low', similarity: 'high' })).toEqual([
      {
        about: 'data',
        text: 'You chose a high amount of data; counted, it is low.',
        edit: { kind: 'quadrant', data: 'low', similarity: 'low' },
      },
      {
        about: 'similarity',
        text: 'You chose low similarity; measured, it is high.',
        edit: { kind: 'quadrant', data: 'high', similarity: 'high' },
      },
    ]);
    const assumed = { data: 'low', similarity: 'high', similaritySource: 'assumed', leftOut } as const;
    const texts = adviceOverrides(samplePlan({ advice: assumed }), { data: 'high', similarity: 'low' });
    expect(texts.map((each) => each.text)).toEqual([
      'The plan was made for a low amount of data; counted, it is high.',
      'The plan was made for high similarity; measured, it is low.',
    ]);
  });

  it('is not told where it is as measured, or nothing is', () => {
    const plan = planOf(applied(text, 'low', 'high', FEW));
    expect(adviceOverrides(plan, { data: 'low', similarity: 'high' })).toEqual([]);
    expect(adviceOverrides(plan, { data: null, similarity: null })).toEqual([]);
    expect(adviceOverrides(samplePlan(), { data: 'low', similarity: 'low' })).toEqual([]);
  });
});
