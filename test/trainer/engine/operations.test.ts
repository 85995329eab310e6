import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ConvolutionAttributes, Engine, EngineOperations } from '../../../src/trainer/engine/engine.ts';
import { referenceOperations } from '../../../src/trainer/engine/reference/referenceOperations.ts';
import { useEngine } from '../../support/trainingFixture.ts';
import { expectClose, normalTensor, normalValues, valuesOn } from './backends.ts';

let engine: Engine;

beforeAll(async () => {
  engine = await useEngine();
});

/** Expects from the operations of the engine what the reference gives on the plain JavaScript backend. */
async function expectReference(compute: (operations: EngineOperations) => tf.Tensor[], tolerance = 1e-5) {
  const expected = await valuesOn('cpu', () => compute(referenceOperations));
  expectClose(await valuesOn(engine.backend, () => compute(engine.operations)), expected, tolerance);
}

const plain: ConvolutionAttributes = {
  kind: 'conv2d',
  strides: [1, 1],
  padding: 'same',
  dilations: [1, 1],
  activation: 'relu6',
};

const examples: [string, Partial<ConvolutionAttributes>, number[], number[]][] = [
  ['pointwise', {}, [2, 6, 5, 9], [1, 1, 9, 11]],
  ['pointwise, relu', { activation: 'relu' }, [2, 6, 5, 9], [1, 1, 9, 12]],
  ['pointwise, linear', { activation: 'linear' }, [2, 6, 5, 9], [1, 1, 9, 12]],
  ['3x3 with strides', { strides: [2, 2] }, [3, 9, 8, 3], [3, 3, 3, 10]],
  ['5x3, valid', { padding: 'valid', activation: 'relu' }, [2, 9, 8, 5], [5, 3, 5, 6]],
  ['dilated', { dilations: [2, 2] }, [2, 11, 9, 6], [3, 3, 6, 5]],
  ['dilated unequally, valid', { dilations: [2, 3], padding: 'valid' }, [2, 11, 12, 4], [3, 3, 4, 5]],
  ['depthwise', { kind: 'depthwise' }, [2, 9, 8, 21], [3, 3, 21, 1]],
  ['depthwise with strides', { kind: 'depthwise', strides: [2, 2] }, [2, 9, 8, 6], [5, 5, 6, 1]],
  ['depthwise, linear', { kind: 'depthwise', activation: 'linear' }, [2, 7, 8, 5], [3, 3, 5, 1]],
  ['depthwise, two filters a channel', { kind: 'depthwise' }, [2, 7, 8, 5], [3, 3, 5, 2]],
  ['depthwise, dilated', { kind: 'depthwise', dilations: [2, 2] }, [2, 9, 8, 7], [3, 3, 7, 1]],
  ['depthwise, dilated, valid', { kind: 'depthwise', dilations: [3, 2], padding: 'valid' }, [2, 9, 8, 7], [3, 3, 7, 1]],
];

describe.each(examples)('convolution: %s', (_, changes, inputShape, filterShape) => {
  const attributes = { ...plain, ...changes };
  const outputs = attributes.kind === 'depthwise' ? filterShape[2] * filterShape[3] : filterShape[3];
  const tensors = () => [
    normalTensor(inputShape, 'x'),
    normalTensor(filterShape, 'filter'),
    tf.add(normalTensor<tf.Tensor1D>([outputs], 'bias'), 1),
  ];
  const convolve =
    (operations: EngineOperations, more: Partial<ConvolutionAttributes> = {}) =>
    (x: tf.Tensor, filter: tf.Tensor, bias: tf.Tensor): tf.Tensor =>
      operations.convolution(x as tf.Tensor4D, filter as tf.Tensor4D, bias as tf.Tensor1D, { ...attributes, ...more });
  const gradientSeed = (inputs: tf.Tensor[]) => {
    const [x, filter, bias] = inputs;
    return normalTensor(convolve(referenceOperations)(x, filter, bias).shape, 'dy');
  };

  it('has the output of the reference', async () => {
    await expectReference((operations) => {
      const [x, filter, bias] = tensors();
      return [convolve(operations)(x, filter, bias)];
    });
  });

  it('has the gradients of the reference', async () => {
    await expectReference((operations) => {
      const inputs = tensors();
      return tf.grads(convolve(operations))(inputs, gradientSeed(inputs));
    });
  });

  it('leaves out the gradient of the input', async () => {
    await expectReference((operations) => {
      const [x, ...weights] = tensors();
      const train = (filter: tf.Tensor, bias: tf.Tensor) =>
        convolve(operations, { inputGradient: false })(x, filter, bias);
      const gradients = tf.grads(train);
      return gradients(weights, gradientSeed([x, ...weights]));
    });
  });

  it('leaves out the gradients of filter and bias', async () => {
    await expectReference((operations) => {
      const [x, filter, bias] = tensors();
      const pass = (input: tf.Tensor) => convolve(operations, { filterGradient: false })(input, filter, bias);
      return [tf.grad(pass)(x, gradientSeed([x, filter, bias]))];
    });
  });
});

