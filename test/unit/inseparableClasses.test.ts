import { describe, expect, it } from 'vitest';
import { inseparableClasses } from '../../src/shared/inseparableClasses.ts';
import { Random } from '../../src/shared/random.ts';

const CLASSES = ['ant', 'bee', 'cat'];
const SIZE = 6;
const K = 5;

/** Features in which ants and bees have the same direction with noise, and cats one of their own; `apart` tells all apart. */
function featuresOf(perClass: number, seed: number, apart = false) {
  const random = Random.seeded(seed, 'features');
  const labels = CLASSES.flatMap((_, label) => new Array<number>(perClass).fill(label));
  const directions = apart ? [0, 1, 2] : [0, 0, 2];
  const values = Float32Array.from({ length: labels.length * SIZE }, (_, at) => {
    const direction = directions[labels[Math.floor(at / SIZE)]];
    return (at % SIZE === direction ? 4 : 0) + random.normal();
  });
  return { labels, features: { values, size: SIZE } };
}

function pairsOf(perClass: number, seed: number, early = false) {
  const { labels, features } = featuresOf(perClass, seed);
  const before = { block: 'early', features: featuresOf(perClass, seed + 100, early).features };
  return inseparableClasses({ depths: [before, { block: 'late', features }], labels, classes: CLASSES }, K);
}

describe('classes that features do not tell apart', () => {
  it('are the two that look alike, with their counts', () => {
    const [pair, ...others] = pairsOf(30, 1);
    expect(others).toEqual([]);
    expect(pair).toMatchObject({ classes: ['ant', 'bee'], block: 'late', images: 60, elsewhere: null });
    expect(pair.right).toBeGreaterThan(15);
    expect(pair.right).toBeLessThan(42);
  });

  it('are named with an earlier depth that tells them apart', () => {
    const [pair] = pairsOf(30, 1, true);
    expect(pair.elsewhere?.block).toBe('early');
    expect(pair.elsewhere?.right).toBeGreaterThan(50);
  });

  it('are not claimed of fewer than five images of each', () => {
    const claims = (perClass: number) => Array.from({ length: 20 }, (_, seed) => pairsOf(perClass, seed)).flat().length;
    expect(claims(4)).toBe(0);
    expect(claims(5)).toBeGreaterThan(0);
  });

  it('are seldom claimed of classes that can be told apart, however many pairs there are', () => {
    const claims = Array.from({ length: 100 }, (_, seed) => {
      const { labels, features } = featuresOf(10, seed, true);
      return inseparableClasses({ depths: [{ block: 'late', features }], labels, classes: CLASSES }, K).length;
    });
    expect(claims.filter((count) => count > 0).length).toBe(0);
  });

  it('are none where more are right than by chance', () => {
    // A shift of ants against bees by one deviation: about two thirds right.
    const { labels, features } = featuresOf(120, 3);
    labels.forEach((label, image) => (features.values[image * SIZE + 1] += label === 1 ? 1.4 : 0));
    expect(inseparableClasses({ depths: [{ block: 'late', features }], labels, classes: CLASSES }, K)).toEqual([]);
  });

  it('are judged by as many images of each of the two', () => {
    const { labels, features } = featuresOf(30, 1);
    const fewer = labels.map((label, image) => (label === 1 && image < 50 ? 2 : label));
    const [pair] = inseparableClasses({ depths: [{ block: 'late', features }], labels: fewer, classes: CLASSES }, K);
    expect(pair === undefined || pair.images === 20).toBe(true);
  });

  it('need features', () => {
    expect(inseparableClasses({ depths: [], labels: [], classes: CLASSES }, K)).toEqual([]);
  });
});
