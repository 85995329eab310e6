import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { unpackSample } from '../../src/node/sampleProject.ts';
import { nativeEngineDirectory } from '../support/provisionNative.ts';
import { runCli } from '../support/runCli.ts';
import { SHORT_EPOCHS, shortenPlan } from '../support/shortPlan.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const MEDIA = fileURLToPath(new URL('../../media/', import.meta.url));
const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url));
const MODEL = join(SHARED, 'models', 'mobilenet_v2_0.35_224_imagenet');
const FLOWERS = join(SHARED, 'datasets', 'flowers12');

/** Largest difference of losses and validation losses of all epochs between the two engines. */
async function gap(plan: string, directory: string): Promise<number> {
  const [portable, native] = [await lossesOn('portable', plan, directory), await lossesOn('native', plan, directory)];
  expect(portable).toHaveLength(2 * SHORT_EPOCHS);
  return Math.max(...portable.map((loss, index) => Math.abs(loss - native[index])));
}

async function lossesOn(engine: string, plan: string, directory: string): Promise<number[]> {
  const { code, stderr, lines } = await runCli(
    ['train', plan, '--run', `${plan}-${engine}`, '--engine', engine, '--json'],
    { cwd: join(plan, '..'), env: { THAW_ENGINE_DIR: directory } },
  );
  expect([code, stderr]).toEqual([0, '']);
  return lines
    .filter(({ event }) => event === 'epoch')
    .flatMap(({ loss, validationLoss }) => [Number(loss), Number(validationLoss)]);
}

/** Twelve trainings of a minute at most, when nothing else is to be done. */
const TIMEOUT = 400_000;

describe('three epochs on both engines', { timeout: TIMEOUT }, () => {
  it.for(['clothing-few', 'clothing-many', 'digits-few', 'digits-many'])(
    'have the same losses: %s',
    async (name, { skip }) => {
      const directory = nativeEngineDirectory(skip);
      const folder = await temporaryFolder();
      const plan = (await unpackSample(MEDIA, folder)).find((path) => path.includes(name)) ?? '';
      await shortenPlan(plan);
      expect(await gap(plan, directory)).toBeLessThan(1e-3);
    },
  );

  it.skipIf(!existsSync(MODEL)).for(['sgd', 'adam'] as const)(
    'have the same losses: the last block of MobileNetV2 on flowers, %s',
    async (name, { skip }) => {
      const directory = nativeEngineDirectory(skip);
      const plan = join(await temporaryFolder(), 'flowers.finetune.json');
      const init = ['init', '--model', MODEL, '--data', FLOWERS, '-o', plan, '--similarity', 'high'];
      expect((await runCli(init, { cwd: join(plan, '..') })).code).toBe(0);
      await shortenPlan(plan, {
        blocks: { block_16: { frozen: false, learningRate: 1e-4 } },
        phases: [{ name: 'last block', epochs: SHORT_EPOCHS, unfreeze: ['block_16'] }],
        optimizer: { name, headLearningRate: 1e-3 },
      });
      expect(await gap(plan, directory)).toBeLessThan(1e-3);
    },
  );
});
