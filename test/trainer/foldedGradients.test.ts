import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { planSchema, type Plan } from '../../src/shared/plan.ts';
import { Random } from '../../src/shared/random.ts';
import { FoldedConstants, inferSteps } from '../../src/trainer/execution/runSteps.ts';
import { layerWeights } from '../../src/trainer/execution/layerWeights.ts';
import { compileSteps } from '../../src/trainer/execution/steps.ts';
import { attachHead } from '../../src/trainer/model/head.ts';
import { describeGraph } from '../../src/trainer/model/networkGraph.ts';
import { compilePhase, learnedWeights } from '../../src/trainer/training/phaseProgram.ts';
import { type PreparedNetwork, summarizeBlocks } from '../../src/trainer/training/prepareNetwork.ts';
import { BatchTrainer } from '../../src/trainer/training/trainBatch.ts';
import { IMAGE_SIZE, smallBackbone, useEngine } from '../support/trainingFixture.ts';
import '@tensorflow/tfjs-backend-cpu';

const BATCH = 6;
const LABELS = [0, 1, 1, 0, 1, 0];

function planFor(unfrozen: string[]): Plan {
  return planSchema.parse({
    version: 1,
    model: 'model',
    input: { range: '0..1', resize: 'stretch', channels: 'rgb' },
    data: { train: 'images', validation: 0.2 },
    head: { classes: ['left', 'right'] },
    blocks: Object.fromEntries(unfrozen.map((name) => [name, { frozen: false, learningRate: 1e-3 }])),
    phases: [{ name: 'all', epochs: 1 }],
    optimizer: { name: 'adam', headLearningRate: 1e-3 },
    batchSize: BATCH,
    seed: 3,
  });
}

function network(plan: Plan): PreparedNetwork {
  const { model, headLayers } = attachHead(smallBackbone({ scale: true, dropout: 0 }), plan.head, plan.seed);
  const head = new Set(headLayers);
  const graph = describeGraph(model);
  return {
    model,
    input: { height: IMAGE_SIZE, width: IMAGE_SIZE, channels: 3, range: '0..1' },
    decode: { height: IMAGE_SIZE, width: IMAGE_SIZE, channels: 'rgb', resize: 'stretch' },
    blocks: summarizeBlocks({ nodes: graph.nodes.filter((node) => !head.has(node.layer)) }),
    headLayers,
    logitsLayer: headLayers[headLayers.length - 1],
    classes: plan.head.classes,
    sourceNames: new Map(),
    totalParameters: 0,
  };
}

function pixels(): Float32Array {
  const random = Random.seeded(11, 'pixels');
  return Float32Array.from({ length: BATCH * IMAGE_SIZE * IMAGE_SIZE * 3 }, () => random.uniform());
}

const images = (): tf.Tensor4D => tf.tensor4d(pixels(), [BATCH, IMAGE_SIZE, IMAGE_SIZE, 3]);

/** Mean cross-entropy and its gradients by TensorFlow.js alone, on its own cpu backend. */
async function plainGradients(model: tfl.LayersModel): Promise<Map<string, Float32Array>> {
  await tf.setBackend('cpu');
  const weights = model.layers.flatMap(layerWeights).filter((weight) => weight.learned);
  const { value, grads } = tf.variableGrads(
    () => {
      const probabilities = model.apply(images(), { training: false }) as tf.Tensor2D;
      const chosen = tf.mul(tf.log(probabilities), tf.oneHot(tf.tensor1d(LABELS, 'int32'), 2));
      return tf.neg(tf.div(tf.sum(chosen), BATCH));
    },
    weights.map((weight) => weight.variable),
  );
  const found = new Map(
    weights.map(({ name, variable }) => [name, grads[variable.name].dataSync<'float32'>().slice()] as const),
  );
  tf.dispose([value, ...Object.values(grads)]);
  return found;
}

