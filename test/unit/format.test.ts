import { describe, expect, it } from 'vitest';
import { countBlocks, countClasses, countImages, countLayers } from '../../src/shared/counts.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatList,
  formatPercent,
  formatPercentWithRange,
  formatPointRange,
  formatPoints,
  formatPValue,
} from '../../src/shared/format.ts';

describe('formatDuration', () => {
  it.each([
    [0, '0 s'],
    [0.0001, '1 ms'],
    [0.025, '25 ms'],
    [0.0999, '0.1 s'],
    [0.42, '0.4 s'],
    [9.97, '10 s'],
    [12.4, '12 s'],
    [59.7, '1 min'],
    [125, '2 min 5 s'],
    [3599.8, '1 h'],
    [3900, '1 h 5 min'],
    [86390, '1 d'],
    [183600, '2 d 3 h'],
    [NaN, 'unknown'],
    [Infinity, 'unknown'],
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [3400, '3.4 kB'],
    [999_960, '1 MB'],
    [1_640_832, '1.6 MB'],
    [123_456_789, '123 MB'],
    [2e9, '2 GB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('formatPercent', () => {
  it.each([
    [0, '0.0 %'],
    [0.0001, '< 0.1 %'],
    [0.9432, '94.3 %'],
    [0.99999, '> 99.9 %'],
    [1, '100.0 %'],
  ])('writes %d as %s', (share, text) => {
    expect(formatPercent(share)).toBe(text);
  });
});

describe('formatCount', () => {
  it('groups digits', () => {
    expect(formatCount(410208)).toBe('410,208');
  });
});

describe('counts of things', () => {
  it('say one and several', () => {
    expect([countImages(1), countImages(1720)]).toEqual(['1 image', '1,720 images']);
    expect([countClasses(1), countClasses(2)]).toEqual(['1 class', '2 classes']);
    expect([countBlocks(1), countBlocks(0)]).toEqual(['1 block', '0 blocks']);
    expect([countLayers(1), countLayers(8)]).toEqual(['1 layer', '8 layers']);
  });
});

describe('formatList', () => {
  it('separates with commas', () => {
    expect([[], ['a'], ['a', 'b', 'c']].map(formatList)).toEqual(['', 'a', 'a, b, c']);
  });
});

describe('formatPercentWithRange', () => {
  it('writes a share and its interval', () => {
    expect(formatPercentWithRange(0.943, 0.891, 0.969)).toBe('94.3 % (89.1 % to 96.9 %)');
  });
});

describe('formatPoints', () => {
  it.each([
    [0.041, '4.1 points'],
    [-0.1, '-10.0 points'],
    [0, '0.0 points'],
    [-0, '0.0 points'],
    [0.0005, '0.1 points'],
    [0.0004, '0.04 points'],
    [-0.000_012, '-0.001 points'],
    [1e-17, '0.0 points'],
    [-1e-17, '0.0 points'],
    [1, '100.0 points'],
  ])('writes %d as %s', (difference, text) => {
    expect(formatPoints(difference)).toBe(text);
  });
});

describe('formatPointRange', () => {
  it('shows on which side of 0 each end lies', () => {
    expect(formatPointRange(-0.006, 0.0762)).toBe('-0.6 to 7.6');
    expect(formatPointRange(0.0002, 0.02)).toBe('0.02 to 2.0');
  });
});

describe('formatPValue', () => {
  it.each([
    [0, 'p < 0.001'],
    [0.000_999, 'p < 0.001'],
    [0.001, 'p = 0.001'],
    [0.020_4, 'p = 0.02'],
    [0.030_88, 'p = 0.031'],
    [0.049_4, 'p = 0.049'],
    [0.049_96, 'p = 0.04996'],
    [0.05, 'p = 0.05'],
    [0.050_03, 'p = 0.05003'],
    [0.263, 'p = 0.26'],
    [0.994, 'p = 0.99'],
    [0.996, 'p > 0.99'],
    [1, 'p = 1'],
  ])('writes %d as %s', (pValue, text) => {
    expect(formatPValue(pValue)).toBe(text);
  });
});
