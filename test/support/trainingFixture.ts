import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tfl from '@tensorflow/tfjs-layers';
import sharp from 'sharp';
import { proveFreeze } from '../../src/node/freezeProof.ts';
import { readModelFiles } from '../../src/node/modelFiles.ts';
import { readPlanFile } from '../../src/node/planFile.ts';
import { RunFolder } from '../../src/node/runFolder.ts';
import type { Plan, PlanInput } from '../../src/shared/plan.ts';
import { Random } from '../../src/shared/random.ts';
import type { TrainEvent, TrainResult } from '../../src/shared/results.ts';
import { createNativeEngine } from '../../src/trainer/engine/native/nativeEngine.ts';
import { createPortableEngine } from '../../src/trainer/engine/portable/portableEngine.ts';
import { trainPlan } from '../../src/trainer/training/trainPlan.ts';
import { frozenWeights, openSetup, type TrainingSetup } from '../../src/trainer/training/trainingSetup.ts';
import { saveNetwork } from '../../src/trainer/model/saveNetwork.ts';
import { seedWeights } from './networks.ts';
import { nativeEngine } from './provisionNative.ts';

type Symbolic = tfl.SymbolicTensor;
const apply = (layer: tfl.layers.Layer, input: Symbolic | Symbolic[]): Symbolic => layer.apply(input) as Symbolic;

export const IMAGE_SIZE = 12;

/** Whether the tests of this process train on the native engine; vitest.config.ts says so. */
export const isNativeSuite = process.env.THAW_TEST_ENGINE === 'native';

/**
 * A small network with everything the engine treats specially: convolution and batch normalization that fold, a depthwise
 * one, a residual branch, batch normalization without scale and one behind a ReLU that cannot fold, a dropout layer.
 */
export function smallBackbone({ scale = false, dropout = 0.25, size = IMAGE_SIZE } = {}): tfl.LayersModel {
  const input = tfl.input({ shape: [size, size, 3], name: 'image' });
  let x = apply(conv('stem', 6, 3, 2), input);
  x = apply(tfl.layers.batchNormalization({ name: 'stem_bn' }), x);
  x = apply(tfl.layers.reLU({ name: 'stem_relu', maxValue: 6 }), x);
  let branch = apply(
    tfl.layers.depthwiseConv2d({ name: 'middle_depthwise', kernelSize: 3, padding: 'same', useBias: false }),
    x,
  );
  branch = apply(tfl.layers.batchNormalization({ name: 'middle_bn', scale }), branch);
  branch = apply(tfl.layers.reLU({ name: 'middle_relu' }), branch);
  branch = apply(conv('middle_project', 6, 1, 1), branch);
  branch = apply(tfl.layers.batchNormalization({ name: 'middle_project_bn' }), branch);
  x = apply(tfl.layers.add({ name: 'middle_add' }), [x, branch]);
  x = apply(conv('top', 8, 3, 2, true), x);
  x = apply(tfl.layers.reLU({ name: 'top_relu' }), x);
  x = apply(tfl.layers.batchNormalization({ name: 'top_bn' }), x);
  x = apply(tfl.layers.dropout({ name: 'top_dropout', rate: dropout }), x);
  const model = tfl.model({ inputs: input, outputs: x, name: 'small' });
  seedWeights(model, 5);
  return model;
}

function conv(name: string, filters: number, kernelSize: number, strides: number, useBias = false): tfl.layers.Layer {
  return tfl.layers.conv2d({ name, filters, kernelSize, strides, padding: 'same', useBias });
}

/** Names of the blocks of `smallBackbone`. */
export const SMALL_BLOCKS = ['stem', 'middle', 'top'] as const;

/**
 * Images of two classes that a small network can tell apart: bright and red to the left, bright and blue to the right, with
 * noise. With `hard` how clear that is differs from image to image, and the faintest look a little like the other class.
 */
export async function writeTwoClasses(folder: string, perClass: number, seed = 1, hard = false): Promise<void> {
  const random = Random.seeded(seed, 'two classes');
  for (const side of ['left', 'right']) {
    await mkdir(join(folder, side), { recursive: true });
    for (let index = 0; index < perClass; index++) {
      const clearness = hard ? random.uniform() - 0.2 : 1;
      const pixels = new Uint8Array(IMAGE_SIZE * IMAGE_SIZE * 3);
      for (let at = 0; at < pixels.length; at++) {
        const column = Math.floor(at / 3) % IMAGE_SIZE;
        const bright = column < IMAGE_SIZE / 2 === (side === 'left');
        const tinted = at % 3 === (side === 'left' ? 0 : 2);
        const [light, tint] = [(bright ? 30 : -30) * clearness, (tinted ? 40 : -20) * clearness];
        pixels[at] = Math.round(60 + light + 20 + tint + 90 * random.uniform());
      }
      const image = sharp(pixels, { raw: { width: IMAGE_SIZE, height: IMAGE_SIZE, channels: 3 } });
      await writeFile(join(folder, side, `${String(index).padStart(3, '0')}.png`), await image.png().toBuffer());
    }
  }
}

