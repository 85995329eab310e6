import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../src/trainer/engine/engine.ts';
import { createOptimizer } from '../../../src/trainer/optimizers/createOptimizer.ts';
import type { NamedVariable, OptimizerState } from '../../../src/trainer/optimizers/slotOptimizer.ts';
import { useEngine } from '../../support/trainingFixture.ts';

type Settings = Parameters<typeof createOptimizer>[0];

const START = [0.5, -1.25, 2, 0.1];
const GRADIENTS = [
  [0.1, -0.2, 0.3, 4],
  [-0.5, 0.05, 0, 1],
  [2, 2, -2, 1e-3],
];

/** Weights after each step, as Keras 3.15.1 on TensorFlow 2.21 (`optimizer.apply`) or PyTorch 2.13 (`step`) gives them. */
const CASES: { name: string; settings: Settings; rate: number; expected: number[][] }[] = [
  {
    name: 'keras.optimizers.Adam(0.01)',
    settings: { name: 'adam' },
    rate: 0.01,
    expected: [
      [0.4900003969669342, -1.2400002479553223, 1.9900001287460327, 0.09000007808208466],
      [0.4959838390350342, -1.235305666923523, 1.983299732208252, 0.08169419318437576],
      [0.49093565344810486, -1.241288423538208, 1.9888497591018677, 0.07527212798595428],
    ],
  },
  {
    name: 'keras.optimizers.AdamW(0.01, weight_decay=0.1)',
    settings: { name: 'adamw', weightDecay: 0.1 },
    rate: 0.01,
    expected: [
      [0.48950040340423584, -1.2387502193450928, 1.9880001544952393, 0.08990007638931274],
      [0.4949943423271179, -1.2328169345855713, 1.9793117046356201, 0.08150429278612137],
      [0.48945116996765137, -1.2375668287277222, 1.9828823804855347, 0.07500072568655014],
    ],
  },
  {
    name: 'keras.optimizers.RMSprop(0.01)',
    settings: { name: 'rmsprop' },
    rate: 0.01,
    expected: [
      [0.46837881207466125, -1.2183775901794434, 1.9683773517608643, 0.06837722659111023],
      [0.499447226524353, -1.226435661315918, 1.9683773517608643, 0.060318998992443085],
      [0.46870744228363037, -1.2579224109649658, 1.999715805053711, 0.06031050533056259],
    ],
  },
  {
    name: 'keras.optimizers.RMSprop(0.01, momentum=0.8)',
    settings: { name: 'rmsprop', momentum: 0.8 },
    rate: 0.01,
    expected: [
      [0.46837881207466125, -1.2183775901794434, 1.9683773517608643, 0.06837722659111023],
      [0.47415027022361755, -1.2011377811431885, 1.9430792331695557, 0.035020776093006134],
      [0.44802767038345337, -1.2188326120376587, 1.954179286956787, 0.008327120915055275],
    ],
  },
  {
    name: 'torch.optim.SGD(lr=0.1, momentum=0.9)',
    settings: { name: 'sgd' },
    rate: 0.1,
    expected: [
      [0.49000000953674316, -1.2300000190734863, 1.9700000286102295, -0.30000001192092896],
      [0.531000018119812, -1.2170000076293945, 1.943000078201294, -0.7599999904632568],
      [0.367900013923645, -1.4053000211715698, 2.1187000274658203, -1.1740999221801758],
    ],
  },
];

function kernel(isKernel = true, values = START): NamedVariable {
  return { name: 'layer/kernel', variable: tf.tidy(() => tf.variable(tf.tensor2d(values, [2, 2]))), isKernel };
}

function stepWith(
  optimizer: ReturnType<typeof createOptimizer>,
  { variable }: NamedVariable,
  values: number[],
): number[] {
  const gradient = tf.tensor2d(values, [2, 2]);
  optimizer.apply(engine, new Map([[variable.name, gradient]]), 1);
  gradient.dispose();
  return [...variable.dataSync()];
}

let engine: Engine;
let before = 0;
beforeAll(async () => {
  engine = await useEngine();
  before = tf.memory().numTensors;
});
afterAll(() => expect(tf.memory().numTensors).toBe(before));

describe.each(CASES)('$name', ({ settings, rate, expected }) => {
  it('is followed step by step', () => {
    const weight = kernel();
    const optimizer = createOptimizer(settings, [weight], rate);
    GRADIENTS.forEach((values, step) => {
      stepWith(optimizer, weight, values).forEach((value, index) =>
        expect(value).toBeCloseTo(expected[step][index], 5),
      );
    });
    optimizer.dispose();
    weight.variable.dispose();
  });

  it('goes on from what was saved as if nothing had happened, bit for bit', () => {
    const whole = kernel();
    const optimizer = createOptimizer(settings, [whole], rate);
    let saved: OptimizerState = new Map();
    let values: number[] = [];
    GRADIENTS.forEach((gradient, step) => {
      if (step === 2) [saved, values] = [optimizer.save(), [...whole.variable.dataSync()]];
      stepWith(optimizer, whole, gradient);
    });
    const parts = kernel(true, values);
    const resumed = createOptimizer(settings, [parts], rate);
    resumed.restore(saved);
    expect(stepWith(resumed, parts, GRADIENTS[2])).toEqual([...whole.variable.dataSync()]);
    for (const each of [optimizer, resumed]) each.dispose();
    for (const { variable } of [whole, parts]) variable.dispose();
  });
});

describe('the state of an optimizer', () => {
  it('is of its weights, however they are grouped by rate', () => {
    const [one, two] = ['one', 'two'].map((name) => ({ ...kernel(), name }));
    const together = createOptimizer({ name: 'adam' }, [one, two], 0.01);
    stepWith(together, one, GRADIENTS[0]);
    stepWith(together, one, GRADIENTS[1]);
    stepWith(together, two, GRADIENTS[0]);
    const apart = createOptimizer({ name: 'adam' }, [two], 0.01);
    apart.restore(together.save());
    const before = [...two.variable.dataSync()];
    const alone = kernel();
    const expected = createOptimizer({ name: 'adam' }, [alone], 0.01);
    stepWith(expected, alone, GRADIENTS[0]);
    expect([...alone.variable.dataSync()]).toEqual(before);
    expect(stepWith(apart, two, GRADIENTS[1])).toEqual(stepWith(expected, alone, GRADIENTS[1]));
    for (const each of [together, apart, expected]) each.dispose();
    for (const { variable } of [one, two, alone]) variable.dispose();
  });
});

describe('weight decay', () => {
  it('leaves biases and batch normalization alone', () => {
    const after = (settings: Settings, isKernel: boolean): number[] => {
      const weight = kernel(isKernel);
      const optimizer = createOptimizer(settings, [weight], 0.01);
      const values = stepWith(optimizer, weight, GRADIENTS[0]);
      optimizer.dispose();
      weight.variable.dispose();
      return values;
    };
    expect(after({ name: 'adamw', weightDecay: 0.1 }, false)).toEqual(after({ name: 'adam' }, true));
    expect(after({ name: 'adamw', weightDecay: 0.1 }, true)).not.toEqual(after({ name: 'adam' }, true));
    expect(after({ name: 'adamw', weightDecay: 0 }, true)).toEqual(after({ name: 'adam' }, true));
  });
});
