import * as tf from '@tensorflow/tfjs-core';
import type { Engine } from '../engine.ts';

/** Images, height and width, channels, and channels within the block: large enough to keep eight threads busy. */
const [IMAGES, SIZE, CHANNELS, EXPANDED] = [8, 28, 32, 192];
const REPETITIONS = 3;

/**
 * Milliseconds of a training step of one block of MobileNetV2 (Sandler et al. 2018, https://arxiv.org/abs/1801.04381):
 * 1x1, depthwise 3x3 and 1x1 convolution, forward and backward. The least of some repetitions, after one to warm up.
 */
export async function measureBlock(engine: Engine): Promise<number> {
  const filter = (...shape: [number, number, number, number]) =>
    tf.variable(tf.randomNormal<tf.Rank.R4>(shape, 0, 0.1, 'float32', 1));
  const filters = {
    expand: filter(1, 1, CHANNELS, EXPANDED),
    depthwise: filter(3, 3, EXPANDED, 1),
    project: filter(1, 1, EXPANDED, CHANNELS),
  };
  const x = tf.randomNormal<tf.Rank.R4>([IMAGES, SIZE, SIZE, CHANNELS], 0, 1, 'float32', 2);
  const times: number[] = [];
  for (let repetition = 0; repetition <= REPETITIONS; repetition++) {
    const started = performance.now();
    await stepOf(engine, x, filters);
    times.push(performance.now() - started);
  }
  return Math.min(...times.slice(1));
}

type Filters = Record<'expand' | 'depthwise' | 'project', tf.Variable<tf.Rank.R4>>;

async function stepOf(engine: Engine, x: tf.Tensor4D, { expand, depthwise, project }: Filters): Promise<void> {
  const { operations } = engine;
  const common = {
    strides: [1, 1] as [number, number],
    dilations: [1, 1] as [number, number],
    padding: 'same' as const,
  };
  const loss = (): tf.Scalar => {
    const wide = operations.convolution(x, expand, tf.zeros([EXPANDED]), {
      ...common,
      kind: 'conv2d',
      activation: 'relu6',
    });
    const seen = operations.convolution(wide, depthwise, tf.zeros([EXPANDED]), {
      ...{ ...common, kind: 'depthwise' as const, activation: 'relu6' as const },
    });
    return tf.mean(
      operations.convolution(seen, project, tf.zeros([CHANNELS]), { ...common, kind: 'conv2d', activation: 'linear' }),
    );
  };
  const { value, grads } = tf.variableGrads(loss);
  await value.data();
  tf.dispose([value, grads]);
}
