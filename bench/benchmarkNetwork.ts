import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeTensors, encodeTensors, type TensorMap } from '../src/node/safetensors.ts';
import { type Plan, planSchema } from '../src/shared/plan.ts';
import { Random } from '../src/shared/random.ts';
import { attachHead } from '../src/trainer/model/head.ts';
import { describeGraph } from '../src/trainer/model/networkGraph.ts';
import { copyWeights, restoreWeights } from '../src/trainer/training/networkWeights.ts';
import { type PreparedNetwork, summarizeBlocks } from '../src/trainer/training/prepareNetwork.ts';
import { BATCH, CLASSES, IMAGES, IMAGE_SIZE, LEARNING_RATE, type Stage, TENSOR_FILE } from './measurement.ts';
import { buildMobileNetV2 } from './mobileNetV2.ts';
import { seedNetwork } from './seedNetwork.ts';

const SEED = 42;

/** Layers that train where not all do: inverted residual blocks and what follows them. */
const TRAINS: Partial<Record<Stage, RegExp>> = {
  lastBlock: /^(block_16_|Conv_1|out_relu)/,
  lastThird: /^(block_1[1-6]_|Conv_1|out_relu)/,
  lastTwoThirds: /^(block_([6-9]|1[0-6])_|Conv_1|out_relu)/,
};

const CLASS_NAMES = Array.from({ length: CLASSES }, (_, index) => `class ${index}`);

const HEAD = { classes: CLASS_NAMES, hidden: [], dropout: 0, l2: 0 };

/** MobileNetV2 with a new head, as training prepares it; the weights are those of `tensors` if given. */
export function benchmarkNetwork(tensors?: TensorMap): PreparedNetwork {
  const backbone = buildMobileNetV2(IMAGE_SIZE);
  const { model, headLayers } = attachHead(backbone, HEAD, SEED);
  if (tensors) restoreWeights(model, tensors);
  else seedNetwork(model, SEED);
  const { nodes } = describeGraph(model);
  return {
    model,
    input: { height: IMAGE_SIZE, width: IMAGE_SIZE, channels: 3, range: '-1..1' },
    decode: { height: IMAGE_SIZE, width: IMAGE_SIZE, channels: 'rgb', resize: 'crop' },
    blocks: summarizeBlocks({ nodes: nodes.filter((node) => !headLayers.includes(node.layer)) }),
    headLayers,
    logitsLayer: headLayers[headLayers.length - 1],
    classes: CLASS_NAMES,
    sourceNames: new Map(),
    totalParameters: nodes.reduce((sum, node) => sum + node.parameters, 0),
  };
}

/** A plan of one phase that trains what the stage asks for, everything at one rate. */
export function stagePlan(stage: Stage, network: PreparedNetwork): Plan {
  const trains = (layers: readonly string[]): boolean =>
    stage === 'all' || layers.some((layer) => TRAINS[stage]?.test(layer) ?? false);
  const unfrozen = network.blocks.filter((block) => trains(block.layers)).map((block) => block.name);
  return planSchema.parse({
    version: 1,
    model: 'benchmark',
    input: { range: '-1..1', resize: 'crop', channels: 'rgb' },
    data: { train: 'seeded', validation: 0.2 },
    head: HEAD,
    blocks: Object.fromEntries(unfrozen.map((name) => [name, { frozen: false, learningRate: LEARNING_RATE }])),
    phases: [{ name: stage, epochs: 1, unfreeze: unfrozen }],
    optimizer: { name: 'adam', headLearningRate: LEARNING_RATE },
    batchSize: BATCH,
    batchNorm: 'affine',
    classWeights: 'none',
    seed: SEED,
  });
}

/** Writes the weights and one batch of images [BATCH, height, width, 3] in -1..1 for both sides to load. */
export async function writeBenchmarkTensors(folder: string): Promise<void> {
  const { model } = benchmarkNetwork();
  const names = model.layers.map((layer) => layer.name);
  const tensors = copyWeights(model, names);
  const random = Random.seeded(SEED, 'benchmark/images');
  const shape = [BATCH, IMAGE_SIZE, IMAGE_SIZE, 3];
  const length = shape.reduce((product, size) => product * size, 1);
  tensors.set(IMAGES, { shape, values: Float32Array.from({ length }, () => 2 * random.uniform() - 1) });
  await writeFile(join(folder, TENSOR_FILE), encodeTensors(tensors));
}

/** Reads what `writeBenchmarkTensors` wrote. */
export async function readBenchmarkTensors(folder: string): Promise<{ weights: TensorMap; images: Float32Array }> {
  const weights = decodeTensors(await readFile(join(folder, TENSOR_FILE)));
  const images = weights.get(IMAGES);
  if (!images) throw new Error(`${TENSOR_FILE} holds no images`);
  weights.delete(IMAGES);
  return { weights, images: images.values };
}
