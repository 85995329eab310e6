import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { cachedVariants, resolveAugmentation, UNCHANGED } from '../../src/shared/augmentation.ts';
import type { Engine } from '../../src/trainer/engine/engine.ts';
import { layerWeights } from '../../src/trainer/execution/layerWeights.ts';
import { boundaryAt, compileSteps } from '../../src/trainer/execution/steps.ts';
import { featureKey, hasWeights, prefixKey, segmentKeys } from '../../src/trainer/training/featureKeys.ts';
import type { DecodeSettings } from '../../src/trainer/data/decodeImage.ts';
import type { NetworkInput } from '../../src/trainer/training/inputTensor.ts';
import { smallBackbone, useEngine } from '../support/trainingFixture.ts';

const INPUT: NetworkInput = { height: 12, width: 12, channels: 3, range: '0..1' };
const DECODE: DecodeSettings = { height: 12, width: 12, channels: 'rgb', resize: 'stretch' };

/** The key of the first `steps` steps of the small backbone. */
async function keyOf(
  change: {
    model?: () => tfl.LayersModel;
    steps?: number;
    /** Hands over what would be needed above this step. */
    cut?: number;
    input?: Partial<NetworkInput>;
    decode?: Partial<DecodeSettings>;
    engine?: Partial<Engine>;
  } = {},
): Promise<string> {
  const engine = await useEngine();
  const model = change.model?.() ?? smallBackbone();
  const sequence = compileSteps(model);
  const count = change.steps ?? 6;
  const prefix = {
    steps: sequence.steps.slice(0, count),
    input: sequence.input,
    boundary: boundaryAt(sequence, change.cut ?? count),
  };
  const key = await prefixKey(
    { ...engine, ...change.engine },
    prefix,
    { ...INPUT, ...change.input },
    { ...DECODE, ...change.decode },
  );
  model.dispose();
  return key;
}

/** The small backbone with a weight that differs in its last bit. */
function withWeight(name: string): tfl.LayersModel {
  const model = smallBackbone();
  const [{ variable }] = layerWeights(model.getLayer(name));
  const values = variable.dataSync().slice();
  new Uint32Array(values.buffer)[values.length - 1] ^= 1;
  variable.assign(tf.tensor(values, variable.shape));
  return model;
}

/** A network of one convolution with this epsilon in the normalization behind it. */
function oneConvolution(epsilon: number, layerName = 'conv', strides = 1): tfl.LayersModel {
  const input = tfl.input({ shape: [12, 12, 3] });
  const conv = tfl.layers.conv2d({
    ...{ name: layerName, filters: 2, kernelSize: 1, strides, useBias: false, padding: 'same' },
    kernelInitializer: 'ones',
  });
  const norm = tfl.layers.batchNormalization({ name: `${layerName}_bn`, epsilon });
  const next = tfl.layers.conv2d({ name: `${layerName}_next`, filters: 2, kernelSize: 1, kernelInitializer: 'ones' });
  const output = next.apply(norm.apply(conv.apply(input))) as tfl.SymbolicTensor;
  return tfl.model({ inputs: input, outputs: output });
}

describe('the key of features', () => {
  it('is the same for the same network, loaded again', async () => {
    expect(await keyOf()).toBe(await keyOf());
  });

  it('is another one for everything that the features depend on', async () => {
    const keys = await Promise.all([
      keyOf(),
      keyOf({ steps: 5 }),
      keyOf({ cut: 2 }),
      keyOf({ model: () => withWeight('stem') }),
      keyOf({ model: () => withWeight('middle_bn') }),
      keyOf({ input: { range: '-1..1' } }),
      keyOf({ decode: { resize: 'crop' } }),
      keyOf({ decode: { channels: 'gray' } }),
      keyOf({ engine: { name: 'native' } }),
      keyOf({ engine: { version: 'another' } }),
    ]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('tells layers apart by what they compute, not by their names', async () => {
    const one = (epsilon: number, name?: string, strides?: number): Promise<string> =>
      keyOf({ model: () => oneConvolution(epsilon, name, strides), steps: 1 });
    expect(await one(1e-3, 'other')).toBe(await one(1e-3));
    expect(await one(1e-4)).not.toBe(await one(1e-3));
    expect(await one(1e-3, 'conv', 2)).not.toBe(await one(1e-3));
  });

  it('says nothing of what is above the cut', async () => {
    expect(await keyOf({ model: () => smallBackbone({ dropout: 0.5 }), steps: 4 })).toBe(await keyOf({ steps: 4 }));
    expect(await keyOf({ model: () => withWeight('top'), steps: 4 })).toBe(await keyOf({ steps: 4 }));
  });

  it('is that of the content and the variant', () => {
    const [, drawn] = cachedVariants(resolveAugmentation('medium'), 2, 7, 3);
    const keys = [featureKey('a', UNCHANGED), featureKey('b', UNCHANGED), featureKey('a', drawn)];
    expect(new Set(keys).size).toBe(3);
    expect(featureKey('a', { ...drawn })).toBe(keys[2]);
  });

  it('keeps what seeds draw apart, and images as they are together', () => {
    const medium = resolveAugmentation('medium');
    const keys = segmentKeys('prefix', medium, 7);
    expect(segmentKeys('prefix', { ...medium, variants: 9 }, 7)).toEqual(keys);
    const others = [segmentKeys('prefix', medium, 8), segmentKeys('prefix', { ...medium, crop: 0.2 }, 7)];
    for (const other of others) {
      expect(other.fixed).toBe(keys.fixed);
      expect(other.drawn).not.toBe(keys.drawn);
    }
    expect(segmentKeys('another', medium, 7).fixed).not.toBe(keys.fixed);
  });

  it('is of no use where nothing has weights', async () => {
    await useEngine();
    const { steps } = compileSteps(smallBackbone());
    expect(hasWeights(steps.slice(0, 1))).toBe(true);
    expect(hasWeights(steps.filter(({ kind }) => kind === 'dropout'))).toBe(false);
  });
});
