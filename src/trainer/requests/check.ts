import { dirname, resolve } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { readPlanFile } from '../../node/planFile.ts';
import { resolveAugmentation } from '../../shared/augmentation.ts';
import { ThawError } from '../../shared/errors.ts';
import { predictCost } from '../../shared/predictCost.ts';
import { Random } from '../../shared/random.ts';
import type { CheckResult } from '../../shared/results.ts';
import { workspaceOf } from '../../node/runFolder.ts';
import type { Engine } from '../engine/engine.ts';
import { openEngine } from '../engines.ts';
import { LiveFeatures, prefixOf } from '../training/featureSource.ts';
import { compilePhase } from '../training/phaseProgram.ts';
import { BatchTrainer } from '../training/trainBatch.ts';
import { openSetup, trainableParameters, type TrainingSetup } from '../training/trainingSetup.ts';
import { copyWeights, restoreWeights } from '../training/networkWeights.ts';
import { findModel, type RequestContext } from './requestContext.ts';

/** Images the cost is measured on; the first, slow step is not counted. */
const MEASURED_IMAGES = 4;

/** `thaw check`: validates a plan with its network and data, and measures what an epoch will cost. */
export async function check(params: { plan: string }, context: RequestContext): Promise<CheckResult> {
  const invalid: CheckResult = {
    valid: false,
    problems: [],
    trainableParameters: 0,
    totalParameters: 0,
    cost: null,
    guard: [],
  };
  try {
    const engine = await openEngine(context.engine, context);
    const file = await readPlanFile(resolve(context.directory, params.plan));
    const { files } = await findModel(file.plan.model, dirname(file.path), context, workspaceOf(file.path));
    const setup = await openSetup(file, file.plan, files, { scan: false });
    return {
      valid: true,
      problems: [],
      trainableParameters: trainableParameters(setup),
      totalParameters: setup.network.totalParameters,
      cost: await measureCost(engine, setup),
      guard: [],
    };
  } catch (error) {
    if (error instanceof ThawError && error.problem.reason === 'planInvalid') {
      return { ...invalid, problems: error.problem.problems };
    }
    throw error;
  }
}

/** Times the last phase, which is the one with the most to train, on real images of the plan; weights are put back. */
async function measureCost(engine: Engine, setup: TrainingSetup): Promise<CheckResult['cost']> {
  const { plan, network, data } = setup;
  const phase = plan.phases.length - 1;
  const program = compilePhase(plan, phase, network);
  const weights = copyWeights(
    network.model,
    network.model.layers.map((layer) => layer.name),
  );
  const augmentation = resolveAugmentation(plan.augment);
  const prefix = prefixOf(engine, program);
  const live = new LiveFeatures(engine, prefix, data.train, network.input, augmentation);
  const trainer = new BatchTrainer(engine, program, MEASURED_IMAGES, () => undefined);
  const random = Random.seeded(plan.seed, 'cost');
  try {
    const seconds = { features: 0, step: 0 };
    for (let repeat = 0; repeat < 2; repeat++) {
      const started = performance.now();
      const batch = await live.batch(data.train.usable.slice(0, MEASURED_IMAGES), random);
      const computed = performance.now();
      if (batch.indexes.length === 0) return null;
      const labels = batch.indexes.map((index) => data.train.examples[index].classIndex);
      await trainer.train(
        batch.values,
        { labels, classWeights: setup.classWeights, labelSmoothing: 0, rateFactor: 1 },
        random,
      );
      seconds.features = (computed - started) / 1000 / labels.length;
      seconds.step = (performance.now() - computed) / 1000 / labels.length;
      tf.dispose([...batch.values.values()]);
    }
    const images = { train: data.train.examples.length, validation: data.validation.examples.length };
    const variants = program.prefix.length > 0 ? augmentation.variants : null;
    return { ...predictCost(seconds, images, variants), memoryBytes: process.resourceUsage().maxRSS * 1024 };
  } finally {
    restoreWeights(network.model, weights);
    trainer.dispose();
    prefix.compiled.dispose();
    program.dispose();
  }
}
