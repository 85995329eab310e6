import type { FeatureRows } from './nearestNeighbours.ts';

/** Images that a probe learns from, in the order they are added, and those it is judged by. */
export interface ProbeTask {
  train: readonly number[];
  /** How many of the first of `train` are learned from, ascending; a judgement each. */
  sizes: readonly number[];
  test: readonly number[];
}

/** What keeps a probe with more features than images from learning these by heart, in parts of the squared length of a row. */
const RIDGE = 0.1;

/**
 * Similarities of every two images, all that a linear probe needs of their features: products of the features less their means
 * over all images, brought to length 1, and a constant more for the bias.
 */
export class ProbeKernel {
  private readonly rows: Float64Array[] = [];
  private readonly features: Float32Array[];

  constructor(features: FeatureRows, images: number) {
    this.features = centredRows(features, images);
  }

  /** Computes those of an image with all before it; images come one after the other. */
  add(): void {
    const { rows, features } = this;
    const own = features[rows.length];
    rows.push(Float64Array.from({ length: rows.length + 1 }, (_, other) => 1 + dot(own, features[other], own.length)));
  }

  between(a: number, b: number): number {
    return a > b ? this.rows[a][b] : this.rows[b][a];
  }
}

/**
 * The classes that a linear probe gives images, for each size of the images it learned from: ridge regression on one number a
 * class, 1 for its own and 0 for all others (Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 4.2), in its
 * dual form. The first images of a list have the same place in every larger one, so the matrix is factorised only once.
 *
 * @param labels class of each image of the kernel
 * @returns [size][image of `test`]
 */
export function probeClasses(
  kernel: ProbeKernel,
  labels: readonly number[],
  classes: number,
  { train, sizes, test }: ProbeTask,
): number[][] {
  const factor = cholesky(kernel, train);
  const solved = forward(factor, train, labels, classes);
  const near = test.map((image) => Float64Array.from(train, (other) => kernel.between(image, other)));
  return sizes.map((size) => {
    const weights = solved.map((column) => backward(factor, column, size));
    return near.map((row) => largest(weights.map((column) => dot(row, column, size))));
  });
}

/** Rows of the lower triangle of the Cholesky factor. */
function cholesky(kernel: ProbeKernel, images: readonly number[]): Float64Array[] {
  const rows: Float64Array[] = [];
  for (const [i, image] of images.entries()) {
    const row = new Float64Array(i + 1);
    for (let j = 0; j < i; j++) row[j] = (kernel.between(image, images[j]) - dot(row, rows[j], j)) / rows[j][j];
    row[i] = Math.sqrt(kernel.between(image, image) + RIDGE - dot(row, row, i));
    rows.push(row);
  }
  return rows;
}

/** L z = y for the membership in each class: its first numbers are those of every smaller list. */
function forward(
  factor: readonly Float64Array[],
  images: readonly number[],
  labels: readonly number[],
  classes: number,
): Float64Array[] {
  return Array.from({ length: classes }, (_, label) => {
    const z = new Float64Array(images.length);
    for (const [i, image] of images.entries()) {
      z[i] = ((labels[image] === label ? 1 : 0) - dot(factor[i], z, i)) / factor[i][i];
    }
    return z;
  });
}

/** L' w = z for the first `size` images. */
function backward(factor: readonly Float64Array[], z: Float64Array, size: number): Float64Array {
  const weights = z.slice(0, size);
  for (let i = size - 1; i >= 0; i--) {
    weights[i] /= factor[i][i];
    const own = weights[i];
    const row = factor[i];
    for (let j = 0; j < i; j++) weights[j] -= row[j] * own;
  }
  return weights;
}

function centredRows({ values, size }: FeatureRows, images: number): Float32Array[] {
  const means = new Float64Array(size);
  for (let at = 0; at < images * size; at++) means[at % size] += values[at] / images;
  return Array.from({ length: images }, (_, image) => {
    const row = Float32Array.from(means, (mean, at) => values[image * size + at] - mean);
    const length = Math.sqrt(dot(row, row, size));
    return length > 0 ? row.map((value) => value / length) : row;
  });
}

/** Of the first `length` numbers. */
function dot<T extends Float32Array | Float64Array>(a: T, b: T, length: number): number {
  let sum = 0;
  for (let at = 0; at < length; at++) sum += a[at] * b[at];
  return sum;
}

function largest(values: readonly number[]): number {
  return values.reduce((best, value, at) => (value > values[best] ? at : best), 0);
}
