import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ConvolutionAttributes, Engine, EngineOperations } from '../../../src/trainer/engine/engine.ts';
import { createPortableEngine } from '../../../src/trainer/engine/portable/portableEngine.ts';
import { referenceOperations } from '../../../src/trainer/engine/reference/referenceOperations.ts';
import { expectClose, normalTensor, valuesOn } from './backends.ts';

let engine: Engine;

beforeAll(async () => {
  engine = await createPortableEngine();
});

/** Expects from the portable operations on WebAssembly what the reference gives on the plain JavaScript backend. */
async function expectReference(compute: (operations: EngineOperations) => tf.Tensor[], tolerance = 1e-5) {
  const expected = await valuesOn('cpu', () => compute(referenceOperations));
  expectClose(await valuesOn('wasm', () => compute(engine.operations)), expected, tolerance);
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
      return tf.grads(convolve(operations) as (...inputs: tf.Tensor[]) => tf.Tensor)(inputs, gradientSeed(inputs));
    });
  });

  it('leaves out the gradient of the input', async () => {
    await expectReference((operations) => {
      const [x, ...weights] = tensors();
      const train = (filter: tf.Tensor, bias: tf.Tensor) =>
        convolve(operations, { inputGradient: false })(x, filter, bias);
      const gradients = tf.grads(train as (...inputs: tf.Tensor[]) => tf.Tensor);
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
    await tf.setBackend('wasm');
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
  const triple = () => [normalTensor(shape, 'x'), normalTensor(channels, 'scale'), normalTensor(channels, 'shift')];

  it('are scaled and shifted', async () => {
    await expectReference((operations) => {
      const affine = (x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor) =>
        operations.channelAffine(x, scale as tf.Tensor1D, shift as tf.Tensor1D);
      const [x, scale, shift] = triple();
      const gradients = tf.grads(affine as (...inputs: tf.Tensor[]) => tf.Tensor);
      return [affine(x, scale, shift), ...gradients([x, scale, shift], normalTensor(shape, 'dy'))];
    });
  });

  it('are scaled and shifted by constants', async () => {
    await expectReference((operations) => {
      const [x, scale, shift] = triple();
      const affine = (input: tf.Tensor) =>
        operations.channelAffine(input, scale as tf.Tensor1D, shift as tf.Tensor1D, { coefficientGradient: false });
      return [tf.grad(affine)(x, normalTensor(shape, 'dy'))];
    });
  });

  it('are scaled and shifted behind a constant input', async () => {
    await expectReference((operations) => {
      const [x, scale, shift] = triple();
      const affine = (a: tf.Tensor, b: tf.Tensor) =>
        operations.channelAffine(x, a as tf.Tensor1D, b as tf.Tensor1D, { inputGradient: false });
      const gradients = tf.grads(affine as (...inputs: tf.Tensor[]) => tf.Tensor);
      return gradients([scale, shift], normalTensor(shape, 'dy'));
    });
  });

  it('are normalized', async () => {
    await expectReference((operations) => {
      const [x, gamma, beta] = triple();
      const distant = tf.add(x, 5);
      const normalize = (input: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor) =>
        operations.batchNormalization(input, scale as tf.Tensor1D, shift as tf.Tensor1D, 1e-3).output;
      const { output, mean, variance } = operations.batchNormalization(
        distant,
        gamma as tf.Tensor as tf.Tensor1D,
        beta as tf.Tensor as tf.Tensor1D,
        1e-3,
      );
      const gradients = tf.grads(normalize as (...inputs: tf.Tensor[]) => tf.Tensor);
      return [output, mean, variance, ...gradients([distant, gamma, beta], normalTensor(shape, 'dy'))];
    }, 5e-5);
  });

  it('give moments without a gradient', async () => {
    await expectReference((operations) => {
      const [x, gamma, beta] = triple() as tf.Tensor[];
      const loss = (input: tf.Tensor) => {
        const batch = operations.batchNormalization(input, gamma as tf.Tensor1D, beta as tf.Tensor1D, 1e-3);
        return tf.sum(tf.add(batch.mean, batch.variance));
      };
      const gradient = tf.grad(loss)(x);
      expect(Math.max(...gradient.dataSync().map(Math.abs))).toBe(0);
      return [gradient];
    });
  });
});

describe('a training step', () => {
  it('leaves as many tensors as there were, and those of the caller intact', async () => {
    await tf.setBackend('wasm');
    const filter = tf.variable(normalTensor([3, 3, 3, 8], 'filter'));
    const gamma = tf.variable(tf.ones([8]));
    const x = normalTensor([2, 9, 9, 3], 'x');
    const dy = normalTensor([2, 9, 9, 8], 'dy');
    const step = (): number[] =>
      tf.tidy(() => {
        const bias = tf.zeros([8]) as tf.Tensor1D;
        const { grads } = tf.variableGrads(() => {
          const y = engine.operations.convolution(x, filter as tf.Tensor as tf.Tensor4D, bias, plain);
          const normalized = engine.operations.batchNormalization(
            y,
            gamma as tf.Tensor as tf.Tensor1D,
            bias,
            1e-3,
          ).output;
          const scaled = engine.operations.channelAffine(normalized, gamma as tf.Tensor as tf.Tensor1D, bias);
          return tf.sum(tf.mul(tf.add(scaled, y), dy)) as tf.Scalar;
        });
        return Object.values(grads).flatMap((gradient) => [...gradient.dataSync()]) as unknown as tf.Tensor[];
      }) as unknown as number[];
    const first = step();
    const { numTensors, numDataBuffers } = tf.memory();
    const second = step();
    expect(second).toEqual(first);
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
    const seed = tf.tidy(() => {
      const affine = (input: tf.Tensor) => engine.operations.channelAffine(input, tf.ones([8]), tf.zeros([8]));
      tf.grad(affine)(tf.zerosLike(dy), dy);
      return dy.dataSync().length;
    });
    expect(seed).toBe(2 * 9 * 9 * 8);
    tf.dispose([filter, gamma, x, dy]);
  });
});
