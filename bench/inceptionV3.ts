import * as tfl from '@tensorflow/tfjs-layers';

type Symbolic = tfl.SymbolicTensor;

/** Height and width of the input, as published. */
export const INCEPTION_SIZE = 299;

/** Units of the hidden layers of the classifier, share of their inputs that is dropped, and classes. */
const HIDDEN_UNITS = 256;
const DROPOUT = 0.5;
const CLASSES = 5;

type Padding = 'same' | 'valid';

const apply = (layer: tfl.layers.Layer, input: Symbolic | Symbolic[]): Symbolic => layer.apply(input) as Symbolic;

/**
 * InceptionV3 (Szegedy et al. 2015, https://arxiv.org/abs/1512.00567) as `keras.applications` builds it without its top,
 * 311 layers of which 94 are batch normalizations without scale, and the seven layers of a classifier as fine-tuned copies
 * of it have: 318 layers, [n, 299, 299, 3] to [n, 5]. Layers are called as in Keras; weights are zero.
 *
 * @param width factor of the channels of every convolution; 1 is as published, and so is the number of layers at any
 */
export function buildInceptionV3(width: number): tfl.LayersModel {
  const input = tfl.input({ shape: [INCEPTION_SIZE, INCEPTION_SIZE, 3], name: 'input_1' });
  return tfl.model({ inputs: input, outputs: new Builder(width).classifier(input), name: 'inception_v3' });
}

/** Chains layers from a tensor on and numbers them as Keras does: `conv2d`, `conv2d_1`, ... */
class Builder {
  private readonly counts = new Map<string, number>();

  constructor(private readonly width: number) {}

  classifier(input: Symbolic): Symbolic {
    let x = apply(tfl.layers.globalAveragePooling2d({ name: 'avg_pool' }), this.backbone(input));
    for (let hidden = 0; hidden < 2; hidden++) {
      x = apply(tfl.layers.dropout({ name: this.name('dropout'), rate: DROPOUT }), x);
      x = apply(this.dense(this.name('dense'), HIDDEN_UNITS, 'relu'), x);
    }
    x = apply(tfl.layers.dropout({ name: this.name('dropout'), rate: DROPOUT }), x);
    return apply(this.dense('predictions', CLASSES, 'softmax'), x);
  }

  private backbone(input: Symbolic): Symbolic {
    let x = this.unit(input, 32, [3, 3], 2, 'valid');
    x = this.unit(x, 32, [3, 3], 1, 'valid');
    x = this.maxPool(this.unit(x, 64, [3, 3]));
    x = this.unit(x, 80, [1, 1], 1, 'valid');
    x = this.maxPool(this.unit(x, 192, [3, 3], 1, 'valid'));
    for (const [index, pooled] of [32, 64, 64].entries()) x = this.moduleA(x, `mixed${index}`, pooled);
    x = this.reductionA(x, 'mixed3');
    for (const [index, inner] of [128, 160, 160, 192].entries()) x = this.moduleB(x, `mixed${4 + index}`, inner);
    x = this.reductionB(x, 'mixed8');
    for (const index of [0, 1]) x = this.moduleC(x, index);
    return x;
  }

  /** 35 x 35: a 5x5 and two stacked 3x3 convolutions. */
  private moduleA(x: Symbolic, name: string, pooled: number): Symbolic {
    const one = this.unit(x, 64, [1, 1]);
    const five = this.unit(this.unit(x, 48, [1, 1]), 64, [5, 5]);
    const three = this.unit(this.unit(this.unit(x, 64, [1, 1]), 96, [3, 3]), 96, [3, 3]);
    return this.join(name, [one, five, three, this.unit(this.averagePool(x), pooled, [1, 1])]);
  }

  private reductionA(x: Symbolic, name: string): Symbolic {
    const three = this.unit(x, 384, [3, 3], 2, 'valid');
    const double = this.unit(this.unit(this.unit(x, 64, [1, 1]), 96, [3, 3]), 96, [3, 3], 2, 'valid');
    return this.join(name, [three, double, this.maxPool(x)]);
  }

  /** 17 x 17: 7x7 convolutions as pairs of 1x7 and 7x1. */
  private moduleB(x: Symbolic, name: string, inner: number): Symbolic {
    const one = this.unit(x, 192, [1, 1]);
    const seven = this.unit(this.unit(this.unit(x, inner, [1, 1]), inner, [1, 7]), 192, [7, 1]);
    let double = this.unit(x, inner, [1, 1]);
    for (const kernel of [
      [7, 1],
      [1, 7],
      [7, 1],
    ] as const)
      double = this.unit(double, inner, kernel);
    double = this.unit(double, 192, [1, 7]);
    return this.join(name, [one, seven, double, this.unit(this.averagePool(x), 192, [1, 1])]);
  }

  private reductionB(x: Symbolic, name: string): Symbolic {
    const three = this.unit(this.unit(x, 192, [1, 1]), 320, [3, 3], 2, 'valid');
    let seven = this.unit(x, 192, [1, 1]);
    seven = this.unit(this.unit(seven, 192, [1, 7]), 192, [7, 1]);
    seven = this.unit(seven, 192, [3, 3], 2, 'valid');
    return this.join(name, [three, seven, this.maxPool(x)]);
  }

  /** 8 x 8: branches that fork once more. */
  private moduleC(x: Symbolic, index: number): Symbolic {
    const one = this.unit(x, 320, [1, 1]);
    const three = this.fork(this.unit(x, 384, [1, 1]), `mixed9_${index}`);
    const double = this.fork(this.unit(this.unit(x, 448, [1, 1]), 384, [3, 3]), this.name('concatenate'));
    return this.join(`mixed${9 + index}`, [one, three, double, this.unit(this.averagePool(x), 192, [1, 1])]);
  }

  private fork(x: Symbolic, name: string): Symbolic {
    return this.join(name, [this.unit(x, 384, [1, 3]), this.unit(x, 384, [3, 1])]);
  }

  /** Convolution, batch normalization and activation. */
  private unit(
    input: Symbolic,
    filters: number,
    kernelSize: readonly [number, number],
    strides = 1,
    padding: Padding = 'same',
  ): Symbolic {
    const convolution = tfl.layers.conv2d({
      name: this.name('conv2d'),
      filters: filters * this.width,
      kernelSize: [...kernelSize],
      strides,
      padding,
      useBias: false,
      kernelInitializer: 'zeros',
    });
    const normalization = tfl.layers.batchNormalization({ name: this.name('batch_normalization'), scale: false });
    const x = apply(normalization, apply(convolution, input));
    return apply(tfl.layers.activation({ name: this.name('activation'), activation: 'relu' }), x);
  }

  private dense(name: string, units: number, activation: 'relu' | 'softmax'): tfl.layers.Layer {
    return tfl.layers.dense({ name, units, activation, kernelInitializer: 'zeros' });
  }

  private maxPool(x: Symbolic): Symbolic {
    return apply(tfl.layers.maxPooling2d({ name: this.name('max_pooling2d'), poolSize: 3, strides: 2 }), x);
  }

  private averagePool(x: Symbolic): Symbolic {
    const name = this.name('average_pooling2d');
    return apply(tfl.layers.averagePooling2d({ name, poolSize: 3, strides: 1, padding: 'same' }), x);
  }

  private join(name: string, branches: Symbolic[]): Symbolic {
    return apply(tfl.layers.concatenate({ name, axis: 3 }), branches);
  }

  private name(kind: string): string {
    const count = this.counts.get(kind) ?? 0;
    this.counts.set(kind, count + 1);
    return count === 0 ? kind : `${kind}_${count}`;
  }
}