describe('convolution', () => {
  it('refuses strides and dilations at once', async () => {
    await tf.setBackend(engine.backend);
    const attributes: ConvolutionAttributes = { ...plain, strides: [2, 2], dilations: [2, 2] };
    expect(() =>
      tf.tidy(() =>
        engine.operations.convolution(tf.ones([1, 4, 4, 1]), tf.ones([3, 3, 1, 1]), tf.ones([1]), attributes),
      ),
    ).toThrow('at once');
  });

  it('passes no gradient to what it was told to leave out', async () => {
    const [gradient] = await valuesOn('cpu', () => {
      const [x, filter, bias] = [normalTensor([1, 4, 4, 2], 'x'), normalTensor([1, 1, 2, 3], 'f'), tf.zeros([3])];
      const pass = (w: tf.Tensor) =>
        referenceOperations.convolution(x, w as tf.Tensor4D, bias as tf.Tensor1D, { ...plain, filterGradient: false });
      return [tf.grad(pass)(filter)];
    });
    expect(Math.max(...gradient.map(Math.abs))).toBe(0);
  });
});

describe.each([[[2, 5, 3, 7]], [[40, 16]], [[3, 9, 5]]])('channels of %j', (shape) => {
  const channels = [shape[shape.length - 1]];
  const triple = (): [tf.Tensor, tf.Tensor1D, tf.Tensor1D] => [
    normalTensor(shape, 'x'),
    normalTensor<tf.Tensor1D>(channels, 'scale'),
    normalTensor<tf.Tensor1D>(channels, 'shift'),
  ];

  it('are scaled and shifted', async () => {
    await expectReference((operations) => {
      const affine = (x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor) =>
        operations.channelAffine(x, scale as tf.Tensor1D, shift as tf.Tensor1D);
      const [x, scale, shift] = triple();
      const gradients = tf.grads(affine);
      return [affine(x, scale, shift), ...gradients([x, scale, shift], normalTensor(shape, 'dy'))];
    });
  });

  it('are scaled and shifted by constants', async () => {
    await expectReference((operations) => {
      const [x, scale, shift] = triple();
      const affine = (input: tf.Tensor) =>
        operations.channelAffine(input, scale, shift, { coefficientGradient: false });
      return [tf.grad(affine)(x, normalTensor(shape, 'dy'))];
    });
  });

  it('are scaled and shifted behind a constant input', async () => {
    await expectReference((operations) => {
      const [x, scale, shift] = triple();
      const affine = (a: tf.Tensor, b: tf.Tensor) =>
        operations.channelAffine(x, a as tf.Tensor1D, b as tf.Tensor1D, { inputGradient: false });
      const gradients = tf.grads(affine);
      return gradients([scale, shift], normalTensor(shape, 'dy'));
    });
  });

  it('are normalized', async () => {
    await expectReference((operations) => {
      const [x, gamma, beta] = triple();
      const distant = tf.add(x, 5);
      const normalize = (input: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor) =>
        operations.batchNormalization(input, scale as tf.Tensor1D, shift as tf.Tensor1D, 1e-3).output;
      const { output, mean, variance } = operations.batchNormalization(distant, gamma, beta, 1e-3);
      const gradients = tf.grads(normalize);
      return [output, mean, variance, ...gradients([distant, gamma, beta], normalTensor(shape, 'dy'))];
    }, 5e-5);
  });

  it('give moments without a gradient', async () => {
    await expectReference((operations) => {
      const [x, gamma, beta] = triple();
      const loss = (input: tf.Tensor) => {
        const batch = operations.batchNormalization(input, gamma, beta, 1e-3);
        return tf.sum(tf.add(batch.mean, batch.variance));
      };
      const gradient = tf.grad(loss)(x);
      expect(Math.max(...gradient.dataSync().map(Math.abs))).toBe(0);
      return [gradient];
    });
  });
});

