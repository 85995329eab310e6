import { describe, expect, it } from 'vitest';
import { parseRate, stepRate } from '../../webview/rates.ts';

describe('parseRate', () => {
  it.each([
    ['1e-4', 1e-4],
    [' 0.001 ', 1e-3],
    ['3E-5', 3e-5],
    ['0,01', 0.01],
    ['100', 100],
  ])('reads %j', (text, rate) => {
    expect(parseRate(text)).toEqual({ rate });
  });

  it.each([
    ['', /Write a number/],
    ['fast', /Write a number/],
    ['0', /greater than 0/],
    ['-1e-3', /greater than 0/],
    ['101', /at most 100/],
    ['Infinity', /at most 100/],
  ])('says why %j is none', (text, reason) => {
    expect(parseRate(text)).toEqual({ problem: expect.stringMatching(reason) as string });
  });
});

describe('stepRate', () => {
  it('goes upwards and downwards through 1, 2 and 5', () => {
    const upwards = [1e-5];
    for (let step = 0; step < 6; step++) upwards.push(stepRate(upwards[upwards.length - 1], 1));
    expect(upwards).toEqual([1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3]);
    const downwards = [1e-3];
    for (let step = 0; step < 6; step++) downwards.push(stepRate(downwards[downwards.length - 1], -1));
    expect(downwards).toEqual([...upwards].reverse());
  });

  it('goes from any rate to the next of the series', () => {
    expect(stepRate(3.85e-5, 1)).toBe(5e-5);
    expect(stepRate(3.85e-5, -1)).toBe(2e-5);
    expect(stepRate(100, 1)).toBe(100);
    expect(stepRate(1e-7, -1)).toBe(1e-7);
  });
});
