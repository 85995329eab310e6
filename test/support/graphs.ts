import type { GraphNode, NetworkGraph } from '../../src/shared/network.ts';

type Details = Partial<Omit<GraphNode, 'layer' | 'type' | 'inputs'>>;

/** Builds network graphs node by node, keeping track of the spatial resolution; each method returns the node's index. */
export class GraphBuilder {
  readonly nodes: GraphNode[] = [];

  add(layer: string, type: string, inputs: number[], details: Details = {}): number {
    const outputShape = inputs.length > 0 ? this.nodes[inputs[0]].outputShape : [224, 224, 3];
    this.nodes.push({ layer, type, inputs, outputShape, parameters: 0, ...details });
    return this.nodes.length - 1;
  }

  input(size = 224): number {
    return this.add('input_1', 'InputLayer', [], { outputShape: [size, size, 3] });
  }

  conv(layer: string, input: number, kernel: number, stride = 1, type = 'Conv2D'): number {
    const outputShape = this.shrunk(input, stride);
    return this.add(layer, type, [input], {
      outputShape,
      parameters: kernel * kernel * 8,
      kernelSize: [kernel, kernel],
      strides: [stride, stride],
    });
  }

  depthwise(layer: string, input: number, stride = 1): number {
    return this.conv(layer, input, 3, stride, 'DepthwiseConv2D');
  }

  norm(layer: string, input: number): number {
    return this.add(layer, 'BatchNormalization', [input], { parameters: 32 });
  }

  relu(layer: string, input: number): number {
    return this.add(layer, 'ReLU', [input], { activation: 'relu' });
  }

  pad(layer: string, input: number): number {
    return this.add(layer, 'ZeroPadding2D', [input]);
  }

  pool(layer: string, input: number, stride = 2): number {
    return this.add(layer, 'MaxPooling2D', [input], { outputShape: this.shrunk(input, stride) });
  }

  dense(layer: string, input: number, units = 10): number {
    return this.add(layer, 'Dense', [input], { outputShape: [units], parameters: units * 8 });
  }

  join(layer: string, inputs: number[], type = 'Add'): number {
    return this.add(layer, type, inputs);
  }

  graph(): NetworkGraph {
    return { nodes: this.nodes };
  }

  private shrunk(input: number, stride: number): (number | null)[] {
    const [height, width, channels] = this.nodes[input].outputShape;
    return [Math.ceil((height ?? 1) / stride), Math.ceil((width ?? 1) / stride), channels];
  }
}

/** MobileNetV2 with the layer names of Keras: 17 inverted residuals, of which 1, 3, 6, 13 and 16 (and the first) have no shortcut. */
export function mobileNetV2(): NetworkGraph {
  const b = new GraphBuilder();
  let x = b.conv('Conv1', b.pad('Conv1_pad', b.input()), 3, 2);
  x = b.relu('Conv1_relu', b.norm('bn_Conv1', x));
  const withoutShortcut = new Set([0, 1, 3, 6, 13, 16]);
  const strided = new Set([1, 3, 6, 13]);
  for (let index = 0; index <= 16; index++) {
    const from = x;
    const prefix = index === 0 ? 'expanded_conv' : `block_${index}`;
    if (index > 0) {
      x = b.norm(`${prefix}_expand_BN`, b.conv(`${prefix}_expand`, x, 1));
      x = b.relu(`${prefix}_expand_relu`, x);
    }
    if (strided.has(index)) x = b.pad(`${prefix}_pad`, x);
    x = b.depthwise(`${prefix}_depthwise`, x, strided.has(index) ? 2 : 1);
    x = b.relu(`${prefix}_depthwise_relu`, b.norm(`${prefix}_depthwise_BN`, x));
    x = b.norm(`${prefix}_project_BN`, b.conv(`${prefix}_project`, x, 1));
    if (!withoutShortcut.has(index)) x = b.join(`${prefix}_add`, [from, x]);
  }
  b.relu('out_relu', b.norm('Conv_1_bn', b.conv('Conv_1', x, 1)));
  return b.graph();
}

/** MobileNet v1: a convolution, then pairs of depthwise and pointwise convolutions. */
export function mobileNetV1(pairs = 4): NetworkGraph {
  const b = new GraphBuilder();
  let x = b.relu('conv1_relu', b.norm('conv1_bn', b.conv('conv1', b.input(), 3, 2)));
  for (let index = 1; index <= pairs; index++) {
    const stride = index % 2 === 0 ? 2 : 1;
    if (stride === 2) x = b.pad(`conv_pad_${index}`, x);
    x = b.relu(`conv_dw_${index}_relu`, b.norm(`conv_dw_${index}_bn`, b.depthwise(`conv_dw_${index}`, x, stride)));
    x = b.relu(`conv_pw_${index}_relu`, b.norm(`conv_pw_${index}_bn`, b.conv(`conv_pw_${index}`, x, 1)));
  }
  b.add('global_average_pooling2d', 'GlobalAveragePooling2D', [x], { outputShape: [8] });
  return b.graph();
}

