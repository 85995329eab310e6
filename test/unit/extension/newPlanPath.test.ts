import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newPlanPath } from '../../../src/extension/newPlanPath.ts';

const free = (): boolean => false;

describe('newPlanPath', () => {
  it('names the plan after the data folder', () => {
    expect(newPlanPath(join('work', 'data', 'flowers'), 'work', free)).toBe(join('work', 'flowers.finetune.json'));
    expect(newPlanPath(join('work', 'labels.csv'), 'work', free)).toBe(join('work', 'labels.finetune.json'));
  });

  it('names it after the folder around a training part', () => {
    expect(newPlanPath(join('work', 'flowers', 'train'), 'work', free)).toBe(join('work', 'flowers.finetune.json'));
  });

  it('counts on where the name is taken', () => {
    const taken = new Set([join('work', 'a.finetune.json'), join('work', 'a-2.finetune.json')]);
    expect(newPlanPath(join('work', 'a'), 'work', (path) => taken.has(path))).toBe(join('work', 'a-3.finetune.json'));
  });
});
