import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeGraph, layerSummaries } from '../../../src/trainer/model/networkGraph.ts';
import { residualBackbone } from '../../support/networks.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('describeGraph', () => {
  it('lists the calls of a network with a branch from input to output', () => {
    expect(describeGraph(residualBackbone())).toEqual({
      nodes: [
        { layer: 'backbone_input', type: 'InputLayer', inputs: [], outputShape: [8, 8, 3], parameters: 0 },
        {
          layer: 'stem',
          type: 'Conv2D',
          inputs: [0],
          outputShape: [4, 4, 6],
          parameters: 162,
          kernelSize: [3, 3],
          strides: [2, 2],
          activation: 'linear',
        },
        { layer: 'stem_bn', type: 'BatchNormalization', inputs: [1], outputShape: [4, 4, 6], parameters: 24 },
        { layer: 'stem_relu', type: 'ReLU', inputs: [2], outputShape: [4, 4, 6], parameters: 0, activation: 'relu6' },
        {
          layer: 'depthwise',
          type: 'DepthwiseConv2D',
          inputs: [3],
          outputShape: [4, 4, 6],
          parameters: 60,
          kernelSize: [3, 3],
          strides: [1, 1],
          activation: 'linear',
        },
        { layer: 'sum', type: 'Add', inputs: [3, 4], outputShape: [4, 4, 6], parameters: 0 },
        { layer: 'out', type: 'Activation', inputs: [5], outputShape: [4, 4, 6], parameters: 0, activation: 'relu' },
      ],
    });
  });

  it('counts the weights of a shared layer once, at its first call', () => {
    const input = tfl.input({ shape: [4, 4, 3], name: 'image' });
    const shared = tfl.layers.conv2d({ name: 'shared', filters: 3, kernelSize: 1 });
    const once = shared.apply(input) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs: input, outputs: shared.apply(once) as tfl.SymbolicTensor });
    const nodes = describeGraph(model).nodes.map(({ layer, inputs, parameters }) => [layer, inputs, parameters]);
    expect(nodes).toEqual([
      ['image', [], 0],
      ['shared', [0], 12],
      ['shared', [1], 0],
    ]);
    expect(layerSummaries(model)).toEqual([
      { name: 'image', type: 'InputLayer', outputShape: [4, 4, 3], parameters: 0 },
      { name: 'shared', type: 'Conv2D', outputShape: [4, 4, 3], parameters: 12 },
    ]);
  });
});
