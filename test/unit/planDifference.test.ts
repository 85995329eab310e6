import { describe, expect, it } from 'vitest';
import { changedParts, keepsWhatTrains } from '../../src/shared/planEdits/planDifference.ts';

const change = (...path: (string | number)[]) => ({ path, value: 1 });

describe('changedParts', () => {
  it('names each part once, in the order of the plan', () => {
    const changes = [
      change('augment', 'flip'),
      change('blocks', 'a', 'learningRate'),
      change('blocks', 'b', 'frozen'),
      change('optimizer', 'headLearningRate'),
    ];
    expect(changedParts(changes)).toEqual([
      'which blocks train and how fast',
      'the learning rate of the head',
      'augmentation',
    ]);
  });

  it('says nothing of the advice itself', () => {
    expect(changedParts([change('advice'), change('advice', 'leftOut')])).toEqual([]);
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
