import type { Random } from './random.ts';

/** Images in the order they are added, and how many there are at each share. */
export interface NestedOrder {
  images: number[];
  sizes: number[];
}

/**
 * Orders images so that the first of them are a stratified share of all, and those of a larger share hold those of every smaller
 * one. Images of a group follow one another, so that a share of the images is a share of the groups too. Every class that has
 * images has one at each share.
 *
 * @param images as indexes into `labels` and `groups`
 * @param shares ascending, the last one 1
 */
export function nestedOrder(
  images: readonly number[],
  labels: readonly number[],
  groups: readonly number[],
  shares: readonly number[],
  random: Random,
): NestedOrder {
  const places = new Map<number, number>();
  for (const group of random.shuffle([...new Set(images.map((image) => groups[image]))]))
    places.set(group, places.size);
  const placeOf = (image: number): number => places.get(groups[image]) ?? 0;
  const byClass = new Map<number, number[]>();
  for (const image of random.shuffle([...images]).sort((a, b) => placeOf(a) - placeOf(b))) {
    const members = byClass.get(labels[image]);
    if (members) members.push(image);
    else byClass.set(labels[image], [image]);
  }
  const ordered: number[] = [];
  const sizes = shares.map((share, at) => {
    for (const members of byClass.values()) {
      const from = at === 0 ? 0 : countAt(members, shares[at - 1]);
      ordered.push(...members.slice(from, countAt(members, share)));
    }
    return ordered.length;
  });
  return { images: ordered, sizes };
}

function countAt(members: readonly number[], share: number): number {
  return Math.max(1, Math.round(share * members.length));
}
