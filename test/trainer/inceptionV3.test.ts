import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { buildInceptionV3 } from '../../bench/inceptionV3.ts';

/** `keras.applications.InceptionV3(include_top=False)` has so many layers and weights (Keras documentation and source). */
const BACKBONE_LAYERS = 311;
const BACKBONE_WEIGHTS = 21_802_784;

let model: tfl.LayersModel;
beforeAll(async () => {
  await tf.setBackend('cpu');
  model = buildInceptionV3(1);
});

const count = (layers: readonly tfl.layers.Layer[]): number =>
  layers.reduce((sum, each) => sum + each.countParams(), 0);

describe('InceptionV3 of the benchmark', () => {
  it('has the layers and weights of the published one below a classifier of seven layers', () => {
    const classifier = model.layers.slice(BACKBONE_LAYERS);
    expect(classifier.map((layer) => layer.getClassName())).toEqual([
      'GlobalAveragePooling2D',
      ...['Dropout', 'Dense', 'Dropout', 'Dense', 'Dropout', 'Dense'],
    ]);
    expect(model.layers).toHaveLength(318);
    expect(count(model.layers.slice(0, BACKBONE_LAYERS))).toBe(BACKBONE_WEIGHTS);
    expect(model.getLayer('mixed2').outputShape).toEqual([null, 35, 35, 288]);
    expect(model.getLayer('mixed7').outputShape).toEqual([null, 17, 17, 768]);
    expect(model.getLayer('mixed10').outputShape).toEqual([null, 8, 8, 2048]);
  });

  it('normalizes without a scale', () => {
    const normalizations = model.layers.filter((layer) => layer.getClassName() === 'BatchNormalization');
    expect(normalizations).toHaveLength(94);
    for (const { weights } of normalizations) {
      expect(weights.map(({ originalName }) => originalName.split('/')[1])).toEqual([
        'beta',
        'moving_mean',
        'moving_variance',
      ]);
    }
  });

  it('keeps its layers at a smaller width', () => {
    const narrow = buildInceptionV3(1 / 4);
    expect(narrow.layers.map(({ name }) => name)).toEqual(model.layers.map(({ name }) => name));
    expect(narrow.getLayer('mixed10').outputShape).toEqual([null, 8, 8, 512]);
  });
});
