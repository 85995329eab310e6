import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  quadrantSentence,
  recommendPlan,
  type AdviceInput,
  type Level,
  type Recommendation,
} from '../../src/shared/advisor.ts';
import { dataBand } from '../../src/shared/dataBand.ts';
import { checkPlan } from '../../src/shared/planCheck.ts';
import { planSchema } from '../../src/shared/plan.ts';
import { samplePlanInput } from '../support/plans.ts';

const makeBlocks = (count: number, parameters = 1000): AdviceInput['blocks'] =>
  Array.from({ length: count }, (_, index) => ({ name: `b${index}`, layers: [`b${index}_conv`], parameters }));

function advise(perClass: number[], similarity: Level, changes: Partial<AdviceInput> = {}): Recommendation {
  const blocks = makeBlocks(9);
  return recommendPlan({ data: dataBand(perClass), similarity, similaritySource: 'given', blocks, ...changes });
}

const LOW = [60, 60, 60];
const MIDDLE = [250, 400, 400];
const HIGH = [600, 700];

describe('dataBand', () => {
  it.each([
    [[19, 5000], 'low', true],
    [[20, 5000], 'low', false],
    [[199, 5000], 'low', false],
    [[200, 5000], 'middle', false],
    [[499, 5000], 'middle', false],
    [[500, 5000], 'high', false],
    [[499, 500], 'low', false],
    [[500, 500], 'high', false],
    [[], 'low', true],
  ])('of %j is %s', (perClass, band, tiny) => {
    expect(dataBand(perClass)).toMatchObject({
      band,
      tiny,
      borderline: band === 'middle',
      quadrantData: band === 'high' ? 'high' : 'low',
    });
  });

  it('counts', () => {
    expect(dataBand([30, 10, 20])).toMatchObject({ images: 60, smallestClass: 10, largestClass: 30 });
  });
});

describe('quadrantSentence', () => {
  it('is the sentence of each quadrant', () => {
    expect(quadrantSentence('low', 'low')).toBe('Unfreeze more layers of the pretrained model');
    expect(quadrantSentence('low', 'high')).toBe('Unfreeze fewer layers of the pretrained model');
    expect(quadrantSentence('high', 'low')).toBe('Initialize with pretrained weights and train completely');
    expect(quadrantSentence('high', 'high')).toBe('Fine-tune completely');
  });
});

