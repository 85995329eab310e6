import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { countBlockParameters, findBlocks, namedAsIn } from '../../src/shared/blocks.ts';
import type { GraphNode, NetworkGraph } from '../../src/shared/network.ts';
import {
  denseBlock,
  GraphBuilder,
  inception,
  mobileNetV1,
  mobileNetV2,
  resNet,
  sharedInRun,
  sharedTrunk,
  squeezeExcite,
  vgg,
} from '../support/graphs.ts';

const namesOf = (graph: NetworkGraph): string[] => findBlocks(graph).map((block) => block.name);

function layersOf(graph: NetworkGraph, name: string): string[] {
  const block = findBlocks(graph).find((candidate) => candidate.name === name);
  if (!block) throw new Error(`no block ${name}`);
  return block.layers;
}

describe('findBlocks', () => {
  it('finds the inverted residuals of MobileNetV2, with and without a shortcut', () => {
    const graph = mobileNetV2();
    const middle = Array.from({ length: 16 }, (_, index) => `block_${index + 1}`);
    expect(namesOf(graph)).toEqual(['Conv1', 'expanded_conv', ...middle, 'Conv_1']);
    expect(layersOf(graph, 'Conv1')).toEqual(['input_1', 'Conv1_pad', 'Conv1', 'bn_Conv1', 'Conv1_relu']);
    expect(layersOf(graph, 'block_13')[0]).toBe('block_13_expand');
    expect(layersOf(graph, 'block_13')).toContain('block_13_pad');
    expect(layersOf(graph, 'block_13').at(-1)).toBe('block_13_project_BN');
    expect(layersOf(graph, 'block_15').at(-1)).toBe('block_15_add');
    expect(layersOf(graph, 'Conv_1')).toEqual(['Conv_1', 'Conv_1_bn', 'out_relu']);
  });

  it('pairs depthwise with the pointwise convolution after it in MobileNet v1', () => {
    const graph = mobileNetV1(4);
    expect(namesOf(graph)).toEqual(['conv1', 'conv_dw_1', 'conv_dw_2', 'conv_dw_3', 'conv_dw_4']);
    expect(layersOf(graph, 'conv_dw_2')).toEqual([
      'conv_pad_2',
      'conv_dw_2',
      'conv_dw_2_bn',
      'conv_dw_2_relu',
      'conv_pw_2',
      'conv_pw_2_bn',
      'conv_pw_2_relu',
    ]);
    expect(layersOf(graph, 'conv_dw_4')).toContain('global_average_pooling2d');
  });

  it('keeps each residual block of a ResNet whole, with the activation after the join', () => {
    const graph = resNet(2);
    expect(namesOf(graph)).toEqual(['conv1', 'conv2_block1', 'conv2_block2', 'conv3_block1', 'conv3_block2']);
    expect(layersOf(graph, 'conv1')).toEqual([
      'input_1',
      'conv1_pad',
      'conv1_conv',
      'conv1_bn',
      'conv1_relu',
      'pool1_pad',
      'pool1_pool',
    ]);
    expect(layersOf(graph, 'conv2_block1')).toEqual(
      expect.arrayContaining(['conv2_block1_0_conv', 'conv2_block1_out']),
    );
    expect(layersOf(graph, 'conv3_block2').at(-1)).toBe('avg_pool');
  });

  it('names inception modules after their join', () => {
    const graph = inception(2);
    expect(namesOf(graph)).toEqual(['conv2d_1', 'mixed0', 'mixed1']);
    expect(layersOf(graph, 'mixed0')).toHaveLength(1 + 7 * 3 + 1);
  });

  it('groups convolutions of one resolution up to their pooling, and leaves dense layers alone', () => {
    const graph = vgg();
    expect(namesOf(graph)).toEqual(['block1', 'block2', 'block3', 'fc1', 'fc2', 'predictions']);
    expect(layersOf(graph, 'block3')).toEqual([
      'block3_conv1',
      'block3_conv2',
      'block3_conv3',
      'block3_pool',
      'flatten',
    ]);
    expect(layersOf(graph, 'fc1')).toEqual(['fc1']);
  });

  it('starts a new stage with a strided convolution', () => {
    const b = new GraphBuilder();
    b.conv('c', b.conv('b', b.conv('a', b.input(32), 3), 3, 2), 3);
    expect(findBlocks(b.graph()).map((block) => block.layers)).toEqual([
      ['input_1', 'a'],
      ['b', 'c'],
    ]);
  });

  it('ends a stage at pooling and at a stride even where no size is known', () => {
    const b = new GraphBuilder();
    const x = b.conv('b', b.conv('a', b.input(32), 3), 3);
    b.conv('e', b.conv('d', b.conv('c', b.pool('pool', x), 3), 3, 2), 1);
    const anySize = { nodes: b.nodes.map((node) => ({ ...node, outputShape: [null, null, 3] })) };
    const expected = [['input_1', 'a', 'b', 'pool'], ['c'], ['d', 'e']];
    expect(findBlocks(b.graph()).map((block) => block.layers)).toEqual(expected);
    expect(findBlocks(anySize).map((block) => block.layers)).toEqual(expected);
  });

  it('ends a stage where the resolution rises', () => {
    const b = new GraphBuilder();
    const x = b.add('up', 'UpSampling2D', [b.conv('a', b.input(32), 3)], { outputShape: [64, 64, 3] });
    b.conv('b', x, 3);
    expect(findBlocks(b.graph()).map((block) => block.layers)).toEqual([['input_1', 'a', 'up'], ['b']]);
  });

  it('does not pair a depthwise convolution across pooling', () => {
    const b = new GraphBuilder();
    const x = b.pool('pool_1', b.conv('before', b.input(32), 1));
    b.conv('after', b.pool('pool_2', b.depthwise('depthwise', x)), 1);
    expect(findBlocks(b.graph()).map((block) => block.layers)).toEqual([
      ['input_1', 'before', 'pool_1'],
      ['depthwise', 'pool_2'],
      ['after'],
    ]);
  });

  it('leaves a squeeze-and-excite gate in the block it gates', () => {
    const graph = squeezeExcite();
    expect(namesOf(graph)).toEqual(['stem', 'block1a', 'block2a']);
    expect(layersOf(graph, 'block2a')).toEqual(
      expect.arrayContaining(['block2a_expand_conv', 'block2a_dwconv', 'block2a_se_reduce', 'block2a_project_bn']),
    );
  });

  it('keeps a block with connections across its whole length together', () => {
    const graph = denseBlock();
    expect(namesOf(graph)).toEqual(['conv1', 'dense_conv', 'transition']);
    expect(layersOf(graph, 'dense_conv')).toEqual([
      'dense_conv_1',
      'concat_2',
      'dense_conv_2',
      'concat_3',
      'dense_conv_3',
      'concat_out',
    ]);
  });

  it('puts all uses of a shared layer into one block', () => {
    expect(namesOf(sharedTrunk())).toEqual(['stem', 'trunk', 'verdict']);
    expect(layersOf(sharedTrunk(), 'trunk')).toEqual(['mirror', 'trunk_1', 'trunk_2', 'distance']);
    expect(findBlocks(sharedInRun()).map((block) => block.layers)).toEqual([
      ['input_1', 'first'],
      ['again', 'between'],
      ['last'],
    ]);
  });

  it('never names a block head, and never names two alike', () => {
    const b = new GraphBuilder();
    b.dense('head_2', b.dense('head', b.input()));
    expect(namesOf(b.graph())).toEqual(['head_3', 'head_2']);
  });

  it('makes one block of a network without weights, and none of an empty one', () => {
    const b = new GraphBuilder();
    b.relu('b', b.relu('a', b.input()));
    expect(findBlocks(b.graph()).map((block) => block.layers)).toEqual([['input_1', 'a', 'b']]);
    expect(findBlocks({ nodes: [] })).toEqual([]);
  });

  it('lets leading normalization join the first block', () => {
    const b = new GraphBuilder();
    b.dense('d', b.conv('c', b.norm('bn_data', b.input()), 3));
    expect(findBlocks(b.graph()).map((block) => block.layers)).toEqual([['input_1', 'bn_data', 'c'], ['d']]);
  });
});

