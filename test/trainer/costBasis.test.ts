import * as tf from '@tensorflow/tfjs-core';
import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readModelFiles } from '../../src/node/modelFiles.ts';
import { measurementFolder } from '../../src/node/storedMeasurement.ts';
import { readPlanFile } from '../../src/node/planFile.ts';
import type { PlanInput } from '../../src/shared/plan.ts';
import { predictCost } from '../../src/shared/predictCost.ts';
import { openCostBasis } from '../../src/trainer/training/costBasis.ts';
import { copyWeights } from '../../src/trainer/training/networkWeights.ts';
import { openSetup, type TrainingSetup } from '../../src/trainer/training/trainingSetup.ts';
import { SMALL_BLOCKS, type TestEngine, useEngine, writePlan, writeProject } from '../support/trainingFixture.ts';

let folder: string;
let engine: TestEngine;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'thaw-test-')));
  engine = await useEngine();
  await writeProject(folder);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const all = Object.fromEntries(SMALL_BLOCKS.map((name) => [name, { frozen: false }]));

async function open(changes: Partial<PlanInput>): Promise<TrainingSetup> {
  const file = await readPlanFile(await writePlan(folder, changes));
  return openSetup(file, file.plan, await readModelFiles(file.resolve(file.plan.model)), { scan: false });
}

async function measure(setup: TrainingSetup, signal?: AbortSignal) {
  const measured = await openCostBasis(setup, { engine, memoryMB: undefined, signal });
  if (!measured) throw new Error('Nothing was measured.');
  return measured;
}

it('measures every step once, keeps it, leaves the weights and gives all tensors back', async () => {
  const setup = await open({});
  const layers = setup.network.model.layers.map(({ name }) => name);
  const before = copyWeights(setup.network.model, layers);
  const tensors = tf.memory().numTensors;
  const first = await measure(setup);
  expect(tf.memory().numTensors).toBe(tensors);
  expect(copyWeights(setup.network.model, layers)).toEqual(before);
  expect(first.images).toEqual({ train: 16, validation: 4 });
  expect(first.basis.openSeconds).toBeGreaterThan(0);
  for (const { forward, carry, train } of Object.values(first.basis.times.steps)) {
    for (const [each, per] of [forward, carry, train]) expect(each + per).toBeGreaterThan(0);
  }
  // Whatever is frozen can be predicted from it, in this plan and in any other.
  for (const blocks of [{}, { middle: { frozen: false } }, all]) {
    const cost = predictCost({ ...setup.plan, blocks }, first.basis, first.images);
    expect(cost?.secondsPerEpoch).toBeGreaterThan(0);
    expect(cost?.memoryBytes).toBeGreaterThan(50e6);
  }
  const files = await readdir(measurementFolder());
  expect(files).toHaveLength(2);
  expect((await measure(setup)).basis.times).toEqual(first.basis.times);
  setup.network.model.dispose();
});

it('measures adaptive batch normalization where a plan asks for it', async () => {
  const setup = await open({ blocks: all });
  const adapting = { ...setup.plan, batchNorm: 'adapt' as const };
  const { basis, images } = await measure(setup);
  expect(predictCost(adapting, basis, images)).toBeNull();
  const measured = await measure({ ...setup, plan: adapting });
  expect(measured.basis.times.adaptive).toBe(true);
  expect(predictCost(adapting, measured.basis, images)).not.toBeNull();
  expect(predictCost(setup.plan, measured.basis, images)).not.toBeNull();
  setup.network.model.dispose();
});

it('gives up when it is cancelled, and keeps nothing', async () => {
  const setup = await open({ head: { classes: ['left', 'right'], hidden: [3] } });
  const tensors = tf.memory().numTensors;
  const controller = new AbortController();
  const measuring = measure(setup, controller.signal);
  controller.abort();
  await expect(measuring).rejects.toThrow();
  expect(tf.memory().numTensors).toBe(tensors);
  await expect(readdir(measurementFolder())).rejects.toMatchObject({ code: 'ENOENT' });
  setup.network.model.dispose();
});
