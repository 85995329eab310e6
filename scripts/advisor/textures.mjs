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

function grating(random, angle = Math.PI * random.uniform(), waves = 2 + 10 * random.uniform()) {
  const phase = 2 * Math.PI * random.uniform();
  return (x, y) => 0.5 + 0.5 * Math.sin(2 * Math.PI * waves * (x * Math.cos(angle) + y * Math.sin(angle)) + phase);
}

export const TEXTURES = Object.keys(KINDS);

/** Waves under noise that differ in their direction, by 36 degrees give or take 12. */
const GRATINGS = Object.fromEntries(
  [0, 36, 72, 108, 144].map((degrees) => [
    `${degrees} degrees`,
    (random) => {
      const angle = ((degrees + 24 * (random.uniform() - 0.5)) * Math.PI) / 180;
      const wave = grating(random, angle, 4 + 6 * random.uniform());
      return (x, y) => 0.35 * wave(x, y) + 0.65 * random.uniform();
    },
  ]),
);

/** Stained cells on a bright ground: how large, how long and with how dark a nucleus they are makes the class. */
const MICROGRAPHS = {
  round: (random) => cells(random, { size: 0.075, stretch: 1, nucleus: 0.2 }),
  large: (random) => cells(random, { size: 0.1, stretch: 1, nucleus: 0.2 }),
  long: (random) => cells(random, { size: 0.075, stretch: 1.7, nucleus: 0.2 }),
  pale: (random) => cells(random, { size: 0.075, stretch: 1, nucleus: 0.05 }),
  hollow: (random) => cells(random, { size: 0.075, stretch: 1, nucleus: -0.15 }),
};

function cells(random, { size, stretch, nucleus }) {
  const list = Array.from({ length: 8 + random.below(10) }, () => {
    const [x, y, angle] = [random.uniform(), random.uniform(), Math.PI * random.uniform()];
    return { x, y, angle, radius: size * (0.8 + 0.4 * random.uniform()) };
  });
  const light = 0.75 + 0.15 * random.uniform();
  return (x, y) => {
    const depths = list.map((cell) => {
      const [dx, dy] = [x - cell.x, y - cell.y];
      const along = (dx * Math.cos(cell.angle) + dy * Math.sin(cell.angle)) / stretch;
      return Math.hypot(along, dy * Math.cos(cell.angle) - dx * Math.sin(cell.angle)) / cell.radius;
    });
    const depth = Math.min(...depths);
    const dark = depth < 0.45 ? 0.3 + nucleus : depth < 1 ? 0.3 : 0;
    return light - dark + 0.2 * (random.uniform() - 0.5);
  };
}

const drawers = (kinds) =>
  Object.fromEntries(
    Object.entries(kinds).map(([name, draw]) => [
      name,
      (random, side, channels) => drawPixels(draw(random), random, side, channels),
    ]),
  );

/** Classes of generated images by their names; each draws an image from seeded numbers: raw pixels of a square. */
export const gratingClasses = drawers(GRATINGS);
export const micrographClasses = drawers(MICROGRAPHS);

/** Of three channels each has a tint of its own. */
function drawPixels(valueAt, random, side, channels) {
  const tint = Array.from({ length: channels }, () => (channels === 1 ? 1 : 0.5 + 0.5 * random.uniform()));
  const pixels = Buffer.alloc(side * side * channels);
  for (let at = 0; at < side * side; at++) {
    const value = Math.min(1, Math.max(0, valueAt((at % side) / side, Math.floor(at / side) / side)));
    tint.forEach((factor, channel) => (pixels[at * channels + channel] = Math.round(255 * value * factor)));
  }
  return pixels;
}

/** Every other image: a data folder has two classes at least. */
const HALVES = ['a', 'b'];

/**
 * Writes generated images that belong to no class of any network: square, each kind a data folder of two alike classes.
 *
 * @param {string} folder
 * @param {{ count: number, side: number, channels: 1 | 3, random: (kind: string) => any }} options `random` gives the
 * seeded numbers of a kind
 */
export async function writeTextures(folder, { count, side, channels, random: randomOf }) {
  for (const [kind, draw] of Object.entries(KINDS)) {
    const random = randomOf(kind);
    for (const half of HALVES) await mkdir(join(folder, kind, half), { recursive: true });
    for (let image = 0; image < count; image++) {
      const pixels = drawPixels(draw(random), random, side, channels);
      const raw = { width: side, height: side, channels };
      await sharp(pixels, { raw })
        .png()
        .toFile(join(folder, kind, HALVES[image % 2], `${String(image).padStart(3, '0')}.png`));
    }
  }
}
