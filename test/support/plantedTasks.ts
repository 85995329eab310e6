import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import sharp from 'sharp';
import { Random } from '../../src/shared/random.ts';
import { saveNetwork } from '../../src/trainer/model/saveNetwork.ts';
import { useEngine, writePlan } from './trainingFixture.ts';

/** Which plan is right for a task, by the way its network and its images were made; `none`: both do as well. */
export const PLANTED_TRUTHS = ['challenger', 'recommended', 'none'] as const;
export type PlantedTruth = (typeof PLANTED_TRUTHS)[number];

const SIDE = 8;
/** What the first two blocks hand on: two colour contrasts and the brightness, each divided by its sign. */
const SIGNALS = 6;
/** Channels for each of them: with so many a head learns within a few steps, however it begins. */
const COPIES = 32;
const UNITS = SIGNALS * COPIES;
const [RED_GREEN, BRIGHTNESS] = [0, 4];

interface Recipe {
  perClass: number;
  /** Spread of the colour contrasts from image to image, in units of their size. */
  noise: number;
  /** How much the first block amplifies them. */
  gain: number;
  /** The class by the signs of both contrasts. */
  isSecond: (redGreen: number, blueYellow: number) => boolean;
  /** Signals that units of the last block see at first. */
  seen: readonly number[];
  /** How large its weights are for that: little steps change large ones little. */
  strength: number;
}

/**
 * - `challenger`: the class is a colour contrast, which the last block does not let through: its weights for it are 0, and too
 *   small after a few steps. A head on the block before has all it needs.
 * - `recommended`: the class is whether two contrasts have the same sign, which no head can tell from their means. The units
 *   of the last block are rectified by one of them, and see the other as soon as they train: the signals are so large that
 *   little steps do.
 * - `none`: the class is a colour contrast, noisy, which all blocks let through.
 */
const RECIPES: Record<PlantedTruth, Recipe> = {
  challenger: {
    perClass: 30,
    noise: 0.3,
    gain: 0.25,
    isSecond: (contrast) => contrast > 0,
    seen: [BRIGHTNESS],
    strength: 10,
  },
  recommended: {
    perClass: 60,
    noise: 0.3,
    gain: 50,
    isSecond: (one, other) => one > 0 === other > 0,
    seen: [RED_GREEN],
    strength: 1,
  },
  none: {
    perClass: 30,
    noise: 1.2,
    gain: 5,
    isSecond: (contrast) => contrast > 0,
    seen: [RED_GREEN, BRIGHTNESS],
    strength: 1,
  },
};

/** Size of a contrast between two colours of 0 to 1. */
const CONTRAST = 0.2;

/**
 * Writes a network, images and a plan for few and dissimilar images, all drawn by the seed. Gives the plan's path.
 */
export async function writePlantedTask(folder: string, truth: PlantedTruth, seed: number): Promise<string> {
  await useEngine();
  const random = Random.seeded(seed, `planted ${truth}`);
  await writeImages(join(folder, 'images'), RECIPES[truth], random);
  const preprocessing = { range: '0..1', resize: 'stretch', channels: 'rgb', width: SIDE, height: SIDE } as const;
  const model = plantedNetwork(RECIPES[truth], random);
  await saveNetwork(model, join(folder, 'model'), { labels: ['x'], preprocessing, thaw: { version: '0' } });
  model.dispose();
  return writePlan(folder, {
    head: { classes: ['one', 'other'] },
    batchSize: 16,
    seed,
    advice: { data: 'low', similarity: 'low', similaritySource: 'given', leftOut: [] },
  });
}

async function writeImages(folder: string, { perClass, noise, isSecond }: Recipe, random: Random): Promise<void> {
  for (const [label, name] of ['one', 'other'].entries()) {
    await mkdir(join(folder, name), { recursive: true });
    for (let index = 0; index < perClass; index++) {
      const signs = drawSigns(random, (one, other) => isSecond(one, other) === (label === 1));
      const [redGreen, blueYellow] = signs.map((sign) => CONTRAST * (sign + noise * random.normal()));
      const brightness = 0.5 + 0.08 * random.normal();
      const pixels = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, at) => {
        const contrasts = [redGreen / 2 + blueYellow / 3, -redGreen / 2 + blueYellow / 3, (-2 * blueYellow) / 3];
        const value = brightness + contrasts[at % 3] + 0.05 * random.normal();
        return Math.round(255 * Math.min(1, Math.max(0, value)));
      });
      const image = sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } });
      await writeFile(join(folder, name, `${String(index).padStart(3, '0')}.png`), await image.png().toBuffer());
    }
  }
}

function drawSigns(random: Random, fits: (one: number, other: number) => boolean): [number, number] {
  for (;;) {
    const signs: [number, number] = [random.below(2) * 2 - 1, random.below(2) * 2 - 1];
    if (fits(...signs)) return signs;
  }
}

/** Three blocks of one convolution each, which halve the image: 8 x 8 x 3, 4 x 4 x 6, 2 x 2 x 192, 1 x 1 x 192. */
function plantedNetwork({ gain, seen, strength }: Recipe, random: Random): tfl.LayersModel {
  const image = tfl.input({ shape: [SIDE, SIDE, 3] });
  const contrasts = [
    [1, -1, 0],
    [0.5, 0.5, -1],
    [1 / 3, 1 / 3, 1 / 3],
  ];
  const first = contrasts.flatMap((weights) => [1, -1].map((sign) => weights.map((weight) => sign * gain * weight)));
  const bias = contrasts.flatMap((_, signal) => [1, -1].map((sign) => (signal === 2 ? (-sign * gain) / 2 : 0)));
  const second = Array.from({ length: UNITS }, (_, out) =>
    Array.from({ length: SIGNALS }, (__, signal) => (signal === out % SIGNALS ? 1 : 0)),
  );
  // A contrast makes about 1 of all its copies.
  const scale = strength / (gain * CONTRAST * COPIES);
  const top = Array.from({ length: UNITS }, () => {
    const weights = new Array<number>(SIGNALS).fill(0);
    for (const signal of seen) {
      const weight = scale * (random.below(2) * 2 - 1) * (0.5 + random.uniform());
      [weights[signal], weights[signal + 1]] = [weight, -weight];
    }
    return Array.from({ length: UNITS }, (_, input) => weights[input % SIGNALS]);
  });
  let x = halving('first', first, bias).apply(image) as tfl.SymbolicTensor;
  x = halving('second', second).apply(x) as tfl.SymbolicTensor;
  x = halving('top', top).apply(x) as tfl.SymbolicTensor;
  return tfl.model({ inputs: image, outputs: x });
}

/** A convolution of means over 2 x 2 pixels with stride 2, rectified. @param filters [out][in] */
function halving(name: string, filters: number[][], bias = filters.map(() => 0)): tfl.layers.Layer {
  const inputs = filters[0].length;
  const kernel = Array.from({ length: 4 }, () =>
    Array.from({ length: inputs }, (_, signal) => filters.map((weights) => weights[signal] / 4)),
  );
  return tfl.layers.conv2d({
    ...{ name, filters: filters.length, kernelSize: 2, strides: 2, activation: 'relu' },
    weights: [tf.tensor(kernel.flat(2), [2, 2, inputs, filters.length]), tf.tensor1d(bias)],
  });
}
