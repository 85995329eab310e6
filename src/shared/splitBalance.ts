/** A group of images that stay together while a set is divided. */
export interface ImageGroup {
  images: number[];
  /** How many of its images are of which class; classes without any are not in it. */
  perClass: Map<number, number>;
  heldOut: boolean;
}

/** Pairs of groups that are tried against each other at most; beyond it groups only move one at a time. */
const MOST_EXCHANGES = 100_000;
/** Costs of a class that is on one side only: far more than any deviation from its share. */
const NOTHING_HELD_OUT = 1e3;
const NOTHING_LEFT = 1e6;
const LEAST_GAIN = 1e-9;

/** Groups of images by number, in the order of `images`. */
export function imageGroups(
  images: readonly number[],
  classIndexes: readonly number[],
  groups: readonly number[] | null,
): ImageGroup[] {
  const found = new Map<number, ImageGroup>();
  for (const image of images) {
    const number = groups ? groups[image] : image;
    const group = found.get(number) ?? { images: [], perClass: new Map<number, number>(), heldOut: false };
    found.set(number, group);
    group.images.push(image);
    const classIndex = classIndexes[image];
    group.perClass.set(classIndex, (group.perClass.get(classIndex) ?? 0) + 1);
  }
  return [...found.values()];
}

/** How many images of each class are held out, and what is wanted. */
export class SplitBalance {
  private readonly held: number[];

  /**
   * @param totals images of each class
   * @param targets images of each class to hold out
   */
  constructor(
    private readonly totals: readonly number[],
    private readonly targets: readonly number[],
  ) {
    this.held = totals.map(() => 0);
  }

  /** Whether no class would have more held out than wanted. */
  fits(group: ImageGroup): boolean {
    return [...group.perClass].every(([index, images]) => this.held[index] + images <= this.targets[index]);
  }

  /** Moves a group to the other side. */
  move(group: ImageGroup): void {
    for (const [index, images] of group.perClass) this.held[index] += group.heldOut ? -images : images;
    group.heldOut = !group.heldOut;
  }

  /**
   * Moves groups, one at a time or two against each other, while that brings the classes nearer to what is wanted. The end
   * is an optimum in this sense only: dividing groups exactly is a bin-packing problem.
   */
  improve(groups: readonly ImageGroup[]): void {
    const kinds = groups.map((group) => [...group.perClass].sort(([a], [b]) => a - b).join(' '));
    for (;;) {
      const moves = this.bestMoves(groups, kinds);
      if (!moves) return;
      for (const group of moves) this.move(group);
    }
  }

  /** Of groups that are alike in numbers and side, only the first is tried. */
  private bestMoves(groups: readonly ImageGroup[], kinds: readonly string[]): ImageGroup[] | null {
    const held = new Map<string, ImageGroup>();
    const kept = new Map<string, ImageGroup>();
    groups.forEach((group, position) => {
      const side = group.heldOut ? held : kept;
      if (!side.has(kinds[position])) side.set(kinds[position], group);
    });
    let best: { moves: ImageGroup[]; change: number } = { moves: [], change: -LEAST_GAIN };
    const consider = (...moves: ImageGroup[]): void => {
      const change = this.changeOf(moves);
      if (change < best.change) best = { moves, change };
    };
    for (const group of [...kept.values(), ...held.values()]) consider(group);
    if (kept.size * held.size <= MOST_EXCHANGES) {
      for (const out of kept.values()) for (const back of held.values()) consider(out, back);
    }
    return best.moves.length > 0 ? best.moves : null;
  }

  private changeOf(moves: readonly ImageGroup[]): number {
    const differences = new Map<number, number>();
    for (const { perClass, heldOut } of moves) {
      for (const [index, images] of perClass) {
        differences.set(index, (differences.get(index) ?? 0) + (heldOut ? -images : images));
      }
    }
    let change = 0;
    for (const [index, difference] of differences) {
      change += this.cost(index, this.held[index] + difference) - this.cost(index, this.held[index]);
    }
    return change;
  }

  private cost(index: number, held: number): number {
    const total = this.totals[index];
    const deviation = Math.abs(held - this.targets[index]) / total;
    if (held === total) return NOTHING_LEFT + deviation;
    return held === 0 ? NOTHING_HELD_OUT + deviation : deviation;
  }
}