describe('recommendPlan', () => {
  it('trains only the head with little similar data', () => {
    const advice = advise(LOW, 'high');
    expect(advice.unfrozenBlocks).toEqual([]);
    expect(Object.values(advice.blocks)).toEqual(Array.from({ length: 9 }, () => ({ frozen: true })));
    expect(advice.phases).toHaveLength(1);
    expect(advice.phases[0]).toMatchObject({ name: 'head', unfreeze: [] });
    expect(advice).toMatchObject({ batchNorm: 'locked', augment: 'light', earlyStopping: { patience: 5 } });
    expect(advice.optimizer).toEqual({ name: 'adam', headLearningRate: 1e-3 });
    expect(advice.sentence).toBe('Unfreeze fewer layers of the pretrained model');
  });

  it('thaws the top third downwards with little dissimilar data, 2.6 times slower each block', () => {
    const advice = advise(LOW, 'low');
    expect(advice.unfrozenBlocks).toEqual(['b6', 'b7', 'b8']);
    expect(advice.phases.map((phase) => phase.unfreeze)).toEqual([[], ['b8'], ['b7', 'b8'], ['b6', 'b7', 'b8']]);
    expect(advice.phases.map((phase) => phase.headLearningRate)).toEqual([undefined, 5e-4, 5e-4, 5e-4]);
    expect(['b8', 'b7', 'b6'].map((name) => advice.blocks[name].learningRate)).toEqual([1e-4, 3.85e-5, 1.48e-5]);
    expect(advice).toMatchObject({ batchNorm: 'affine', augment: 'strong', earlyStopping: { patience: 5 } });
    expect(advise(MIDDLE, 'low').unfrozenBlocks).toHaveLength(5);
  });

  it('counts the last blocks in words that fit their number', () => {
    const reason = (blocks: number) => advise(LOW, 'low', { blocks: makeBlocks(blocks) }).reasons[3];
    expect(reason(1)).toBe('The only block trains.');
    expect(reason(3)).toBe('The last of 3 blocks trains: what is specific to the source images sits at the top.');
    expect(reason(9)).toMatch(/^The last 3 of 9 blocks train: /);
  });

  it('trains everything at one rate that falls along a cosine with much dissimilar data', () => {
    const advice = advise(HIGH, 'low');
    expect(advice.phases).toEqual([
      { name: 'head', epochs: 1, unfreeze: [] },
      { name: 'all', epochs: 20, schedule: 'cosine' },
    ]);
    expect(new Set(Object.values(advice.blocks).map((block) => block.learningRate))).toEqual(new Set([3e-4]));
    expect(advice.batchNorm).toBe('adapt');
    expect(advise(HIGH, 'low', { batchSize: 8 }).batchNorm).toBe('affine');
    expect(advice.earlyStopping).toBeNull();
    expect(advice.reasons.join(' ')).toMatch(/fall along a cosine.*No early stopping/);
    expect(advice.optimizer).toEqual({ name: 'adamw', headLearningRate: 1e-3, weightDecay: 0.01 });
    expect(advice.reasons.at(-1)).toContain('Weight decay of 0.01 (AdamW)');
    expect(advice.leftOut).toEqual([]);
  });

  it('spreads peak rates geometrically up to the head, in one cycle, with much similar data', () => {
    const advice = advise(HIGH, 'high');
    const rates = Object.values(advice.blocks).map((block) => block.learningRate);
    // fastai 2.8.12: even_mults(1e-5, 1e-3, 10), nine blocks and the head, to three digits.
    const spread = [1e-5, 1.67e-5, 2.78e-5, 4.64e-5, 7.74e-5, 1.29e-4, 2.15e-4, 3.59e-4, 5.99e-4];
    expect([...rates, advice.optimizer.headLearningRate]).toEqual([...spread, 1e-3]);
    expect(advice.phases).toEqual([
      { name: 'head', epochs: 1, unfreeze: [] },
      { name: 'all', epochs: 20, schedule: 'oneCycle' },
    ]);
    expect(advice).toMatchObject({ batchNorm: 'affine', augment: 'light', earlyStopping: null });
    expect(advice.reasons.join(' ')).toMatch(/Peak rates rise geometrically.*One cycle/);
    expect(advice.leftOut).toEqual([]);
    // As slice(1e-5, 1e-3) over two groups.
    expect(advise(HIGH, 'high', { blocks: makeBlocks(1) }).blocks.b0.learningRate).toBe(1e-5);
  });

  it('trains only the head with fewer than 20 images in a class, and warns', () => {
    const advice = advise([19, 400], 'low');
    expect(advice.unfrozenBlocks).toEqual([]);
    expect(advice.warnings.map((warning) => warning.code)).toContain('tiny');
    expect(advice.reasons.join(' ')).toContain('fewer than 20 images');
  });

  it('warns where a number is at its limit, and only there', () => {
    const codes = (perClass: number[], changes: Partial<AdviceInput> = {}): string[] =>
      advise(perClass, 'low', changes).warnings.map((warning) => warning.code);
    expect(codes(HIGH)).toEqual([]);
    expect(codes(MIDDLE)).toEqual(['borderline']);
    expect(codes(LOW)).toEqual(['fewValidationImages']);
    expect(codes([100, 1000])).toEqual([]);
    expect(codes([99, 990])).toEqual([]);
    expect(codes([95, 950])).toEqual(['fewValidationImages']);
    expect(codes([100, 1001])).toEqual(['imbalanced']);
    const all = { validation: { images: 200, smallestClass: 100 } };
    expect(codes([100, 100], { ...all, blocks: makeBlocks(3, 1_000_000) })).toEqual([]);
    expect(codes([100, 100], { ...all, blocks: makeBlocks(3, 1_000_001) })).toEqual(['capacity']);
    expect(codes(HIGH, { blocks: makeBlocks(3, 1e9) })).toEqual([]);
  });

  it('prints its inputs and records them for the plan', () => {
    const advice = advise(LOW, 'high', { similaritySource: 'assumed' });
    expect(advice.reasons[0]).toBe('180 images, 60 in the smallest class: the amount of data is low.');
    expect(advice.reasons[1]).toContain('high (assumed, not measured)');
    expect(advice.advice).toEqual({
      data: 'low',
      similarity: 'high',
      similaritySource: 'assumed',
      leftOut: advice.leftOut,
    });
    expect(advice.leftOut).toEqual([
      'Cross-validation, which judges by every image: a run holds one part out; thaw train --folds 5 does it.',
    ]);
  });

  it('does without blocks', () => {
    expect(advise(HIGH, 'low', { blocks: [] })).toMatchObject({ blocks: {}, unfrozenBlocks: [] });
    expect(advise(LOW, 'low', { blocks: [] }).phases).toHaveLength(1);
  });
});