describe('countBlockParameters', () => {
  it('adds up the weights, those of a shared layer once', () => {
    const graph = sharedInRun();
    expect(findBlocks(graph).map((block) => countBlockParameters(graph, block))).toEqual([72, 72 + 80, 80]);
  });
});

const NODE_TYPES = [
  'Conv2D',
  'DepthwiseConv2D',
  'BatchNormalization',
  'ReLU',
  'MaxPooling2D',
  'ZeroPadding2D',
  'Dense',
];

/** A random network in which every node reaches the output: mostly runs, with some skips, joins and shared layers. */
const randomGraph = fc
  .array(
    fc.record({
      type: fc.constantFrom(...NODE_TYPES),
      skip: fc.option(fc.nat(4), { freq: 3 }),
      multiply: fc.boolean(),
      shared: fc.option(fc.nat(30), { freq: 12 }),
      kernel: fc.constantFrom(1, 3),
      stride: fc.constantFrom(1, 1, 2),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((steps): NetworkGraph => {
    const nodes: GraphNode[] = [
      { layer: 'n0', type: 'InputLayer', inputs: [], outputShape: [32, 32, 3], parameters: 0 },
    ];
    for (const step of steps) {
      const previous = nodes.length - 1;
      const skipped = step.skip === null ? previous : Math.max(0, previous - step.skip);
      const joins = skipped !== previous;
      const shared =
        step.shared !== null && step.shared > 0 && step.shared < nodes.length && !joins ? nodes[step.shared] : null;
      const type = shared?.type ?? (joins ? (step.multiply ? 'Multiply' : 'Add') : step.type);
      const weighted = shared ? shared.parameters > 0 : !joins && /Conv|Dense|Norm/.test(type);
      nodes.push({
        layer: shared?.layer ?? `n${nodes.length}`,
        type,
        inputs: joins ? [skipped, previous] : [previous],
        outputShape: [32, 32, 3],
        parameters: weighted ? 9 : 0,
        kernelSize: [step.kernel, step.kernel],
        strides: [step.stride, step.stride],
      });
    }
    return { nodes };
  });

const allGraphs = fc.oneof(
  { weight: 9, arbitrary: randomGraph },
  fc.constantFrom(
    mobileNetV2(),
    mobileNetV1(),
    resNet(),
    inception(),
    vgg(),
    squeezeExcite(),
    denseBlock(),
    sharedTrunk(),
  ),
);

/** Tensors made in the first `count` blocks and used in later ones. */
function crossing(graph: NetworkGraph, blockOf: Map<string, number>, count: number): Set<number> {
  const blockOfNode = graph.nodes.map((node) => blockOf.get(node.layer) ?? -1);
  const tensors = graph.nodes.flatMap((node, index) =>
    blockOfNode[index] < count ? [] : node.inputs.filter((input) => blockOfNode[input] < count),
  );
  return new Set(tensors);
}

describe('findBlocks on any network', () => {
  it('puts every layer into exactly one block, in runs of the topological order', () => {
    fc.assert(
      fc.property(allGraphs, (graph) => {
        const blocks = findBlocks(graph);
        const all = blocks.flatMap((block) => block.layers);
        expect(new Set(all).size).toBe(all.length);
        expect(new Set(all)).toEqual(new Set(graph.nodes.map((node) => node.layer)));
        const blockOf = new Map(blocks.flatMap((block, index) => block.layers.map((layer) => [layer, index])));
        const order = graph.nodes.map((node) => blockOf.get(node.layer) ?? -1);
        expect(order).toEqual([...order].sort((a, b) => a - b));
        expect(new Set(blocks.map((block) => block.name)).size).toBe(blocks.length);
      }),
      { seed: 1, numRuns: 400 },
    );
  });

  it('lets exactly one tensor pass between blocks', () => {
    fc.assert(
      fc.property(allGraphs, (graph) => {
        const blocks = findBlocks(graph);
        const blockOf = new Map(blocks.flatMap((block, index) => block.layers.map((layer) => [layer, index])));
        for (let count = 1; count < blocks.length; count++) expect(crossing(graph, blockOf, count).size).toBe(1);
      }),
      { seed: 2, numRuns: 400 },
    );
  });

  it('gives every block weights if the network has any', () => {
    fc.assert(
      fc.property(allGraphs, (graph) => {
        fc.pre(graph.nodes.some((node) => node.parameters > 0));
        for (const block of findBlocks(graph)) expect(countBlockParameters(graph, block)).toBeGreaterThan(0);
      }),
      { seed: 3, numRuns: 400 },
    );
  });

  it('does not look at names', () => {
    fc.assert(
      fc.property(allGraphs, fc.array(fc.string(), { minLength: 1, maxLength: 5 }), (graph, words) => {
        const layers = [...new Set(graph.nodes.map((node) => node.layer))];
        const renamed = new Map(layers.map((layer, index) => [layer, `${words[index % words.length]}${index}`]));
        const rename = (layer: string): string => renamed.get(layer) ?? '';
        const other = { nodes: graph.nodes.map((node) => ({ ...node, layer: rename(node.layer) })) };
        expect(findBlocks(other).map((block) => block.layers)).toEqual(
          findBlocks(graph).map((block) => block.layers.map(rename)),
        );
      }),
      { seed: 4, numRuns: 300 },
    );
  });
});

describe('the blocks of a network with its head on an earlier one', () => {
  /** What is left of a graph behind a cut. */
  const upTo = (graph: NetworkGraph, layers: ReadonlySet<string>): NetworkGraph => ({
    nodes: graph.nodes.filter(({ layer }) => layers.has(layer)),
  });

  it('are those of the whole network as far as it goes, by their names', () => {
    fc.assert(
      fc.property(allGraphs, fc.nat(), (graph, place) => {
        const whole = findBlocks(graph);
        const left = whole.slice(0, 1 + (place % whole.length));
        const rest = upTo(graph, new Set(left.flatMap(({ layers }) => layers)));
        expect(namedAsIn(whole, findBlocks(rest))).toEqual(left);
      }),
      { seed: 5, numRuns: 400 },
    );
  });

  it('may be called otherwise where a name is only told apart by what follows', () => {
    const graph = mobileNetV1(4);
    const whole = findBlocks(graph);
    const left = whole.slice(0, 2);
    const alone = findBlocks(upTo(graph, new Set(left.flatMap(({ layers }) => layers))));
    expect(alone.map(({ name }) => name)).not.toEqual(left.map(({ name }) => name));
    expect(namedAsIn(whole, alone)).toEqual(left);
  });

  it('keep their names where they are no blocks of the whole', () => {
    const whole = [{ name: 'a', layers: ['one', 'two'] }];
    const parts = [
      { name: 'one', layers: ['one'] },
      { name: 'two', layers: ['two'] },
    ];
    expect(namedAsIn(whole, parts)).toEqual(parts);
    expect(namedAsIn([], parts)).toEqual(parts);
  });
});
