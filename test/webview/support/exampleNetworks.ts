import type { PlanBlockView, PlanLayer, PlanNetwork } from '../../../src/shared/planView.ts';

type Shape = [number, number, number];

function convolution(name: string, [height, width, channels]: Shape, kernel: number, from: number): PlanLayer {
  const parameters = kernel * kernel * from * channels;
  const outputShape = [height, width, channels];
  return { name, type: 'Conv2D', outputShape, parameters, learnable: parameters, normalization: false };
}

function depthwise(name: string, outputShape: Shape): PlanLayer {
  const parameters = 9 * outputShape[2];
  return { name, type: 'DepthwiseConv2D', outputShape, parameters, learnable: parameters, normalization: false };
}

function normalization(name: string, outputShape: Shape): PlanLayer {
  const channels = outputShape[2];
  const counts = { parameters: 4 * channels, learnable: 2 * channels };
  return { name, type: 'BatchNormalization', outputShape, ...counts, normalization: true };
}

function weightless(name: string, type: string, outputShape: Shape): PlanLayer {
  return { name, type, outputShape, parameters: 0, learnable: 0, normalization: false };
}

function head(features: number, classes: number): PlanLayer[] {
  const parameters = (features + 1) * classes;
  const pooling = weightless('pooling', 'GlobalAveragePooling2D', [1, 1, features]);
  return [
    { ...pooling, outputShape: [features] },
    {
      name: 'predictions',
      type: 'Dense',
      outputShape: [classes],
      parameters,
      learnable: parameters,
      normalization: false,
    },
  ];
}

function withTotal(network: Omit<PlanNetwork, 'totalParameters'>): PlanNetwork {
  const layers = [...network.blocks.flatMap((block) => block.layers), ...network.head];
  return { ...network, totalParameters: layers.reduce((sum, layer) => sum + layer.parameters, 0) };
}

/** Channels and stride of the inverted residuals of MobileNetV2 at a width of 0.35 (arXiv 1801.04381, table 2). */
const RESIDUALS: readonly (readonly [number, number])[] = [
  [8, 1],
  ...[2, 1].map((stride) => [8, stride] as const),
  ...[2, 1, 1].map((stride) => [16, stride] as const),
  ...[2, 1, 1, 1].map((stride) => [24, stride] as const),
  ...[1, 1, 1].map((stride) => [32, stride] as const),
  ...[2, 1, 1].map((stride) => [56, stride] as const),
  [112, 1],
];

/** MobileNetV2 0.35 as `describe` reports it: 19 blocks, 410,208 parameters below the head. */
export function mobileNet(classes: number): PlanNetwork {
  let size = 112;
  let channels = 16;
  const stem: Shape = [size, size, channels];
  const blocks: PlanBlockView[] = [
    {
      name: 'Conv1',
      layers: [
        weightless('input_1', 'InputLayer', [224, 224, 3]),
        convolution('Conv1', stem, 3, 3),
        normalization('bn_Conv1', stem),
        weightless('Conv1_relu', 'ReLU', stem),
      ],
    },
  ];
  for (const [index, [filters, stride]] of RESIDUALS.entries()) {
    const name = index === 0 ? 'expanded_conv' : `block_${index}`;
    const wide: Shape = [size, size, index === 0 ? channels : channels * 6];
    size /= stride;
    const deep: Shape = [size, size, wide[2]];
    const out: Shape = [size, size, filters];
    const expand = [
      convolution(`${name}_expand`, wide, 1, channels),
      normalization(`${name}_expand_BN`, wide),
      weightless(`${name}_expand_relu`, 'ReLU', wide),
    ];
    const layers = [
      ...(index === 0 ? [] : expand),
      depthwise(`${name}_depthwise`, deep),
      normalization(`${name}_depthwise_BN`, deep),
      weightless(`${name}_depthwise_relu`, 'ReLU', deep),
      convolution(`${name}_project`, out, 1, wide[2]),
      normalization(`${name}_project_BN`, out),
      ...(stride === 1 && filters === channels ? [weightless(`${name}_add`, 'Add', out)] : []),
    ];
    blocks.push({ name, layers });
    channels = filters;
  }
  const top: Shape = [7, 7, 1280];
  blocks.push({
    name: 'Conv_1',
    layers: [
      convolution('Conv_1', top, 1, channels),
      normalization('Conv_1_bn', top),
      weightless('out_relu', 'ReLU', top),
    ],
  });
  return withTotal({ title: 'MobileNetV2 0.35', inputShape: [224, 224, 3], blocks, head: head(1280, classes) });
}

/** As large as InceptionV3: 17 blocks with `layers` layers in all, the two of the head included. */
export function largeNetwork(layers = 318): PlanNetwork {
  const names = [
    'conv2d',
    'conv2d_1',
    'conv2d_2',
    'conv2d_3',
    'conv2d_4',
    ...Array.from({ length: 12 }, (_, i) => `mixed${i}`),
  ];
  const shape: Shape = [17, 17, 192];
  const perBlock = Math.floor((layers - 2) / names.length);
  const rest = layers - 2 - perBlock * names.length;
  const blocks = names.map((name, index) => {
    const count = perBlock + (index < rest ? 1 : 0);
    const made = Array.from({ length: count }, (_, layer): PlanLayer => {
      if (layer % 3 === 0) return convolution(`${name}_conv_${layer}`, shape, 3, 192);
      if (layer % 3 === 1) return normalization(`${name}_bn_${layer}`, shape);
      return weightless(`${name}_relu_${layer}`, 'Activation', shape);
    });
    return { name, layers: made };
  });
  return withTotal({ title: 'InceptionV3', inputShape: [299, 299, 3], blocks, head: head(192, 12) });
}