const level = fc.constantFrom<Level>('low', 'high');
const counts = fc.array(fc.oneof(fc.nat(60), fc.nat(900)), { minLength: 2, maxLength: 6 });
const blockCount = fc.integer({ min: 1, max: 40 });

describe('recommendPlan on any data', () => {
  const unfrozen = (perClass: number[], similarity: Level, count: number): number =>
    advise(perClass, similarity, { blocks: makeBlocks(count) }).unfrozenBlocks.length;

  it('never gives fewer trainable blocks for more data', () => {
    fc.assert(
      fc.property(
        counts,
        fc.array(fc.nat(600), { minLength: 6, maxLength: 6 }),
        level,
        blockCount,
        (few, more, similarity, n) => {
          const many = few.map((count, index) => count + more[index]);
          expect(unfrozen(many, similarity, n)).toBeGreaterThanOrEqual(unfrozen(few, similarity, n));
        },
      ),
      { seed: 10, numRuns: 300 },
    );
  });

  it('never gives fewer trainable blocks for lower similarity', () => {
    fc.assert(
      fc.property(counts, blockCount, (perClass, n) => {
        expect(unfrozen(perClass, 'low', n)).toBeGreaterThanOrEqual(unfrozen(perClass, 'high', n));
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  it('orders the quadrants: low/high < low/low <= high, from 20 images a class', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 499 }), level, blockCount, (perClass, similarity, n) => {
        const low = Array.from({ length: 4 }, () => perClass);
        expect(unfrozen(low, 'high', n)).toBeLessThan(unfrozen(low, 'low', n));
        expect(unfrozen(low, 'low', n)).toBeLessThanOrEqual(unfrozen(HIGH, similarity, n));
      }),
      { seed: 12, numRuns: 300 },
    );
  });

  it('makes plans that are valid, list every block, and keep the head above the backbone', () => {
    fc.assert(
      fc.property(counts, level, blockCount, (perClass, similarity, n) => {
        const blocks = makeBlocks(n);
        const { sentence, reasons, leftOut, warnings, unfrozenBlocks, head, ...parts } = advise(perClass, similarity, {
          blocks,
        });
        const input = samplePlanInput();
        const plan = planSchema.parse({ ...input, ...parts, head: { classes: input.head.classes, ...head } });
        const layers = blocks.flatMap((block) => block.layers.map((name) => ({ name, weighted: true })));
        expect(checkPlan(plan, { blocks, layers }, () => 1)).toEqual([]);
        expect(Object.keys(plan.blocks)).toEqual(blocks.map((block) => block.name));
        const rates = unfrozenBlocks.map((name) => plan.blocks[name].learningRate ?? Infinity);
        expect([...rates].sort((a, b) => a - b)).toEqual(rates);
        const leastHeadRate = Math.min(
          ...plan.phases.map((phase) => phase.headLearningRate ?? plan.optimizer.headLearningRate),
        );
        expect(Math.max(0, ...rates)).toBeLessThan(leastHeadRate);
        expect(sentence).toBe(quadrantSentence(dataBand(perClass).quadrantData, similarity));
        for (const text of [...reasons, ...leftOut, ...warnings.map((warning) => warning.text)])
          expect(text).toMatch(/^\S.*\.$/);
      }),
      { seed: 13, numRuns: 200 },
    );
  });
});
