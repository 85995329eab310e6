import { describe, expect, it } from 'vitest';
import { Random } from '../../src/shared/random.ts';
import { ProbeKernel, probeClasses } from '../../src/shared/ridgeProbe.ts';

function clouds(perClass: number, classes: number, spread: number, seed = 1) {
  const random = Random.seeded(seed, 'clouds');
  const size = 5;
  const labels = Array.from({ length: perClass * classes }, (_, image) => image % classes);
  const values = Float32Array.from({ length: labels.length * size }, (_, at) => {
    const label = labels[Math.floor(at / size)];
    return 7 + (at % size === label ? 3 : 0) + spread * random.normal();
  });
  return { labels, features: { values, size } };
}

function kernelOf({ features, labels }: ReturnType<typeof clouds>): ProbeKernel {
  const kernel = new ProbeKernel(features, labels.length);
  labels.forEach(() => kernel.add());
  return kernel;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at);

describe('a linear probe', () => {
  it('tells clouds of points apart that it has not seen', () => {
    const data = clouds(30, 3, 0.3);
    const test = range(60, 90);
    const [found] = probeClasses(kernelOf(data), data.labels, 3, { train: range(0, 60), sizes: [60], test });
    expect(found).toEqual(test.map((image) => data.labels[image]));
  });

  it('gives for the first images of a list what it gives for them alone', () => {
    const data = clouds(20, 3, 3);
    const kernel = kernelOf(data);
    const test = range(40, 60);
    const all = probeClasses(kernel, data.labels, 3, { train: range(0, 40), sizes: [10, 25, 40], test });
    expect(all).toHaveLength(3);
    [10, 25, 40].forEach((size, place) => {
      const alone = probeClasses(kernel, data.labels, 3, { train: range(0, size), sizes: [size], test });
      expect(all[place]).toEqual(alone[0]);
    });
    expect(new Set(all.map((found) => found.join())).size).toBeGreaterThan(1);
  });

  it('solves the equations of ridge regression', () => {
    // Two images in one dimension: centred and of length 1 they are 1 and -1, so the kernel is [[2, 0], [0, 2]].
    const kernel = new ProbeKernel({ values: Float32Array.from([3, 5]), size: 1 }, 2);
    kernel.add();
    kernel.add();
    expect([kernel.between(0, 0), kernel.between(0, 1), kernel.between(1, 1)]).toEqual([2, 0, 2]);
    expect(probeClasses(kernel, [0, 1], 2, { train: [0, 1], sizes: [2], test: [0, 1] })).toEqual([[0, 1]]);
  });

  it('does not depend on where features lie nor on their scale', () => {
    const data = clouds(20, 3, 3);
    const moved = { ...data, features: { size: 5, values: data.features.values.map((value) => 8 * value - 64) } };
    const task = { train: range(0, 40), sizes: [40], test: range(40, 60) };
    expect(probeClasses(kernelOf(moved), data.labels, 3, task)).toEqual(
      probeClasses(kernelOf(data), data.labels, 3, task),
    );
  });
});