/** The same gradients as training computes them: folded, cut, in parts of `microBatch` images. */
async function foldedGradients(
  plan: Plan,
  prepared: PreparedNetwork,
  microBatch: number,
): Promise<Map<string, Float32Array>> {
  const engine = await useEngine();
  await tf.setBackend((await useEngine()).backend);
  const program = compilePhase(plan, 0, prepared);
  const found = new Map<string, Float32Array>();
  const names = new Map(
    prepared.model.layers
      .flatMap((layer) => learnedWeights(layer, plan))
      .map(({ name, variable }) => [variable.name, name]),
  );
  program.optimizers = [
    {
      weights: [],
      apply: (_, gradients) =>
        gradients.forEach((gradient, name) =>
          found.set(names.get(name) ?? name, gradient.dataSync<'float32'>().slice()),
        ),
      save: () => new Map(),
      restore: () => undefined,
      dispose: () => undefined,
    },
  ];
  const input = images();
  const values = inferSteps(
    engine,
    program.prefix,
    new Map([[program.sequence.input, input]]),
    program.boundary,
    program.constants,
  );
  const trainer = new BatchTrainer(engine, program, microBatch, () => undefined);
  const targets = { labels: LABELS, classWeights: [1, 1], labelSmoothing: 0, rateFactor: 1 };
  await trainer.train(
    new Map(program.boundary.map((id, index) => [id, values[index]])),
    targets,
    Random.seeded(1, 'test'),
  );
  tf.dispose([input, ...values]);
  program.dispose();
  return found;
}

function greatestError(expected: Float32Array, actual: Float32Array): number {
  const scale = Math.max(...expected.map(Math.abs), 1e-12);
  return Math.max(...expected.map((value, index) => Math.abs(value - actual[index]))) / scale;
}

describe('gradients of the folded network', () => {
  // The gradients of TensorFlow.js come first: opening the engine replaces some of them for the whole process.
  it.each([
    { unfrozen: ['stem', 'middle', 'top'], microBatch: BATCH },
    { unfrozen: ['stem', 'middle', 'top'], microBatch: 4 },
    { unfrozen: ['middle'], microBatch: BATCH },
    { unfrozen: ['stem', 'top'], microBatch: BATCH },
    { unfrozen: [], microBatch: 1 },
  ])('agree with those of TensorFlow.js on cpu: $unfrozen, $microBatch at a time', async ({ unfrozen, microBatch }) => {
    await tf.setBackend('cpu');
    const plan = planFor(unfrozen);
    const prepared = network(plan);
    const expected = await plainGradients(prepared.model);
    const actual = await foldedGradients(plan, prepared, microBatch);
    const trains = prepared.blocks.filter(({ name }) => unfrozen.includes(name)).flatMap(({ layers }) => layers);
    const layersExpected = new Set([...trains, ...prepared.headLayers]);
    const namesExpected = [...expected.keys()].filter((name) => layersExpected.has(name.split('/')[0]));
    expect([...actual.keys()].sort()).toEqual(namesExpected.sort());
    for (const [name, gradient] of actual) {
      expect([name, greatestError(expected.get(name) ?? new Float32Array(), gradient) < 1e-3]).toEqual([name, true]);
    }
    prepared.model.dispose();
  });
});

describe('the folded network', () => {
  it('answers as the plain one', async () => {
    const engine = await useEngine();
    await tf.setBackend((await useEngine()).backend);
    const prepared = network(planFor([]));
    const sequence = compileSteps(prepared.model);
    expect(sequence.steps.length).toBeLessThan(prepared.model.layers.length - 4);
    const constants = new FoldedConstants(sequence.steps);
    const input = images();
    const [folded] = inferSteps(
      engine,
      sequence.steps,
      new Map([[sequence.input, input]]),
      [sequence.output],
      constants,
    );
    const plain = (prepared.model.predict(input) as tf.Tensor).dataSync<'float32'>();
    expect(greatestError(plain, folded.dataSync<'float32'>())).toBeLessThan(1e-5);
    constants.dispose();
  });
});
