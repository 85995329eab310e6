import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packAnswers, unpackAnswers } from '../../bench/advisor/answers.ts';
import { candidatePlans, nameOf, PLANS, policyPlan, triedPlans } from '../../bench/advisor/plans.ts';
import { judgeTask, renderAdvisorReport } from '../../bench/advisor/report.ts';
import { type Cell, crossFittedRegret } from '../../bench/advisor/regret.ts';
import { replaceMarked } from '../../bench/reportSections.ts';
import { dataBand } from '../../src/shared/dataBand.ts';
import { parsePlanText } from '../../src/shared/planText.ts';
import { Random } from '../../src/shared/random.ts';
import { recommendPlan } from '../../src/shared/advisor.ts';
import type { Plan } from '../../src/shared/plan.ts';

const blocks = ['stem', 'b1', 'b2', 'b3', 'b4', 'b5'].map((name) => ({
  name,
  layers: [`${name}_out`],
  parameters: 10,
}));
const data = dataBand([50, 50, 50]);

function advisedPlan(similarity: 'low' | 'high', images = 50): Plan {
  const parts = recommendPlan({
    data: dataBand([images, images, images]),
    similarity,
    similaritySource: 'measured',
    blocks,
  });
  const { phases, optimizer, batchNorm, augment, earlyStopping } = parts;
  const parsed = parsePlanText(
    JSON.stringify({
      ...{
        version: 1,
        model: 'm',
        input: { range: '0..1', resize: 'pad', channels: 'gray' },
        data: { train: 'd', validation: 0.2 },
      },
      head: { after: 'b5_out', classes: ['a', 'b', 'c'], hidden: [], ...parts.head },
      ...{ blocks: parts.blocks, phases, optimizer, batchNorm, augment, earlyStopping },
    }),
  );
  if (!('plan' in parsed)) throw new Error(JSON.stringify(parsed.problems));
  return parsed.plan;
}

const candidates = candidatePlans({
  advised: advisedPlan('high'),
  blocks,
  data,
  cut: { block: 'b2', layer: 'b2_out' },
});
const unfrozen = (plan: Plan): string[] => Object.keys(plan.blocks).filter((name) => !plan.blocks[name].frozen);

describe('answers', () => {
  it('come back as they were packed', () => {
    expect(packAnswers([true, false, true, true, false])).toBe('b0');
    fc.assert(
      fc.property(fc.array(fc.boolean()), (correct) => {
        expect(unpackAnswers(packAnswers(correct), correct.length)).toEqual(correct);
      }),
    );
  });
});

describe('the plans that are tried', () => {
  it('unfreeze what their names say, and are valid plans', () => {
    const all = blocks.map(({ name }) => name);
    expect(Object.fromEntries(PLANS.map((name) => [name, unfrozen(candidates[name])]))).toEqual({
      ...{ head: [], earlierCut: [] },
      ...{ lastBlock: ['b5'], third: ['b4', 'b5'], half: ['b3', 'b4', 'b5'] },
      ...{ all, oneCycle: all, fastai: all, scratch: all },
    });
    for (const name of PLANS) expect(parsePlanText(JSON.stringify(candidates[name])), name).toHaveProperty('plan');
    expect(candidates.lastBlock.phases.map(({ unfreeze }) => unfreeze)).toEqual([[], ['b5']]);
  });

  it('cut the network at the block of the challenger', () => {
    expect(candidates.earlierCut.head.after).toBe('b2_out');
    expect(Object.keys(candidates.earlierCut.blocks)).toEqual(['stem', 'b1', 'b2']);
  });

  it('know the plan of the advisor among them', () => {
    expect(nameOf(advisedPlan('high'), candidates)).toBe('head');
    expect(nameOf(advisedPlan('low'), candidates)).toBe('third');
    expect(nameOf(advisedPlan('high', 600), candidates)).toBe('oneCycle');
    expect(nameOf(advisedPlan('low', 600), candidates)).toBe('all');
    expect(nameOf({ ...advisedPlan('low'), augment: 'none' }, candidates)).toBe('advised');
  });

  it('are tried once each, and that for many images only with many', () => {
    const tried = (advised: Plan, amount: number): string[] =>
      Object.keys(triedPlans(advised, candidates, dataBand([amount, amount, amount])));
    expect(tried(advisedPlan('high'), 50)).toEqual(PLANS.filter((name) => name !== 'all'));
    expect(tried({ ...advisedPlan('high'), augment: 'none' }, 500)).toEqual([...PLANS, 'advised']);
    const small = candidatePlans({
      advised: advisedPlan('high'),
      blocks: blocks.slice(2),
      data,
      cut: { block: 'b2', layer: 'x' },
    });
    expect(Object.keys(triedPlans(advisedPlan('high'), small, data))).not.toContain('half');
  });

  it("follow Ludwig's limit", () => {
    expect([999, 1000].map((images) => policyPlan('ludwig', images))).toEqual(['head', 'oneCycle']);
  });
});