/** ResNet with two bottleneck blocks a stage, the first of each with a convolution in its shortcut. */
export function resNet(stages = 2): NetworkGraph {
  const b = new GraphBuilder();
  let x = b.conv('conv1_conv', b.pad('conv1_pad', b.input()), 7, 2);
  x = b.relu('conv1_relu', b.norm('conv1_bn', x));
  x = b.pool('pool1_pool', b.pad('pool1_pad', x));
  for (let stage = 2; stage < stages + 2; stage++) {
    for (let block = 1; block <= 2; block++) {
      const name = `conv${stage}_block${block}`;
      const stride = stage > 2 && block === 1 ? 2 : 1;
      const shortcut = block === 1 ? b.norm(`${name}_0_bn`, b.conv(`${name}_0_conv`, x, 1, stride)) : x;
      let y = b.relu(`${name}_1_relu`, b.norm(`${name}_1_bn`, b.conv(`${name}_1_conv`, x, 1, stride)));
      y = b.relu(`${name}_2_relu`, b.norm(`${name}_2_bn`, b.conv(`${name}_2_conv`, y, 3)));
      y = b.norm(`${name}_3_bn`, b.conv(`${name}_3_conv`, y, 1));
      x = b.relu(`${name}_out`, b.join(`${name}_add`, [shortcut, y]));
    }
  }
  b.add('avg_pool', 'GlobalAveragePooling2D', [x], { outputShape: [8] });
  return b.graph();
}

/** A stem and inception modules, with the numbered names Keras gives: only the joins have names of their own. */
export function inception(modules = 2): NetworkGraph {
  const b = new GraphBuilder();
  let count = 0;
  const unit = (input: number, kernel: number, stride = 1): number => {
    count += 1;
    const x = b.norm(`batch_normalization_${count}`, b.conv(`conv2d_${count}`, input, kernel, stride));
    return b.relu(`activation_${count}`, x);
  };
  let x = unit(unit(unit(b.input(), 3, 2), 3), 3);
  x = b.pool('max_pooling2d_1', x);
  for (let module = 0; module < modules; module++) {
    const pooled = b.pool(`average_pooling2d_${module}`, x, 1);
    const branches = [unit(x, 1), unit(unit(x, 1), 5), unit(unit(unit(x, 1), 3), 3), unit(pooled, 1)];
    x = b.join(`mixed${module}`, branches, 'Concatenate');
  }
  return b.graph();
}

/** VGG: stages of 3x3 convolutions ended by pooling, then dense layers. */
export function vgg(): NetworkGraph {
  const b = new GraphBuilder();
  let x = b.input();
  for (const [index, convolutions] of [2, 2, 3].entries()) {
    for (let conv = 1; conv <= convolutions; conv++) x = b.conv(`block${index + 1}_conv${conv}`, x, 3);
    x = b.pool(`block${index + 1}_pool`, x);
  }
  x = b.add('flatten', 'Flatten', [x], { outputShape: [6272] });
  b.dense('predictions', b.dense('fc2', b.dense('fc1', x)));
  return b.graph();
}

/** Inverted residuals without shortcut around a squeeze-and-excite gate, as in EfficientNet. */
export function squeezeExcite(): NetworkGraph {
  const b = new GraphBuilder();
  let x = b.norm('stem_bn', b.conv('stem_conv', b.add('rescaling', 'Rescaling', [b.input()]), 3, 2));
  for (const name of ['block1a', 'block2a']) {
    if (name !== 'block1a') x = b.norm(`${name}_expand_bn`, b.conv(`${name}_expand_conv`, x, 1));
    x = b.norm(`${name}_bn`, b.depthwise(`${name}_dwconv`, x, 2));
    const squeezed = b.add(`${name}_se_squeeze`, 'GlobalAveragePooling2D', [x], { outputShape: [1, 1, 8] });
    const gate = b.conv(`${name}_se_expand`, b.conv(`${name}_se_reduce`, squeezed, 1), 1);
    x = b.join(`${name}_se_excite`, [x, gate], 'Multiply');
    x = b.norm(`${name}_project_bn`, b.conv(`${name}_project_conv`, x, 1));
  }
  return b.graph();
}

/** A dense block in which every layer sees all earlier outputs directly, between two convolutions. */
export function denseBlock(): NetworkGraph {
  const b = new GraphBuilder();
  const outputs = [b.pool('pool1', b.conv('conv1', b.input(), 7, 2))];
  for (let index = 1; index <= 3; index++) {
    const all = outputs.length > 1 ? b.join(`concat_${index}`, [...outputs], 'Concatenate') : outputs[0];
    outputs.push(b.conv(`dense_conv_${index}`, all, 3));
  }
  const x = b.join('concat_out', outputs, 'Concatenate');
  b.conv('transition', x, 1, 2);
  return b.graph();
}

/** One trunk used twice, on the input and on its mirror image, so that it can only be frozen as a whole. */
export function sharedTrunk(): NetworkGraph {
  const b = new GraphBuilder();
  const x = b.conv('stem', b.input(), 3, 2);
  const mirrored = b.add('mirror', 'Lambda', [x]);
  const left = b.conv('trunk_2', b.conv('trunk_1', x, 3), 3);
  const right = b.conv('trunk_2', b.conv('trunk_1', mirrored, 3), 3);
  const joined = b.join('distance', [left, right], 'Subtract');
  b.dense('verdict', joined);
  return b.graph();
}

/** The same layer called at the start and near the end of a linear run. */
export function sharedInRun(): NetworkGraph {
  const b = new GraphBuilder();
  let x = b.conv('first', b.input(), 3, 2);
  x = b.conv('again', x, 3);
  x = b.dense('between', x);
  x = b.conv('again', x, 3);
  b.dense('last', x);
  return b.graph();
}
