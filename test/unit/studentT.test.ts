import { describe, expect, it } from 'vitest';
import { studentTCentral, studentTReach } from '../../src/shared/studentT.ts';

describe('studentTCentral', () => {
  // scipy 1.17.1: scipy.stats.t.cdf(t, degrees) - scipy.stats.t.cdf(-t, degrees)
  it.each([
    [0, 3, 0],
    [1.5, 1, 0.6256659163780023],
    [2, 2, 0.816496580927726],
    [2.5, 5, 0.9455099006576237],
    [0.7, 8, 0.4962289479814552],
    [3, 29, 0.9945008078660966],
  ])('of %d with %d degrees is %d', (t, degrees, central) => {
    expect(studentTCentral(t, degrees)).toBeCloseTo(central, 12);
  });
});

describe('studentTReach', () => {
  // scipy 1.17.1: scipy.stats.t.ppf((1 + central) / 2, degrees)
  it.each([
    [0.95, 1, 12.706204736174694],
    [0.95, 2, 4.302652729749462],
    [0.95, 3, 3.1824463052837078],
    [0.95, 4, 2.7764451051977934],
    [0.99, 9, 3.249835541592126],
    [0.9, 30, 1.697260886593957],
  ])('of %d with %d degrees is %d', (central, degrees, t) => {
    expect(studentTReach(central, degrees)).toBeCloseTo(t, 10);
  });
});