/** A folder with the small backbone, images, and a plan; `changes` replace keys of the plan. */
export async function writeProject(folder: string, changes: Partial<PlanInput> = {}, perClass = 10): Promise<string> {
  await writeModel(join(folder, 'model'));
  await writeTwoClasses(join(folder, 'images'), perClass);
  return writePlan(folder, changes);
}

/** Writes only the small backbone, for square images of this size. */
export async function writeModel(folder: string, size = IMAGE_SIZE): Promise<void> {
  const preprocessing = { range: '0..1', resize: 'stretch', channels: 'rgb', width: size, height: size } as const;
  await useEngine();
  const model = smallBackbone({ size });
  await saveNetwork(model, folder, { labels: ['x'], preprocessing, thaw: { version: '0' } });
  model.dispose();
}

/** Writes only the plan of a project. */
export async function writePlan(folder: string, changes: Partial<PlanInput> = {}): Promise<string> {
  const plan: PlanInput = {
    version: 1,
    model: 'model',
    input: { range: '0..1', resize: 'stretch', channels: 'rgb' },
    data: { train: 'images', validation: 0.2 },
    head: { classes: ['left', 'right'] },
    blocks: {},
    phases: [{ name: 'head', epochs: 2 }],
    optimizer: { name: 'adam', headLearningRate: 0.01 },
    batchSize: 8,
    seed: 7,
    ...changes,
  };
  const path = join(folder, 'small.finetune.json');
  await writeFile(path, JSON.stringify(plan, null, 2));
  return path;
}

export type TestEngine = Awaited<ReturnType<typeof createPortableEngine>>;
let engine: Promise<TestEngine> | null = null;

/** The engine that the suite is for, one for all tests of a file. */
export function useEngine(): Promise<TestEngine> {
  engine ??= openTestEngine();
  return engine;
}

async function openTestEngine(): Promise<TestEngine> {
  if (!isNativeSuite) return createPortableEngine({});
  const installed = await nativeEngine((reason) => {
    throw new Error(reason);
  });
  return createNativeEngine(installed);
}

export interface Trained {
  result: TrainResult;
  events: TrainEvent[];
  setup: TrainingSetup;
  run: RunFolder;
}

export interface TrainOptions {
  run?: string;
  resume?: boolean;
  /** Default: no limit. */
  memoryBudgetBytes?: number;
  /** Hears every event and may abort. */
  onEvent?: (event: TrainEvent, abort: () => void) => void;
  /** Hears how to give the run another plan to take over. */
  onChange?: (listener: (plan: Plan) => void) => void;
}

/** Trains a plan in this process, with the freeze proof read back from disk. */
export async function trainHere(planPath: string, options: TrainOptions = {}): Promise<Trained> {
  const file = await readPlanFile(planPath);
  const files = await readModelFiles(file.resolve(file.plan.model));
  const setup = await openSetup(file, file.plan, files);
  const run = new RunFolder(options.run ?? join(planPath, '..', 'run'));
  if (!options.resume) {
    await run.create();
    await writeFile(run.planPath, JSON.stringify(file.plan));
  }
  const events: TrainEvent[] = [];
  const controller = new AbortController();
  const result = await trainPlan({
    engine: await useEngine(),
    engineReason: 'it was asked for',
    setup,
    run,
    resume: options.resume ?? false,
    memoryBudgetBytes: options.memoryBudgetBytes ?? Infinity,
    signal: controller.signal,
    ...(options.onChange ? { onChange: options.onChange } : {}),
    emit: (event) => {
      events.push(event);
      options.onEvent?.(event, () => controller.abort());
    },
    proveFreeze: async () => {
      const names = frozenWeights(setup);
      const proof = await proveFreeze(files.modelJsonPath, run.modelPath, names, setup.network.sourceNames);
      const changed = proof.changedTensors;
      return { frozenTensors: proof.frozenTensors, changedTensors: changed.length, changed };
    },
  });
  return { result, events, setup, run };
}

/** Lets go of a network's weights, so that many can be trained in one test. */
export function release({ setup }: Pick<Trained, 'setup'>): void {
  setup.network.model.dispose();
}
