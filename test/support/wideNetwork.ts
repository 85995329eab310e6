import { join } from 'node:path';
import * as tfl from '@tensorflow/tfjs-layers';
import { saveNetwork } from '../../src/trainer/model/saveNetwork.ts';
import { seedWeights } from './networks.ts';
import { useEngine, writePlan, writeTwoClasses } from './trainingFixture.ts';
import type { PlanInput } from '../../src/shared/plan.ts';

const SIDE = 64;
const FILTERS = 32;
const CONVOLUTIONS = 3;

/**
 * A project whose network has few weights and large activations: 64 x 64 x 32 floats (512 kB) an image behind each of
 * three convolutions, so that memory is a matter of the batch.
 */
export async function writeWideProject(folder: string, changes: Partial<PlanInput> = {}, perClass = 20): Promise<void> {
  await useEngine();
  const layers = Array.from({ length: CONVOLUTIONS }, (_, index) =>
    tfl.layers.conv2d({
      ...(index === 0 ? { inputShape: [SIDE, SIDE, 3] } : {}),
      name: `conv_${index}`,
      filters: FILTERS,
      kernelSize: 3,
      padding: 'same',
      activation: 'relu',
    }),
  );
  const model = tfl.sequential({ name: 'wide', layers });
  seedWeights(model, 3);
  const preprocessing = { range: '0..1', resize: 'stretch', channels: 'rgb', width: SIDE, height: SIDE } as const;
  await saveNetwork(model, join(folder, 'model'), { labels: ['x'], preprocessing, thaw: { version: '0' } });
  model.dispose();
  await writeTwoClasses(join(folder, 'images'), perClass);
  const phases = [{ name: 'all', epochs: 2 }];
  await writePlan(folder, { phases, batchSize: 32, optimizer: { name: 'sgd', headLearningRate: 1e-3 }, ...changes });
}
