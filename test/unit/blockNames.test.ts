import { describe, expect, it } from 'vitest';
import { commonPrefix, nameBlocks } from '../../src/shared/blockNames.ts';

describe('commonPrefix', () => {
  it.each([
    [['block_16_expand', 'block_16_expand_BN', 'block_16_project'], 'block_16'],
    [['expanded_conv_depthwise', 'expanded_conv_depthwise_BN', 'expanded_conv_project'], 'expanded_conv'],
    [['Conv_1', 'Conv_1_bn'], 'Conv_1'],
    [['block1_conv1', 'block1_conv2'], 'block1'],
    [['net/stage.1/a', 'net/stage.1/b'], 'net/stage.1'],
    [['a__x', 'a__y'], 'a'],
    [['conv1', 'conv12'], ''],
    [['Conv1', 'bn_Conv1'], ''],
    [['alone_here'], 'alone_here'],
    [[], ''],
  ])('of %j is %j', (names, prefix) => {
    expect(commonPrefix(names)).toBe(prefix);
  });
});

describe('nameBlocks', () => {
  it('falls back to the join, then to the first layer with weights', () => {
    const weightedLayers = ['conv2d_1', 'batch_normalization_1'];
    expect(nameBlocks([{ weightedLayers, join: 'mixed0' }])).toEqual(['mixed0']);
    expect(nameBlocks([{ weightedLayers }])).toEqual(['conv2d_1']);
  });

  it('does not use a prefix that several blocks share', () => {
    const blocks = [{ weightedLayers: ['conv_dw_1', 'conv_pw_1'] }, { weightedLayers: ['conv_dw_2', 'conv_pw_2'] }];
    expect(nameBlocks(blocks)).toEqual(['conv_dw_1', 'conv_dw_2']);
  });

  it('numbers what is still alike without taking the name of another block', () => {
    const blocks = ['a', 'a', 'a_2', 'head'].map((layer) => ({ weightedLayers: [layer, 'x'], join: layer }));
    expect(nameBlocks(blocks)).toEqual(['a', 'a_3', 'a_2', 'head_2']);
  });
});
