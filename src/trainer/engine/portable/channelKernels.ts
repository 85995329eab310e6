import type { MaskAttributes, NormalizationAttributes } from '../ownKernels.ts';
import { addressOf, type KernelContext, newTensor, newTensors, registerKernel, rowsAndChannels } from './kernelHeap.ts';

/** Registers the kernels of our own that the operations and gradients of this engine are made of. */
export function registerChannelKernels({ backend, simd }: KernelContext): void {
  const address = addressOf.bind(undefined, backend);

  registerKernel<MaskAttributes>('MaskedGradient', ({ x, dy }, { low, high }) => {
    const [rows, channels] = rowsAndChannels(x.shape.length === 0 ? [1] : x.shape);
    return newTensor(backend, x.shape, (dx) =>
      simd.maskedGradient(address(x), address(dy), dx, rows * channels, low, high),
    );
  });

  registerKernel<MaskAttributes>('MaskedGradientSums', ({ x, dy }, { low, high }) => {
    const [rows, channels] = rowsAndChannels(x.shape);
    return newTensors(backend, [x.shape, [channels]], ([dx, sums]) =>
      simd.maskedGradientSums(address(x), address(dy), dx, sums, rows, channels, low, high),
    );
  });

  registerKernel('ChannelSums', ({ x }) => {
    const [rows, channels] = rowsAndChannels(x.shape);
    return newTensor(backend, [channels], (sums) => simd.channelSums(address(x), sums, rows, channels));
  });

  registerKernel('ChannelProductSums', ({ a, b }) => {
    const [rows, channels] = rowsAndChannels(a.shape);
    return newTensor(backend, [channels], (sums) =>
      simd.channelProductSums(address(a), address(b), sums, rows, channels),
    );
  });

  registerKernel('CenteredProductSums', ({ a, b, center }) => {
    const [rows, channels] = rowsAndChannels(a.shape);
    return newTensor(backend, [channels], (sums) =>
      simd.centeredProductSums(address(a), address(b), address(center), sums, rows, channels),
    );
  });

  registerKernel('ChannelAffine', ({ x, scale, shift }) => {
    const [rows, channels] = rowsAndChannels(x.shape);
    return newTensor(backend, x.shape, (y) =>
      simd.channelAffine(address(x), address(scale), address(shift), y, rows, channels),
    );
  });

  registerKernel('ChannelScale', ({ x, scale }) => {
    const [rows, channels] = rowsAndChannels(x.shape);
    return newTensor(backend, x.shape, (y) => simd.channelScale(address(x), address(scale), y, rows, channels));
  });

  registerKernel('ChannelMoments', ({ x }) => {
    const [rows, channels] = rowsAndChannels(x.shape);
    return newTensor(backend, [2, channels], (mean) =>
      simd.channelMoments(address(x), mean, mean + channels * Float32Array.BYTES_PER_ELEMENT, rows, channels),
    );
  });

  registerNormalization({ backend, simd });
}

function registerNormalization({ backend, simd }: KernelContext): void {
  const address = addressOf.bind(undefined, backend);

  registerKernel<NormalizationAttributes>('Normalize', ({ x, moments, gamma, beta }, { epsilon }) => {
    const [rows, channels] = rowsAndChannels(x.shape);
    const mean = address(moments);
    const variance = mean + channels * Float32Array.BYTES_PER_ELEMENT;
    const [scale, shift] = [address(gamma), address(beta)];
    return newTensor(
      backend,
      x.shape,
      (y, scratch) => simd.normalize(address(x), mean, variance, scale, shift, y, scratch, rows, channels, epsilon),
      2 * channels,
    );
  });

  registerKernel<NormalizationAttributes>('NormalizationGradient', ({ x, dy, moments, gamma }, { epsilon }) => {
    const [rows, channels] = rowsAndChannels(x.shape);
    const mean = address(moments);
    const variance = mean + channels * Float32Array.BYTES_PER_ELEMENT;
    const inputs = [address(x), address(dy), mean, variance, address(gamma)] as const;
    return newTensors(
      backend,
      [x.shape, [channels], [channels]],
      ([dx, dgamma, dbeta], scratch) =>
        simd.normalizationGradient(...inputs, dx, dgamma, dbeta, scratch, rows, channels, epsilon),
      3 * channels,
    );
  });
}
