import { describe, expect, it } from 'vitest';
import { formatBytes, formatCount, formatDuration, formatPercent } from '../../src/shared/format.ts';

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
  it('groups digits and inflects the noun', () => {
    expect(formatCount(410208)).toBe('410,208');
    expect(formatCount(1, 'image')).toBe('1 image');
    expect(formatCount(720, 'image')).toBe('720 images');
    expect(formatCount(2, 'class', 'classes')).toBe('2 classes');
  });
});
