import * as tfl from '@tensorflow/tfjs-layers';

type Symbolic = tfl.SymbolicTensor;

/** One group of inverted residual blocks: channels out, blocks, stride of the first (Sandler et al. 2018, table 2). */
interface BlockGroup {
  channels: number;
  blocks: number;
  stride: 1 | 2;
}

const EXPANSION = 6;

const GROUPS: readonly BlockGroup[] = [
  { channels: 24, blocks: 2, stride: 2 },
  { channels: 32, blocks: 3, stride: 2 },
  { channels: 64, blocks: 4, stride: 2 },
  { channels: 96, blocks: 3, stride: 1 },
  { channels: 160, blocks: 3, stride: 2 },
  { channels: 320, blocks: 1, stride: 1 },
];

const apply = (layer: tfl.layers.Layer, input: Symbolic | Symbolic[]): Symbolic => layer.apply(input) as Symbolic;

/**
 * MobileNetV2 at width 1.0 without its top (Sandler et al. 2018, https://arxiv.org/abs/1801.04381): [n, size, size, 3] to
 * [n, size / 32, size / 32, 1280]. Layers are called as in `keras.applications`, so that the same weights fit both.
 *
 * @param size height and width of the input, a multiple of 32
 */
export function buildMobileNetV2(size: number): tfl.LayersModel {
  const input = tfl.input({ shape: [size, size, 3], name: 'input_layer' });
  let x = apply(tfl.layers.conv2d(convolution('Conv1', 32, 3, 2)), input);
  x = activate(normalize(x, 'bn_Conv1'), 'Conv1_relu');
  x = depthwise(x, 'expanded_conv_', 1);
  x = project(x, 'expanded_conv_', 16);
  let index = 1;
  for (const { channels, blocks, stride } of GROUPS) {
    for (let block = 0; block < blocks; block++) {
      x = invertedResidual(x, `block_${index++}_`, channels, block === 0 ? stride : 1);
    }
  }
  x = apply(tfl.layers.conv2d(convolution('Conv_1', 1280, 1, 1)), x);
  x = activate(normalize(x, 'Conv_1_bn'), 'out_relu');
  return tfl.model({ inputs: input, outputs: x, name: `mobilenetv2_1.00_${size}` });
}

function invertedResidual(input: Symbolic, prefix: string, channels: number, stride: 1 | 2): Symbolic {
  const given = Number(input.shape[3]);
  let x = apply(tfl.layers.conv2d(convolution(`${prefix}expand`, EXPANSION * given, 1, 1)), input);
  x = activate(normalize(x, `${prefix}expand_BN`), `${prefix}expand_relu`);
  x = project(depthwise(x, prefix, stride), prefix, channels);
  return stride === 1 && given === channels ? apply(tfl.layers.add({ name: `${prefix}add` }), [input, x]) : x;
}

/** Keras pads in front of a stride of 2 in a layer of its own; at even sizes it is what `same` does. */
function depthwise(input: Symbolic, prefix: string, stride: 1 | 2): Symbolic {
  const pad = (): tfl.layers.Layer =>
    tfl.layers.zeroPadding2d({
      name: `${prefix}pad`,
      padding: [
        [0, 1],
        [0, 1],
      ],
    });
  const x = apply(
    tfl.layers.depthwiseConv2d({
      name: `${prefix}depthwise`,
      kernelSize: 3,
      strides: stride,
      padding: stride === 1 ? 'same' : 'valid',
      useBias: false,
    }),
    stride === 1 ? input : apply(pad(), input),
  );
  return activate(normalize(x, `${prefix}depthwise_BN`), `${prefix}depthwise_relu`);
}

function project(input: Symbolic, prefix: string, channels: number): Symbolic {
  const x = apply(tfl.layers.conv2d(convolution(`${prefix}project`, channels, 1, 1)), input);
  return normalize(x, `${prefix}project_BN`);
}

function convolution(name: string, filters: number, kernelSize: number, strides: number) {
  return { name, filters, kernelSize, strides, padding: 'same', useBias: false } as const;
}

function normalize(input: Symbolic, name: string): Symbolic {
  return apply(tfl.layers.batchNormalization({ name, epsilon: 1e-3, momentum: 0.999 }), input);
}

function activate(input: Symbolic, name: string): Symbolic {
  return apply(tfl.layers.reLU({ name, maxValue: 6 }), input);
}
