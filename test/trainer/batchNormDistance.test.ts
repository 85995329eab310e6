import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { listData } from '../../src/node/dataFolder.ts';
import { readModelFiles } from '../../src/node/modelFiles.ts';
import type { ValueRange } from '../../src/shared/plan.ts';
import { Random } from '../../src/shared/random.ts';
import { decodeImage } from '../../src/trainer/data/decodeImage.ts';
import { loadNetwork } from '../../src/trainer/model/loadNetwork.ts';
import { measureRange } from '../../src/trainer/probes/measureRange.ts';
import { batchNormDistance } from '../../src/trainer/probes/probeNetwork.ts';
import { useEngine } from '../support/trainingFixture.ts';

/** One batch normalization right on the input, whose statistics are given per channel. */
function normalizedInput(mean: number[], variance: number[], epsilon: number): tfl.LayersModel {
  const model = tfl.sequential({
    layers: [tfl.layers.batchNormalization({ inputShape: [4, 4, 3], epsilon }), tfl.layers.flatten()],
  });
  model.layers[0].setWeights([tf.ones([3]), tf.zeros([3]), tf.tensor1d(mean), tf.tensor1d(variance)]);
  return tfl.model({ inputs: model.inputs, outputs: model.outputs });
}

function noise(count: number): Uint8Array[] {
  const random = Random.seeded(2, 'noise');
  return Array.from({ length: count }, () => Uint8Array.from({ length: 48 }, () => random.below(256)));
}

const size = { height: 4, width: 4, channels: 3 };

describe('the batch-normalization distance', () => {
  it('is the formula, with moments pooled over images and pixels', async () => {
    const engine = await useEngine();
    const images = noise(7);
    const [mean, variance, epsilon] = [[0.1, 0.5, 0.9], [0.04, 0.09, 0.16], 0.01];
    const expected = [0, 1, 2].map((channel) => {
      const values = images.flatMap((image) =>
        [...image].filter((_, at) => at % 3 === channel).map((value) => value / 255),
      );
      const average = values.reduce((sum, value) => sum + value, 0) / values.length;
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length);
      const source = variance[channel] + epsilon;
      return ((average - mean[channel]) ** 2 + (deviation - Math.sqrt(source)) ** 2) / source;
    });
    const distance = await batchNormDistance(engine, normalizedInput(mean, variance, epsilon), images, {
      ...size,
      range: '0..1',
    });
    expect(distance).toBeCloseTo((expected[0] + expected[1] + expected[2]) / 3, 4);
  });

  it('is least in the value range a network was trained with', async () => {
    const engine = await useEngine();
    const uniform: Record<string, [number[], number[]]> = {
      '-1..1': [
        [0, 0, 0],
        [1 / 3, 1 / 3, 1 / 3],
      ],
      '0..1': [
        [0.5, 0.5, 0.5],
        [1 / 12, 1 / 12, 1 / 12],
      ],
      '0..255': [
        [127.5, 127.5, 127.5],
        [5461, 5461, 5461],
      ],
    };
    for (const [range, [mean, variance]] of Object.entries(uniform)) {
      const measured = await measureRange(engine, normalizedInput(mean, variance, 1e-3), noise(12), size);
      expect(measured?.best).toBe(range);
    }
  });

  it('is null without batch normalization', async () => {
    const model = tfl.sequential({
      layers: [tfl.layers.flatten({ inputShape: [4, 4, 3] }), tfl.layers.dense({ units: 2 })],
    });
    const functional = tfl.model({ inputs: model.inputs, outputs: model.outputs });
    expect(await batchNormDistance(await useEngine(), functional, noise(2), { ...size, range: '0..1' })).toBeNull();
  });
});

const shared = fileURLToPath(new URL('../../../shared', import.meta.url));
const flowers = join(shared, 'datasets', 'flowers12', 'train');
const mobileNet = join(shared, 'models', 'mobilenet_v2_0.35_224_imagenet');
const absent = !existsSync(flowers) || !existsSync(mobileNet);

/** Published distances of photographs of flowers, changed in ways that move the images away from what the network knows. */
const PUBLISHED: [string, ValueRange, number, (file: string) => Promise<Uint8Array>][] = [];

async function natural(file: string): Promise<Uint8Array> {
  return decodeImage(file, { width: 224, height: 224, channels: 'rgb', resize: 'crop' });
}

function changed(
  change: (pixels: Uint8Array) => Uint8Array | Promise<Uint8Array>,
): (file: string) => Promise<Uint8Array> {
  return async (file) => change(await natural(file));
}

/** Down to a side and up again, bilinear without smoothing, as the published figures were made. */
const through = (side: number) =>
  changed(async (pixels) => {
    const values = tf.tidy(() => {
      const image = tf.tensor3d(Float32Array.from(pixels), [224, 224, 3]);
      return tf.image.resizeBilinear(tf.image.resizeBilinear(image, [side, side]), [224, 224]);
    });
    const resized = Uint8Array.from(await values.data(), Math.round);
    values.dispose();
    return resized;
  });

PUBLISHED.push(
  ['natural', '-1..1', 0.079, natural],
  ['swapped', '-1..1', 0.086, changed((p) => p.map((_, i) => p[i - (i % 3) + 2 - (i % 3)]))],
  ['inverted', '-1..1', 0.086, changed((p) => p.map((value) => 255 - value))],
  [
    'gray',
    '-1..1',
    0.133,
    changed((p) => p.map((_, i) => (p[i - (i % 3)] + p[i - (i % 3) + 1] + p[i - (i % 3) + 2]) / 3)),
  ],
  ['upscaled from 96', '-1..1', 0.144, through(96)],
  ['blurred to 32', '-1..1', 0.348, through(32)],
  ['range 0..1', '0..1', 0.16, natural],
  ['range imagenet', 'imagenet', 0.248, natural],
  ['range caffe', 'caffe', 218, natural],
  ['range 0..255', '0..255', 583, natural],
);

describe('on photographs', () => {
  it.for(PUBLISHED)('%s in %s is within a tenth of %d', async ([, range, expected, read], { skip }) => {
    skip(absent, 'the photographs and the MobileNetV2 of ../shared are not here');
    const engine = await useEngine();
    const { model } = await loadNetwork(await readModelFiles(mobileNet));
    const { images, classes } = await listData(flowers);
    const first = classes.flatMap((__, classIndex) =>
      images.filter((image) => image.classIndex === classIndex).slice(0, 5),
    );
    const pixels = await Promise.all(first.map((image) => read(image.file)));
    const distance = await batchNormDistance(engine, model, pixels, { height: 224, width: 224, channels: 3, range });
    expect(Math.abs((distance ?? 0) / expected - 1)).toBeLessThan(0.1);
    model.dispose();
  });
});
