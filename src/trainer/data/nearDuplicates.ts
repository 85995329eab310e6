import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Groups } from '../../shared/groups.ts';
import { areAlike, type ImageSignature, MOST_HASH_BITS } from './imageSignature.ts';

/** Images compared with all before them until other work gets a turn. */
const IMAGES_AT_ONCE = 200;

/** What to do with two images that look nearly the same; `a` comes before `b` in the list. */
export interface PairVisitor {
  /** Pairs that need no closer look. */
  skip: (a: number, b: number) => boolean;
  visit: (a: number, b: number) => void;
}

/**
 * Visits the pairs of images that look nearly the same, by the second and then the first. Hashes are compared in all
 * pairs: a second for 10,000 photographs, and several for as many drawings, which are more alike. Images without a
 * signature look like no other.
 */
export async function visitNearDuplicates(
  signatures: readonly (ImageSignature | null)[],
  { skip, visit }: PairVisitor,
): Promise<void> {
  const known = signatures.flatMap((signature, image) => (signature ? [{ signature, image }] : []));
  const [low, high] = [0, 1].map((word) => Uint32Array.from(known, ({ signature }) => signature.hash[word]));
  for (let b = 0; b < known.length; b++) {
    if (b % IMAGES_AT_ONCE === 0) await nextTurn();
    for (let a = 0; a < b; a++) {
      if (bitCount(low[a] ^ low[b]) + bitCount(high[a] ^ high[b]) > MOST_HASH_BITS) continue;
      const [first, second] = [known[a], known[b]];
      if (skip(first.image, second.image)) continue;
      if (areAlike(first.signature, second.signature)) visit(first.image, second.image);
    }
  }
}

/** Joins the groups of images that look nearly the same. */
export async function joinNearDuplicates(
  groups: Groups,
  signatures: readonly (ImageSignature | null)[],
): Promise<void> {
  await visitNearDuplicates(signatures, {
    skip: (a, b) => groups.of(a) === groups.of(b),
    visit: (a, b) => groups.join(a, b),
  });
}

/** Bits that are 1 in a word of 32 (H. Warren, Hacker's Delight, 2nd edition, figure 5-2). */
function bitCount(word: number): number {
  let count = word - ((word >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
