import { ThawError } from './errors.ts';

/** Features of images, a row each. */
export interface FeatureRows {
  values: Float32Array;
  /** Numbers in a row. */
  size: number;
}

/**
 * Which images their nearest neighbours name right, each judged by all others: the `k` nearest by cosine vote, and a tie
 * falls to the class whose votes are nearer in sum. A row of zeros is equally far from all.
 *
 * @param labels class of each row
 * @throws ThawError `internal` where rows and labels differ in number
 */
export function leaveOneOutNeighbours({ values, size }: FeatureRows, labels: readonly number[], k: number): boolean[] {
  if (values.length !== size * labels.length) {
    throw new ThawError({
      reason: 'internal',
      detail: `${values.length} values are not ${labels.length} rows of ${size}`,
    });
  }
  const rows = labels.map((_, row) => unitLength(values.subarray(row * size, (row + 1) * size)));
  return rows.map((row, index) => {
    const others = rows.flatMap((other, place) =>
      place === index ? [] : [{ label: labels[place], near: dot(row, other) }],
    );
    return vote(others.sort((a, b) => b.near - a.near).slice(0, k)) === labels[index];
  });
}

/** The class with the most votes, of several the one with the nearest ones; undefined without votes. */
function vote(nearest: readonly { label: number; near: number }[]): number | undefined {
  const tally = new Map<number, { votes: number; near: number }>();
  for (const { label, near } of nearest) {
    const before = tally.get(label) ?? { votes: 0, near: 0 };
    tally.set(label, { votes: before.votes + 1, near: before.near + near });
  }
  const ranked = [...tally].sort(([, a], [, b]) => b.votes - a.votes || b.near - a.near);
  return ranked.at(0)?.[0];
}

function unitLength(row: Float32Array): Float32Array {
  const length = Math.sqrt(dot(row, row));
  return length > 0 ? row.map((value) => value / length) : row;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at] * b[at];
  return sum;
}
