import * as tf from '@tensorflow/tfjs-core';
import { Random } from '../src/shared/random.ts';
import type { Engine } from '../src/trainer/engine/engine.ts';
import type { ValueId } from '../src/trainer/execution/steps.ts';
import { type Prefix, prefixOf } from '../src/trainer/training/featureSource.ts';
import { compilePhase, type PhaseProgram } from '../src/trainer/training/phaseProgram.ts';
import { BatchTrainer, type BatchTargets } from '../src/trainer/training/trainBatch.ts';
import { benchmarkNetwork, readBenchmarkTensors, stagePlan } from './benchmarkNetwork.ts';
import { profileKernels } from './kernelProfile.ts';
import { BATCH, CLASSES, IMAGE_SIZE, type Stage, type StageResult } from './measurement.ts';

/** Batches of an epoch of the head: one alone would be over before the clock is exact. */
const HEAD_BATCHES = 20;

/** One measured piece of work. */
interface Work {
  /** Images that one `run` computes. */
  images: number;
  run(): Promise<void>;
  /** What both sides must agree on, from the first runs. */
  check: number[];
  microBatch(): number;
}

/** Values at the cut for the batch, in the form the cache keeps them. */
type CutValues = { id: ValueId; shape: number[]; values: Float32Array }[];

/** Measures one stage on an engine: the first run and one more warm up, then `repetitions` are timed. */
export async function measureStage(
  engine: Engine,
  stage: Stage,
  folder: string,
  repetitions: number,
  profile: boolean,
): Promise<StageResult> {
  const { weights, images } = await readBenchmarkTensors(folder);
  const network = benchmarkNetwork(weights);
  const program = compilePhase(stagePlan(stage, network), 0, network);
  const work =
    stage === 'forward' ? forwardWork(engine, program, images) : await trainingWork(engine, program, images, stage);
  for (let run = 0; run < 2; run++) await work.run();
  const milliseconds: number[] = [];
  for (let run = 0; run < repetitions; run++) {
    const started = performance.now();
    await work.run();
    milliseconds.push((performance.now() - started) / work.images);
  }
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  return {
    stage,
    milliseconds,
    peakBytes,
    check: work.check,
    version: engine.version,
    microBatch: work.microBatch(),
    ...(profile ? { profile: await profileKernels(Math.max(1, Math.ceil(repetitions / 2)), () => work.run()) } : {}),
  };
}

/** The frozen part of a plan that trains the head only: images to pooled features, batch normalization folded. */
function forwardWork(engine: Engine, program: PhaseProgram, images: Float32Array): Work {
  const check: number[] = [];
  const prefix = prefixOf(engine, program);
  const run = async (): Promise<void> => {
    const [{ values }] = await valuesAtCut(engine, program, prefix, images);
    if (check.length === 0) check.push(...moments(values));
  };
  return { images: BATCH, run, check, microBatch: () => BATCH };
}

function moments(values: Float32Array): [mean: number, rootMeanSquare: number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [mean, Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)];
}

async function valuesAtCut(
  engine: Engine,
  program: PhaseProgram,
  prefix: Prefix,
  images: Float32Array,
): Promise<CutValues> {
  const input = tf.tensor4d(images, [BATCH, IMAGE_SIZE, IMAGE_SIZE, 3]);
  const given = new Map<ValueId, tf.Tensor>([[program.sequence.input, input]]);
  const tensors = prefix.compiled.run(given);
  input.dispose();
  const values: CutValues = [];
  for (const [position, tensor] of tensors.entries()) {
    values.push({ id: program.boundary[position], shape: tensor.shape, values: await engine.read(tensor) });
    tensor.dispose();
  }
  return values;
}

/** Training steps on values that were cached at the cut before, or on the images where nothing is frozen. */
async function trainingWork(engine: Engine, program: PhaseProgram, images: Float32Array, stage: Stage): Promise<Work> {
  const cached = await valuesAtCut(engine, program, prefixOf(engine, program), images);
  const trainer = new BatchTrainer(engine, program, BATCH, () => undefined);
  const targets: BatchTargets = {
    labels: Array.from({ length: BATCH }, (_, index) => index % CLASSES),
    classWeights: new Array<number>(CLASSES).fill(1),
    labelSmoothing: 0,

    rateFactor: 1,
  };
  const random = Random.seeded(1, 'benchmark/steps');
  const check: number[] = [];
  const step = async (): Promise<void> => {
    const features = new Map(cached.map(({ id, shape, values }) => [id, tf.tensor(values, shape)]));
    const { lossSum, count } = await trainer.train(features, targets, random);
    tf.dispose([...features.values()]);
    if (check.length < 2) check.push(lossSum / count);
  };
  const steps = stage === 'head' ? HEAD_BATCHES : 1;
  const run = async (): Promise<void> => {
    for (let batch = 0; batch < steps; batch++) await step();
  };
  return { images: steps * BATCH, run, check, microBatch: () => trainer.microBatch };
}
