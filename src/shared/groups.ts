import type { Split } from './dataSummary.ts';

/** Groups of images that belong together, joined step by step (union-find; Tarjan, JACM 22, 1975). */
export class Groups {
  private readonly parents: number[];

  constructor(images: number) {
    this.parents = Array.from({ length: images }, (_, image) => image);
  }

  /** Groups of the images with the same name; an image whose name is null is on its own. */
  static named(names: readonly (string | null)[]): Groups {
    const groups = new Groups(names.length);
    const first = new Map<string, number>();
    names.forEach((name, image) => {
      if (name === null) return;
      const other = first.get(name);
      if (other === undefined) first.set(name, image);
      else groups.join(other, image);
    });
    return groups;
  }

  /** The number of an image's group: the position of its first image. */
  of(image: number): number {
    let root = image;
    while (this.parents[root] !== root) root = this.parents[root];
    for (let at = image; at !== root;) [at, this.parents[at]] = [this.parents[at], root];
    return root;
  }

  join(a: number, b: number): void {
    const [low, high] = [this.of(a), this.of(b)].sort((first, second) => first - second);
    this.parents[high] = low;
  }

  /** The group of every image. */
  numbers(): number[] {
    return this.parents.map((_, image) => this.of(image));
  }
}

export interface DividedGroup {
  group: string;
  /** Those it lies in, at least two, in the order they were met. */
  splits: Split[];
}

/** Groups with images in more than one split. Images without a split or a group do not count. */
export function dividedGroups(images: readonly { group: string | null; split: Split | null }[]): DividedGroup[] {
  const found = new Map<string, Set<Split>>();
  for (const { group, split } of images) {
    if (group === null || split === null) continue;
    const splits = found.get(group);
    if (splits) splits.add(split);
    else found.set(group, new Set([split]));
  }
  return [...found].filter(([, { size }]) => size > 1).map(([group, splits]) => ({ group, splits: [...splits] }));
}
