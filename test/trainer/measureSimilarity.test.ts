import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/shared/random.ts';
import { judgeSimilarity } from '../../src/shared/similarity.ts';
import { measureSimilarity } from '../../src/trainer/probes/measureSimilarity.ts';
import { summarizeBlocks } from '../../src/trainer/training/prepareNetwork.ts';
import { describeGraph } from '../../src/trainer/model/networkGraph.ts';
import { type TestEngine, useEngine } from '../support/trainingFixture.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await useEngine();
});

const SIDE = 4;
const input = { height: SIDE, width: SIDE, channels: 3, range: '0..1' } as const;

/**
 * Three blocks: a first one that hands colours on, a second one that does so too, and a last one that mixes all channels to
 * one brightness, in which classes of the same brightness are the same.
 */
function forgetfulNetwork(): tfl.LayersModel {
  const image = tfl.input({ shape: [SIDE, SIDE, 3] });
  const convolve = (name: string, weights: number[][]) =>
    tfl.layers.conv2d({
      ...{ name, filters: 3, kernelSize: 1, useBias: false },
      weights: [tf.tensor(weights.flat(), [1, 1, 3, 3])],
    });
  const normalize = (name: string) => tfl.layers.batchNormalization({ name });
  const same = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  const third = [1, 2, 3].map(() => [1 / 3, 1 / 3, 1 / 3]);
  let x: tfl.SymbolicTensor = image;
  for (const [name, weights] of [
    ['first', same],
    ['second', same],
    ['third', third],
  ] as const) {
    x = convolve(name, weights).apply(x) as tfl.SymbolicTensor;
    x = normalize(`${name}_bn`).apply(x) as tfl.SymbolicTensor;
    x = tfl.layers.maxPooling2d({ name: `${name}_pool`, poolSize: 1 }).apply(x) as tfl.SymbolicTensor;
  }
  return tfl.model({ inputs: image, outputs: x });
}

/** Red and blue squares of one brightness, with noise; `shuffled` gives them classes at random. */
function colours(count: number, shuffled = false) {
  const random = Random.seeded(4, 'colours');
  const pixels = Array.from({ length: count }, (_, image) => {
    const bright = image % 2 === 0 ? 0 : 2;
    return Uint8Array.from({ length: SIDE * SIDE * 3 }, (__, at) => (at % 3 === bright ? 180 : 30) + random.below(60));
  });
  const labels = pixels.map((_, image) => (shuffled ? random.below(2) : image % 2));
  return { pixels, labels, classes: ['red', 'blue'] };
}

async function measure(images: ReturnType<typeof colours>) {
  const model = forgetfulNetwork();
  const blocks = summarizeBlocks(describeGraph(model));
  const before = tf.memory().numTensors;
  const measured = await measureSimilarity({ engine, model, blocks, input }, images);
  const tensorsLeft = tf.memory().numTensors - before;
  model.dispose();
  return { measured, tensorsLeft, blocks: blocks.map(({ name }) => name) };
}

describe('the depth curve of a network', () => {
  it('peaks before the block that forgets what tells the classes apart', async () => {
    const { measured, blocks } = await measure(colours(60));
    const { depths, curve } = measured;
    expect(depths?.points.map(({ block }) => block)).toEqual(blocks);
    expect(depths?.points[0].accuracy).toBe(1);
    expect(depths?.points.at(-1)?.accuracy).toBeLessThan(0.8);
    expect(curve?.peak).toBe(blocks.length - 2);
    expect(curve?.dropPValue).toBeLessThan(0.01);
  });

  it('counts for nothing where no depth tells the classes apart', async () => {
    const { measured } = await measure(colours(60, true));
    expect(measured.depths).not.toBeNull();
    expect(measured.curve).toBeNull();
  });

  it('decides alone where batch normalization has no statistics yet', async () => {
    const { measured } = await measure(colours(60));
    expect(measured).toMatchObject({ distance: null, bands: null, fingerprint: null, inputShift: false });
    expect(judgeSimilarity(measured)).toMatchObject({ byDistance: null, correction: 'down', band: 'low' });
  });

  it('names the classes that only earlier blocks tell apart', async () => {
    const { measured, blocks } = await measure(colours(60));
    expect(measured.inseparable).toMatchObject([
      { classes: ['red', 'blue'], block: blocks.at(-1), images: 60, elsewhere: { right: 60 } },
    ]);
    expect((await measure(colours(8))).measured.inseparable).toEqual([]);
  });

  it('leaves no tensors behind', async () => {
    expect((await measure(colours(8))).tensorsLeft).toBe(0);
  });
});
