import type * as tf from '@tensorflow/tfjs-core';

export type EngineName = 'portable' | 'native';

/** What computes: a TensorFlow.js backend, completed with the operations that training needs to be quick and correct. */
export interface Engine {
  readonly name: EngineName;
  /** Its name in TensorFlow.js. */
  readonly backend: string;
  /** What computes, for logs and run records, such as `tfjs 4.22.0, WebAssembly, SIMD, 1 thread`. */
  readonly version: string;
  /** How many threads compute, where Thaw decides that. */
  readonly threads?: number;
  readonly operations: EngineOperations;
  /** Values of a tensor; asynchronous because WebGPU cannot read synchronously. */
  read(tensor: tf.Tensor): Promise<Float32Array>;
  /**
   * Gives `compute` a form that is quicker when it runs again and again. It must depend on nothing that changes but its
   * inputs and `variables`, and must not draw random numbers. Inputs of other shapes may take as long as a few runs.
   */
  compile(variables: readonly tf.Variable[], compute: (inputs: readonly tf.Tensor[]) => tf.Tensor[]): CompiledFunction;
  /** Whether inputs of another shape are costly for a compiled function. */
  readonly prefersFixedShapes: boolean;
  /** `heapBytes`: what the engine has taken from the system, 0 where it cannot tell; `tensors`: live tensors. */
  memory(): { heapBytes: number; tensors: number };
}

/** A function of tensors in a form of the engine's. The same inputs give the same results, bit for bit. */
export interface CompiledFunction {
  /** The receiver disposes of the results. */
  run(inputs: readonly tf.Tensor[]): tf.Tensor[];
  dispose(): void;
}

export type FusedActivation = 'linear' | 'relu' | 'relu6';

export interface ConvolutionAttributes {
  kind: 'conv2d' | 'depthwise';
  /** Height, width. Strides and dilations cannot both be above 1. */
  strides: [number, number];
  padding: 'same' | 'valid';
  dilations: [number, number];
  activation: FusedActivation;
  /** False where nothing before this layer trains: the input then gets no gradient at all. Default true. */
  inputGradient?: boolean;
  /** False where filter and bias are constants: neither gets a gradient, and the input is not kept. Default true. */
  filterGradient?: boolean;
}

export interface ChannelAffineAttributes {
  /** False where nothing before this layer trains: the input then gets no gradient at all. Default true. */
  inputGradient?: boolean;
  /** False where scale and shift are constants: neither gets a gradient, and the input is not kept. Default true. */
  coefficientGradient?: boolean;
}

/** A normalized batch, and the moments that normalized it. */
export interface NormalizedBatch {
  output: tf.Tensor;
  /** [channels]; no gradient flows through it. */
  mean: tf.Tensor1D;
  /** [channels], biased (divided by the number of values); no gradient flows through it. */
  variance: tf.Tensor1D;
}

/**
 * The operations that an engine has in a form of its own. They work with and without a tape of gradients. In the
 * backward pass they may release what the tape kept for them as soon as they have used it, so a gradient of a gradient
 * cannot be taken through them.
 */
export interface EngineOperations {
  /**
   * Convolution + bias + activation as one operation: of the tensors in between only input, filter and output stay on
   * the tape. `x` is [batch, height, width, inputs]; `filter` [height, width, inputs, outputs], or [height, width,
   * inputs, multiplier] where depthwise; `bias` [outputs]. No gradient passes where the output is at a limit of the
   * activation (0, or 6 for relu6).
   */
  convolution(x: tf.Tensor4D, filter: tf.Tensor4D, bias: tf.Tensor1D, attributes: ConvolutionAttributes): tf.Tensor4D;
  /** x * scale + shift for each channel of the last axis; `x` of any rank from 2, `scale` and `shift` [channels]. */
  channelAffine(x: tf.Tensor, scale: tf.Tensor1D, shift: tf.Tensor1D, attributes?: ChannelAffineAttributes): tf.Tensor;
  /**
   * Batch normalization with the moments of the batch itself over all axes but the last (Ioffe and Szegedy 2015,
   * https://arxiv.org/abs/1502.03167), differentiable in `x`, `gamma` and `beta`.
   */
  batchNormalization(x: tf.Tensor, gamma: tf.Tensor1D, beta: tf.Tensor1D, epsilon: number): NormalizedBatch;
}
