import * as tf from '@tensorflow/tfjs-core';
import type { ConvolutionAttributes, EngineOperations } from './engine.ts';
import { passingOutputs } from './activationRange.ts';
import { runKernel } from './ownKernels.ts';

/** The operations of every engine: each one kernel forward, and a backward pass that keeps little. */
export const foldedOperations: EngineOperations = {
  convolution(x, filter, bias, attributes) {
    const { inputGradient = true, filterGradient = true } = attributes;
    const forward = () => fusedConvolution(x, filter, bias, attributes);
    if (!inputGradient && !filterGradient) return forward();
    const inputs = [...(inputGradient ? [x] : []), ...(filterGradient ? [filter, bias] : [])];
    return differentiable(inputs, (save) => {
      const output = forward();
      const kept: tf.Tensor[] = [output];
      if (inputGradient) kept.push(filter);
      if (filterGradient) kept.push(x);
      if (attributes.activation === 'linear') kept.shift();
      save(kept);
      return {
        value: output,
        gradFunc: (dy, saved) => convolutionGradients(dy, saved, x.shape, filter.shape, attributes),
      };
    });
  },

  channelAffine(x, scale, shift, { inputGradient = true, coefficientGradient = true } = {}) {
    const forward = () => runKernel('ChannelAffine', { x, scale, shift });
    if (!inputGradient && !coefficientGradient) return forward();
    const inputs = [...(inputGradient ? [x] : []), ...(coefficientGradient ? [scale, shift] : [])];
    return differentiable(inputs, (save) => {
      save([...(inputGradient ? [scale] : []), ...(coefficientGradient ? [x] : [])]);
      const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const gradients: tf.Tensor[] = [];
        if (inputGradient) gradients.push(runKernel('ChannelScale', { x: dy, scale: saved[0] }));
        if (coefficientGradient) {
          gradients.push(runKernel('ChannelProductSums', { a: dy, b: saved[saved.length - 1] }));
          gradients.push(runKernel('ChannelSums', { x: dy }));
        }
        release(dy, saved);
        return gradients;
      };
      return { value: forward(), gradFunc };
    });
  },

  batchNormalization(x, gamma, beta, epsilon) {
    const moments = batchMoments(x);
    const output = differentiable([x, gamma, beta], (save) => {
      save([x, gamma, moments]);
      const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const inputs = { x: saved[0], dy, gamma: saved[1], moments: saved[2] };
        const gradients = runKernel<tf.Tensor[]>('NormalizationGradient', inputs, { epsilon });
        release(dy, saved);
        return gradients;
      };
      return { value: runKernel('Normalize', { x, moments, gamma, beta }, { epsilon }), gradFunc };
    });
    const [mean, variance] = tf.unstack(moments) as tf.Tensor1D[];
    return { output, mean, variance };
  },
};

interface Differentiable<T extends tf.Tensor> {
  value: T;
  gradFunc: (dy: T, saved: tf.Tensor[]) => tf.Tensor[];
}

/** `tf.customGrad`, in which the arguments need not be passed on to the forward function. */
function differentiable<T extends tf.Tensor>(
  inputs: tf.Tensor[],
  forward: (save: tf.GradSaveFunc) => Differentiable<T>,
): T {
  return tf.customGrad<T>((...given) => forward(given[given.length - 1] as tf.GradSaveFunc))(...inputs);
}

/**
 * Gives back what one backward step has used: what was saved for it, and the gradient it was given. The tape would keep
 * both until the whole backward pass is over, which doubles the memory of training. A gradient that was made outside
 * the running backward pass belongs to somebody else.
 */
function release(dy: tf.Tensor, saved: tf.Tensor[]): void {
  const { activeScope } = tf.engine().state;
  if (!dy.kept && dy.scopeId === activeScope?.id) dy.dispose();
  tf.dispose(saved);
}

/** Mean and biased variance, [2, channels]; the tape gets no gradient through them. */
function batchMoments(x: tf.Tensor): tf.Tensor {
  return differentiable([x], () => ({
    value: runKernel('ChannelMoments', { x }),
    gradFunc: () => [tf.zeros(x.shape)],
  }));
}

/** The kernel itself: `tf.fused.conv2d` takes the activation out again wherever gradients are recorded. */
function fusedConvolution(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  bias: tf.Tensor1D,
  attributes: ConvolutionAttributes,
): tf.Tensor4D {
  const { strides, dilations, padding, activation, kind } = attributes;
  if (Math.max(...strides) > 1 && Math.max(...dilations) > 1) {
    throw new Error(
      `A convolution cannot have strides (${strides.join(', ')}) and dilations (${dilations.join(', ')}) at once.`,
    );
  }
  const kernel = kind === 'depthwise' ? 'FusedDepthwiseConv2D' : 'FusedConv2D';
  const inputs = { x, filter, bias };
  return runKernel<tf.Tensor4D>(kernel, inputs, { strides, pad: padding, dilations, activation, dataFormat: 'NHWC' });
}

/** The gradients of input (if asked for), filter and bias (if asked for), in this order. */
function convolutionGradients(
  dy: tf.Tensor4D,
  saved: tf.Tensor[],
  inputShape: number[],
  filterShape: number[],
  attributes: ConvolutionAttributes,
): tf.Tensor[] {
  const { inputGradient = true, filterGradient = true, kind, strides, dilations, padding } = attributes;
  const common = { strides, dilations, pad: padding };
  const prefix = kind === 'depthwise' ? 'DepthwiseConv2dNativeBackprop' : 'Conv2DBackprop';
  const rest = [...saved];
  const output = attributes.activation === 'linear' ? undefined : rest.shift();
  const { gradient, sums } = beforeActivation(dy, output, attributes);
  // Nothing looks at these again: gone before the gradients of the convolution need their memory.
  if (output) release(dy, [output]);

  const gradients: tf.Tensor[] = [];
  if (inputGradient) {
    const filter = rest.shift() as tf.Tensor;
    gradients.push(runKernel(`${prefix}Input`, { dy: gradient, filter }, { ...common, inputShape }));
  }
  if (filterGradient) {
    const x = rest.shift() as tf.Tensor;
    gradients.push(runKernel(`${prefix}Filter`, { x, dy: gradient }, { ...common, filterShape }));
    gradients.push(sums ?? runKernel('ChannelSums', { x: gradient }));
  }
  if (gradient !== dy) gradient.dispose();
  release(dy, saved);
  return gradients;
}

/** The gradient in front of the activation, and its sum over all places where the activation's pass gives it. */
function beforeActivation(
  dy: tf.Tensor4D,
  output: tf.Tensor | undefined,
  { activation, filterGradient = true }: ConvolutionAttributes,
): { gradient: tf.Tensor; sums?: tf.Tensor } {
  const range = passingOutputs(activation);
  if (!range || !output) return { gradient: dy };
  if (!filterGradient) return { gradient: runKernel('MaskedGradient', { x: output, dy }, range) };
  const [gradient, sums] = runKernel<tf.Tensor[]>('MaskedGradientSums', { x: output, dy }, range);
  return { gradient, sums };
}
