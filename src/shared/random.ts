/** Random numbers that every machine and engine draws alike. */

/** The whole state of a generator: what a checkpoint keeps. */
export type RandomState = [number, number, number, number];

/**
 * sfc32 (Chris Doty-Humphrey, PractRand): a small fast generator with 128 bits of state.
 * Every purpose (split, shuffle, augmentation, initial weights) takes a stream of its own by `label`, so that adding
 * a draw to one never moves another.
 */
export class Random {
  private state: RandomState;

  private constructor(state: RandomState) {
    this.state = state;
  }

  static seeded(seed: number, label: string): Random {
    const words = hash128(`${seed}/${label}`);
    const random = new Random(words);
    for (let i = 0; i < 12; i++) random.uint32();
    return random;
  }

  save(): RandomState {
    return [...this.state];
  }

  restore(state: RandomState): void {
    this.state = [...state];
  }

  /** An integer in [0, 2^32). */
  uint32(): number {
    let [a, b, c, d] = this.state;
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    this.state = [a, b, c, d];
    return t >>> 0;
  }

  /** A number in [0, 1). */
  uniform(): number {
    return this.uint32() / 4294967296;
  }

  /** An integer in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.uniform() * limit);
  }

  /** A standard normal deviate (Box-Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Shuffles in place (Fisher-Yates) and returns the same array. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [items[i], items[j]] = [items[j], items[i]];
    }
    return items;
  }
}

/** Four 32-bit words from a text (cyrb128 by bryc, public domain). */
function hash128(text: string): RandomState {
  let h1 = 1779033703;
  let h2 = 3144134277;
  let h3 = 1013904242;
  let h4 = 2773480762;
  for (let i = 0; i < text.length; i++) {
    const k = text.charCodeAt(i);
    h1 = h2 ^ Math.imul(h1 ^ k, 597399067);
    h2 = h3 ^ Math.imul(h2 ^ k, 2869860233);
    h3 = h4 ^ Math.imul(h3 ^ k, 951274213);
    h4 = h1 ^ Math.imul(h4 ^ k, 2716044179);
  }
  h1 = Math.imul(h3 ^ (h1 >>> 18), 597399067);
  h2 = Math.imul(h4 ^ (h2 >>> 22), 2869860233);
  h3 = Math.imul(h1 ^ (h3 >>> 17), 951274213);
  h4 = Math.imul(h2 ^ (h4 >>> 19), 2716044179);
  h1 ^= h2 ^ h3 ^ h4;
  return [h1, h2 ^ h1, h3 ^ h1, h4 ^ h1];
}
