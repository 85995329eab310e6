import { nestedOrder } from './nestedOrder.ts';
import type { Random } from './random.ts';

/**
 * A random share of the images of every class, group by group; a class whose share would come from too few groups gives about
 * as many images from `leastGroups` of its groups (from all, where it has fewer), evenly and at least one of each.
 *
 * @param labels of each image
 * @param groups of each image
 * @param share of each class, in (0, 1]
 * @returns the places of the images, ascending
 */
export function stratifiedSubset(
  labels: readonly number[],
  groups: readonly number[],
  { share, leastGroups }: { share: number; leastGroups: number },
  random: Random,
): number[] {
  const { images } = nestedOrder([...labels.keys()], labels, groups, [1], random);
  const chosen = [...new Set(labels)].flatMap((label) => {
    const members = images.filter((image) => labels[image] === label);
    const first = members.slice(0, Math.round(share * members.length));
    if (groupsOf(first, groups).length >= leastGroups) return first;
    const kept = groupsOf(members, groups).slice(0, leastGroups);
    return byTurns(kept.map((group) => members.filter((image) => groups[image] === group))).slice(
      0,
      Math.max(first.length, kept.length),
    );
  });
  return chosen.sort((a, b) => a - b);
}

/** In the order of their first images. */
function groupsOf(images: readonly number[], groups: readonly number[]): number[] {
  return [...new Set(images.map((image) => groups[image]))];
}

/** The first of each list, then the second of each that has one, and so on. */
function byTurns(lists: readonly (readonly number[])[]): number[] {
  const turns = Math.max(...lists.map((list) => list.length));
  return Array.from({ length: turns }, (_, turn) => lists.flatMap((list) => list.slice(turn, turn + 1))).flat();
}
