import { describe, expect, it } from 'vitest';
import { SplitDuplicates, splitDuplicateWarnings, type SplitImage } from '../../src/shared/splitDuplicates.ts';

const train: SplitImage = { file: '/data/train/a.png', split: 'train' };
const validation: SplitImage = { file: '/data/val/b.png', split: 'validation' };
const test: SplitImage = { file: '/data/test/c.png', split: 'test' };

describe('images that are in two splits', () => {
  it('count once each, by the split that is judged by later', () => {
    const found = new SplitDuplicates();
    expect(found.result).toBeNull();
    expect(found.isSettled(train, { ...train })).toBe(true);
    found.add(test, train);
    expect(found.isSettled(validation, test)).toBe(true);
    expect(found.isSettled(train, validation)).toBe(false);
    found.add(train, validation);
    expect(found.result).toEqual({
      images: 2,
      file: test.file,
      split: 'test',
      like: train.file,
      likeSplit: 'train',
    });
  });

  it('are named with an example', () => {
    expect(splitDuplicateWarnings(null)).toEqual([]);
    const one = { images: 1, file: 'b.png', split: 'validation', like: 'a.png', likeSplit: 'train' } as const;
    const [warning] = splitDuplicateWarnings(one);
    expect(warning.code).toBe('nearDuplicates');
    expect(warning.text).toContain('b.png (validation) is like a.png (train)');
    expect(splitDuplicateWarnings({ ...one, images: 12 })[0].text).toMatch(/^12 images to judge by look/);
  });
});
