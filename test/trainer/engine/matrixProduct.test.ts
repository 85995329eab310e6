import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { HeapExhausted } from '../../../src/trainer/engine/portable/memoryGuard.ts';
import { createPortableEngine } from '../../../src/trainer/engine/portable/portableEngine.ts';
import { expectClose, expectSameOnBoth, normalTensor, valuesOn } from './backends.ts';

beforeAll(async () => {
  await createPortableEngine();
});

const run = (kernel: string, inputs: tf.NamedTensorMap, attributes: object) =>
  tf.engine().runKernel<tf.Tensor>(kernel, inputs, attributes as tf.NamedAttrMap);

/** Rows that fill tiles and blocks or do not, inner sizes that are whole vectors or not, every rest of columns. */
const sizes: [places: [number, number], inner: number, columns: number][] = [
  [[8, 4], 4, 8],
  [[8, 4], 1, 8],
  [[8, 4], 3, 20],
  [[11, 3], 5, 1],
  [[17, 2], 4, 2],
  [[7, 5], 7, 3],
  [[6, 6], 8, 4],
  [[37, 1], 9, 5],
  [[19, 2], 33, 6],
  [[13, 3], 6, 7],
  [[16, 4], 12, 9],
  [[13, 5], 10, 10],
  [[11, 6], 16, 11],
  [[67, 1], 4, 12],
  [[4, 32], 21, 13],
  [[43, 3], 17, 16],
  [[13, 10], 40, 23],
  [[97, 2], 64, 40],
  [[3, 5], 6, 9],
  [[1, 1], 12, 10],
];
const title = ([places, inner, columns]: (typeof sizes)[number]) =>
  `${String(places[0] * places[1])}x${String(inner)} by ${String(inner)}x${String(columns)}`;
const cases = sizes.map((size) => [title(size), ...size] as const);

describe.each(cases)('a pointwise convolution of %s', (_, places, inner, columns) => {
  const matrices = () => ({
    x: tf.mul(normalTensor([1, ...places, inner], 'x'), 3),
    filter: normalTensor([1, 1, inner, columns], 'filter'),
  });
  const bias = () => tf.mul(normalTensor<tf.Tensor1D>([columns], 'bias'), 2);
  const plain = { strides: [1, 1], pad: 'same', dilations: [1, 1], dataFormat: 'NHWC' };

  it.each(['linear', 'relu', 'relu6'])('adds the bias and limits as %s does', async (activation) => {
    await expectSameOnBoth(() => [
      run('FusedConv2D', { ...matrices(), bias: bias() }, { ...plain, activation }),
      run('FusedConv2D', matrices(), { ...plain, activation }),
    ]);
  });

  it('is the plain one', async () => {
    await expectSameOnBoth(() => [run('Conv2D', matrices(), plain)]);
  });

  it('has the gradient of its input', async () => {
    await expectSameOnBoth(() => {
      const { filter } = matrices();
      const dy = normalTensor([1, ...places, columns], 'dy');
      const inputShape = [1, ...places, inner];
      return [run('Conv2DBackpropInput', { dy, filter }, { ...plain, inputShape })];
    });
  });
});

describe.each(cases)('the product of %s', (_, places, inner, columns) => {
  const rows = places[0] * places[1];

  it.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])('transposed: %s, %s', async (transposeA, transposeB) => {
    await expectSameOnBoth(() => {
      const a = normalTensor<tf.Tensor2D>(transposeA ? [inner, rows] : [rows, inner], 'a');
      const b = normalTensor<tf.Tensor2D>(transposeB ? [columns, inner] : [inner, columns], 'b');
      return [tf.matMul(a, b, transposeA, transposeB)];
    });
  });
});

describe('a product of matrices', () => {
  it('keeps other products as they were', async () => {
    await expectSameOnBoth(() => {
      const a = normalTensor<tf.Tensor3D>([2, 40, 8], 'a');
      const b = normalTensor<tf.Tensor3D>([2, 8, 12], 'b');
      return [tf.matMul(a, b), tf.matMul(a, tf.slice(b, 0, 1)), tf.matMul(tf.slice(a, 0, 1), tf.slice(b, 0, 1))];
    });
  });

  it('refuses matrices that do not fit', async () => {
    await tf.setBackend('wasm');
    const a = tf.ones([40, 8]);
    const b = tf.ones([12, 9]);
    for (const transposeB of [false, true]) {
      expect(() => run('BatchMatMul', { a, b }, { transposeA: false, transposeB })).toThrow('do not fit');
    }
    tf.dispose([a, b]);
  });

  it('gives a row the same values wherever it is', async () => {
    // 69 rows: in the first block, in the second, and behind its last tile.
    const [together] = await valuesOn('wasm', () => [
      tf.matMul(tf.tile(normalTensor<tf.Tensor2D>([1, 50], 'row'), [69, 1]), normalTensor<tf.Tensor2D>([50, 11], 'b')),
    ]);
    const first = together.slice(0, 11);
    for (let row = 1; row < 69; row++) expectClose([together.slice(row * 11, (row + 1) * 11)], [first], 0);
  });

  it('lets NaN and infinities through', async () => {
    const compute = (activation: string) => () => {
      const x = tf.fill([1, 8, 4, 8], 1);
      const filter = tf.tensor([NaN, Infinity, -Infinity, 2], [1, 1, 1, 4]);
      const attributes = { strides: 1, pad: 'same', dataFormat: 'NHWC', activation };
      return [run('FusedConv2D', { x, filter: tf.tile(filter, [1, 1, 8, 1]) }, attributes)];
    };
    const [linear] = await valuesOn('wasm', compute('linear'));
    expect([...linear.slice(0, 4)]).toEqual([NaN, Infinity, -Infinity, 16]);
    const [limited] = await valuesOn('wasm', compute('relu6'));
    expect([...limited.slice(0, 4)]).toEqual([NaN, 6, 0, 6]);
  });

  it('gives back what it worked in, also where that does not fit', async () => {
    const megabyte = 2 ** 20;
    await createPortableEngine({ heapLimitBytes: 32 * megabyte });
    const live = () => ({ ...tf.memory(), buffers: tf.backend().numDataIds() });
    const wide = tf.zeros([1, 1, 4, megabyte]);
    const narrow = tf.zeros([1, 1, 4, 9]);
    const dy = tf.zeros([1, 1, 1, megabyte]);
    const x = tf.zeros([1, 8, 8, 4]);
    const before = live();
    run('Conv2D', { x, filter: narrow }, { strides: 1, pad: 'same' }).dispose();
    expect(live()).toEqual(before);
    const attributes = { strides: 1, pad: 'same', inputShape: [1, 1, 1, 4] };
    // The gradient itself is 4 values; the packed filter, another 16 MB, does not fit.
    expect(() => run('Conv2DBackpropInput', { dy, filter: wide }, attributes)).toThrow(HeapExhausted);
    expect(live()).toEqual(before);
    await createPortableEngine();
    tf.dispose([wide, narrow, dy, x]);
  });
});
