import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

/** Grey values 0 to 1 of a texture at a place (0 to 1 in both directions), drawn anew for each image. */
const KINDS = {
  /** A wave in some direction. */
  gratings: (random) => grating(random),
  /** The same under noise. */
  'noisy gratings': (random) => {
    const wave = grating(random);
    return (x, y) => 0.6 * wave(x, y) + 0.4 * random.uniform();
  },
  /** Dark discs on a bright ground, as cells under a microscope. */
  blobs: (random) => {
    const discs = Array.from({ length: 6 + random.below(20) }, () => {
      return { x: random.uniform(), y: random.uniform(), radius: 0.02 + 0.08 * random.uniform() };
    });
    return (x, y) => {
      const inside = discs.some((disc) => Math.hypot(x - disc.x, y - disc.y) < disc.radius);
      return (inside ? 0.35 : 0.8) + 0.1 * random.uniform();
    };
  },
  /** Every pixel on its own. */
  noise: (random) => () => random.uniform(),
};

function grating(random) {
  const angle = Math.PI * random.uniform();
  const waves = 2 + 10 * random.uniform();
  const phase = 2 * Math.PI * random.uniform();
  return (x, y) => 0.5 + 0.5 * Math.sin(2 * Math.PI * waves * (x * Math.cos(angle) + y * Math.sin(angle)) + phase);
}

export const TEXTURES = Object.keys(KINDS);

/** Every other image: a data folder has two classes at least. */
const HALVES = ['a', 'b'];

/**
 * Writes generated images that belong to no class of any network: square, each kind a data folder of two alike classes.
 *
 * @param {string} folder
 * @param {{ count: number, side: number, channels: 1 | 3, random: (kind: string) => any }} options `random` gives the
 * seeded numbers of a kind; of three channels each has a tint of its own
 */
export async function writeTextures(folder, { count, side, channels, random: randomOf }) {
  for (const [kind, draw] of Object.entries(KINDS)) {
    const random = randomOf(kind);
    for (const half of HALVES) await mkdir(join(folder, kind, half), { recursive: true });
    for (let image = 0; image < count; image++) {
      const valueAt = draw(random);
      const tint = Array.from({ length: channels }, () => (channels === 1 ? 1 : 0.5 + 0.5 * random.uniform()));
      const pixels = new Uint8Array(side * side * channels);
      for (let at = 0; at < side * side; at++) {
        const value = valueAt((at % side) / side, Math.floor(at / side) / side);
        tint.forEach((factor, channel) => (pixels[at * channels + channel] = Math.round(255 * value * factor)));
      }
      const raw = { width: side, height: side, channels };
      await sharp(pixels, { raw })
        .png()
        .toFile(join(folder, kind, HALVES[image % 2], `${String(image).padStart(3, '0')}.png`));
    }
  }
}