describe('a training step', () => {
  beforeEach(async () => {
    await tf.setBackend(engine.backend);
  });

  it('leaves as many tensors as there were', () => {
    const filter = tf.variable(normalTensor([3, 3, 3, 8], 'filter'));
    const gamma = tf.variable(tf.ones<tf.Rank.R1>([8]));
    const x = normalTensor([2, 9, 9, 3], 'x');
    const loss = () => {
      const bias = tf.zeros<tf.Rank.R1>([8]);
      const y = engine.operations.convolution(x, filter, bias, plain);
      const normalized = engine.operations.batchNormalization(y, gamma, bias, 1e-3).output;
      const scaled = engine.operations.channelAffine(normalized, gamma, bias);
      return tf.mean<tf.Scalar>(tf.square(tf.add(scaled, y)));
    };
    const step = (): number[] => {
      const { value, grads } = tf.variableGrads(loss);
      const values = Object.values(grads).flatMap((gradient) => [...gradient.dataSync()]);
      tf.dispose([value, grads]);
      return values;
    };
    const counts = () => ({ ...tf.memory(), buffers: tf.backend().numDataIds() });
    const before = counts();
    const first = step();
    expect(counts()).toEqual(before);
    expect(step()).toEqual(first);
    expect(first.some((value) => value !== 0)).toBe(true);
    tf.dispose([filter, gamma, x]);
  });

  it('leaves the gradient that the caller gave', () => {
    const dy = normalTensor([2, 3, 3, 8], 'dy');
    const ones = tf.ones<tf.Rank.R1>([8]);
    const affine = (x: tf.Tensor) => engine.operations.channelAffine(x, ones, ones);
    tf.dispose(tf.tidy(() => tf.grad(affine)(tf.zeros([2, 3, 3, 8]), dy)));
    expect(dy.dataSync()).toEqual(normalValues([2, 3, 3, 8], 'dy'));
    tf.dispose([dy, ones]);
  });

  it('holds the gradients of few layers at a time', () => {
    const layers = 12;
    const tensorBytes = 4 * 64 * 64 * 16;
    const weights = tf.variable(tf.ones<tf.Rank.R4>([1, 1, 16, 16]));
    const x = tf.ones<tf.Rank.R4>([1, 64, 64, 16]);
    const before = tf.memory().numBytes;
    let largest = 0;
    const watch = tf.customGrad((...inputs) => ({
      value: tf.clone(inputs[0] as tf.Tensor),
      gradFunc: (dy) => {
        largest = Math.max(largest, liveBytes());
        return tf.clone(dy);
      },
    }));
    const liveBytes = () => tf.memory().numBytes - before;
    const loss = () => {
      let y = watch(x) as tf.Tensor4D;
      for (let i = 0; i < layers; i++) {
        y = engine.operations.convolution(y, weights, tf.zeros([16]), plain);
        y = i === 0 ? (watch(y) as tf.Tensor4D) : y;
      }
      return tf.mean<tf.Scalar>(y);
    };
    tf.dispose(tf.variableGrads(loss));
    // When the gradient has come back to the first layer, the outputs of all the others are gone again.
    expect(largest).toBeGreaterThan(0);
    expect(largest).toBeLessThan((layers / 2) * tensorBytes);
    tf.dispose([weights, x]);
  });
});
