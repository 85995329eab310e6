import { expect, it } from 'vitest';
import { planChangeWords } from '../../src/shared/planChangeWords.ts';

it('says what changes of freezing and rates mean, once each', () => {
  expect(
    planChangeWords([
      { path: ['blocks', 'block_1', 'frozen'], value: false },
      { path: ['blocks', 'block_1', 'learningRate'], value: 3e-5 },
      { path: ['blocks', 'block_2'], value: { frozen: false, learningRate: 1e-4 } },
      { path: ['blocks', 'block_3'] },
      { path: ['blocks', 'block_4', 'layers', 'conv', 'frozen'], value: true },
      { path: ['blocks', 'block_4', 'layers', 'bn'], value: { frozen: false } },
      { path: ['phases', 1, 'unfreeze'], value: ['block_1'] },
      { path: ['phases', 1, 'headLearningRate'], value: 5e-4 },
      { path: ['phases', 1, 'learningRates', 'block_1'], value: 2e-5 },
      { path: ['optimizer', 'headLearningRate'], value: 5e-4 },
      { path: ['batchSize'], value: 3 },
    ]),
  ).toEqual([
    'block_1 unfrozen',
    'block_1 at 3e-5',
    'block_2 unfrozen',
    'block_2 at 1e-4',
    'block_3 frozen',
    'conv frozen',
    'bn unfrozen',
    'the head at 5e-4',
    'block_1 at 2e-5',
  ]);
});

it('says nothing of what has no words, such as a rate that is no longer there', () => {
  expect(planChangeWords([{ path: ['blocks', 'block_1', 'learningRate'] }])).toEqual([]);
});
