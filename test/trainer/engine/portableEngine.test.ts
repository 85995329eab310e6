import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createPortableEngine } from '../../../src/trainer/engine/portable/portableEngine.ts';
import { loadSimdKernels } from '../../../src/trainer/engine/portable/simdKernels.ts';
import { SIMD_KERNELS_BASE64 } from '../../../src/trainer/engine/portable/simdKernelsBinary.ts';

describe('the portable engine', () => {
  it('says what it is', async () => {
    const engine = await createPortableEngine();
    expect(engine.name).toBe('portable');
    expect(engine.version).toBe(`tfjs ${tf.version_core}, WebAssembly, SIMD, 1 thread`);
    expect(tf.getBackend()).toBe('wasm');
  });

  it('reads values of any type as floats', async () => {
    const engine = await createPortableEngine();
    const integers = tf.tensor1d([1, 2, 3], 'int32');
    expect(await engine.read(integers)).toEqual(Float32Array.of(1, 2, 3));
    integers.dispose();
  });

  it('counts tensors and the bytes of its heap', async () => {
    const engine = await createPortableEngine();
    const before = engine.memory();
    const tensor = tf.zeros([2 ** 24]);
    expect(engine.memory().tensors).toBe(before.tensors + 1);
    expect(engine.memory().heapBytes).toBeGreaterThanOrEqual(64 * 2 ** 20);
    tensor.dispose();
  });
});

describe('the compiled kernels', () => {
  const functions = [
    'matMulScratch',
    'matMulTransposedAScratch',
    'matMul',
    'convolutionFilterScratch',
    'matMulTransposedA',
    'convolutionFilterGradient',
    'columnsToImage',
    'reverseFilter',
    'depthwiseConvolution',
    'depthwiseFilterGradient',
    'depthwiseInputGradient',
    'repeatChannels',
    'sumChannelGroups',
    'maskedGradient',
    'maskedGradientSums',
    'channelSums',
    'channelProductSums',
    'centeredProductSums',
    'channelAffine',
    'channelScale',
    'channelMoments',
    'normalize',
    'normalizationGradient',
    'maxPoolGradient',
  ];

  it('are a WebAssembly module', () => {
    expect([...Buffer.from(SIMD_KERNELS_BASE64, 'base64').subarray(0, 4)]).toEqual([0, 0x61, 0x73, 0x6d]);
  });

  it('are all there', async () => {
    await createPortableEngine();
    const backend = tf.backend() as unknown as { wasm: { asm: { memory: { buffer: ArrayBuffer } } } };
    const { kernels } = await loadSimdKernels(backend.wasm.asm.memory);
    expect(Object.keys(kernels).sort()).toEqual([...functions].sort());
  });
});
