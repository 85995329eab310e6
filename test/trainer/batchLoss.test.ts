import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { weightedLoss } from '../../src/trainer/training/gradientFunction.ts';
import { shareInLoss } from '../../src/trainer/training/trainBatch.ts';
import { useEngine } from '../support/trainingFixture.ts';

const LOGITS = [1, 2, 0.5, 0.2, -0.3, 3];

it('is the weighted cross-entropy with smoothed labels, with its gradient', async () => {
  await useEngine();
  const targets = { labels: [0, 2], classWeights: [2, 1, 0.5], labelSmoothing: 0.1, rateFactor: 1 };
  const { value, grad } = tf.tidy(() => {
    const share = shareInLoss(targets, 3, 2);
    const compute = tf.valueAndGrad((logits: tf.Tensor) => weightedLoss(logits as tf.Tensor2D, share));
    const result = compute(tf.tensor2d(LOGITS, [2, 3]));
    return { value: result.value.dataSync()[0], grad: [...result.grad.dataSync()] };
  });
  // Keras 3.15.1: CategoricalCrossentropy(from_logits=True, label_smoothing=0.1) with sample_weight [2, 0.5].
  expect(value).toBeCloseTo(1.5218381881713867, 5);
  const expected = [
    ...[-0.7021094560623169, 0.5951983332633972, 0.10691104829311371],
    ...[0.005516179837286472, 6.682053208351135e-5, -0.005582988262176514],
  ];
  grad.forEach((each, index) => expect(each).toBeCloseTo(expected[index], 6));
});