/** Answers that are right with a chance of their own, and with hard images in common. */
function simulate(chances: Record<string, number>, images: number, seed: number): Cell[] {
  return [1, 2, 3].flatMap((run) =>
    Object.entries(chances).map(([plan, chance]) => {
      const random = Random.seeded(seed, `${plan}/${run}`);
      return { task: 't', seed: run, plan, correct: Array.from({ length: images }, () => random.uniform() < chance) };
    }),
  );
}

describe('regret', () => {
  it('is what a plan loses against the best', () => {
    const cells = simulate({ good: 0.9, bad: 0.7 }, 1000, 1);
    const lost = crossFittedRegret(cells, () => 'bad');
    expect(lost.regret).toBeCloseTo(0.2, 1);
    expect(lost.low).toBeGreaterThan(0.1);
    expect(lost.high).toBeLessThan(0.3);
    expect(crossFittedRegret(cells, () => 'good')).toEqual({ regret: 0, low: 0, high: 0 });
  });

  it('is none on average where all plans are equal, however many there are', () => {
    const plans = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`p${index}`, 0.8]));
    const regrets = Array.from(
      { length: 40 },
      (_, seed) => crossFittedRegret(simulate(plans, 100, seed), () => 'p0').regret,
    );
    const mean = regrets.reduce((sum, regret) => sum + regret, 0) / regrets.length;
    expect(Math.abs(mean)).toBeLessThan(0.015);
  });

  it('follows the choice of each seed', () => {
    const cells = simulate({ good: 0.9, bad: 0.5 }, 400, 2);
    const { regret } = crossFittedRegret(cells, (seed) => (seed === 1 ? 'bad' : 'good'));
    expect(regret).toBeCloseTo(0.4 / 3, 1);
  });
});

describe('a judged task', () => {
  const advice = [1, 2, 3].map((seed) => ({
    ...{ task: 't', seed, advised: 'head', images: 150 },
    ...{ quadrant: { data: 'low', similarity: 'high' }, similarity: { bnDistance: 0.01 * seed } },
  })) as Parameters<typeof judgeTask>[0]['advice'];

  it('compares the advice with the best plan and with the policies', () => {
    const chances = { head: 0.6, oneCycle: 0.9, fastai: 0.6 };
    const task = judgeTask({ name: 't', half: 'tuning', cells: simulate(chances, 600, 3), advice });
    expect(task.judged).toBe('low/high, 0.010 to 0.030');
    expect([task.advised, task.best]).toEqual(['head only', 'all in one cycle']);
    expect(task.regret.low).toBeGreaterThan(0.2);
    expect(task.policies.ludwig).toEqual(task.policies.head);
    expect(task.policies.all.regret).toBe(0);
    const machine = { processor: 'x', cores: 2, memoryBytes: 1e9, system: 's', node: '20' };
    const common = { date: 'today', machine, command: 'c', seeds: [1, 2, 3], results: [task] };
    const unfinished = renderAdvisorReport({ ...common, planned: 2 });
    expect(unfinished).toContain('not finished');
    expect(unfinished).not.toContain('Aims');
    expect(unfinished).not.toContain('training the head alone');
    const finished = renderAdvisorReport({ ...common, planned: 1 });
    expect(finished).toContain('mean regret under one point: missed');
    expect(finished).toContain('On 1 tasks training the head alone loses more than five points.');
  });

  it('has its best plan among those with all seeds', () => {
    const chances = { head: 0.6, oneCycle: 0.8, fastai: 0.6, scratch: 0.99 };
    const cells = simulate(chances, 600, 3).filter(({ plan, seed }) => plan !== 'scratch' || seed === 1);
    const task = judgeTask({ name: 't', half: 'tuning', cells, advice });
    expect(task.best).toBe('all in one cycle');
    expect(task.bestAccuracy).toBeCloseTo(0.8, 1);
  });
});

it('replaces what stands between two marks and nothing else', () => {
  const page = 'before\n<!-- section: x -->\nold\n<!-- end of section: x -->\nafter\n';
  expect(replaceMarked(page, 'x', 'new')).toBe(
    'before\n<!-- section: x -->\n\nnew\n\n<!-- end of section: x -->\nafter\n',
  );
  expect(() => replaceMarked('nothing', 'x', 'new')).toThrow('no section');
});
