import { describe, expect, it } from 'vitest';
import { dividedGroups, Groups } from '../../src/shared/groups.ts';

describe('Groups', () => {
  it('numbers images by the first one of their group', () => {
    expect(Groups.named([null, 'a', 'b', 'a', null, 'b']).numbers()).toEqual([0, 1, 2, 1, 4, 2]);
  });

  it('joins groups through any of their images', () => {
    const groups = new Groups(6);
    groups.join(4, 5);
    groups.join(1, 2);
    groups.join(5, 2);
    expect(groups.numbers()).toEqual([0, 1, 1, 3, 1, 1]);
    groups.join(2, 4);
    groups.join(0, 4);
    expect(groups.numbers()).toEqual([0, 0, 0, 3, 0, 0]);
  });
});

describe('dividedGroups', () => {
  it('finds the groups that lie in several splits', () => {
    const images = [
      { group: 'a', split: 'train' },
      { group: 'b', split: 'train' },
      { group: null, split: 'train' },
      { group: 'a', split: 'test' },
      { group: null, split: 'test' },
      { group: 'b', split: 'train' },
      { group: 'a', split: 'train' },
      { group: 'c', split: null },
    ] as const;
    expect(dividedGroups(images)).toEqual([{ group: 'a', splits: ['train', 'test'] }]);
  });
});
