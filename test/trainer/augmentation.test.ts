import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { readModelFiles } from '../../src/node/modelFiles.ts';
import { readPlanFile } from '../../src/node/planFile.ts';
import { cachedVariants, drawVariant, resolveAugmentation } from '../../src/shared/augmentation.ts';
import type { PlanInput } from '../../src/shared/plan.ts';
import { Random } from '../../src/shared/random.ts';
import type { TrainEvent } from '../../src/shared/results.ts';
import { varyImage } from '../../src/shared/varyImage.ts';
import { FoldedConstants } from '../../src/trainer/execution/runSteps.ts';
import { CachedFeatures } from '../../src/trainer/training/cachedFeatures.ts';
import { LiveFeatures, prefixOf } from '../../src/trainer/training/featureSource.ts';
import type { Engine } from '../../src/trainer/engine/engine.ts';
import { inputTensor } from '../../src/trainer/training/inputTensor.ts';
import { openSetup, type TrainingSetup } from '../../src/trainer/training/trainingSetup.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { trainHere, useEngine, writeProject } from '../support/trainingFixture.ts';

/** 16 images train and 4 validate. */
const headOnly = (augment: PlanInput['augment'], epochs = 3): Partial<PlanInput> => ({
  augment,
  phases: [{ name: 'head', epochs }],
});
const everything = { flip: true, crop: 0.2, rotate: 20, color: 0.4, erase: 0.3 };

function lossesOf(events: TrainEvent[], key: 'loss' | 'validationLoss'): number[] {
  return events.flatMap((event) => (event.event === 'epoch' ? [event[key]] : []));
}

describe('augmentation while the layers below are frozen', () => {
  it.each([
    ['light', 2],
    ['medium', 4],
    [{ flip: true }, 2],
    [{ rotate: 10, variants: 3 }, 3],
  ] as const)('%j caches %i variants of each training image', async (augment, variants) => {
    const { result, events } = await trainHere(await writeProject(await temporaryFolder(), headOnly(augment)));
    expect(result.cache).toMatchObject({ misses: 16 * variants + 4, hits: 3 * 20 });
    expect(events.find((event) => event.event === 'phase')).toMatchObject({ cachedTo: 'head_pool' });
  });

  it('caches only what validates when variants are drawn anew, and says so', async () => {
    const plan = await writeProject(await temporaryFolder(), headOnly({ ...everything, variants: 'recompute' }));
    const { result, events } = await trainHere(plan);
    expect(result.cache).toMatchObject({ misses: 4, hits: 3 * 4 });
    expect(events.find((event) => event.event === 'phase')).toMatchObject({ cachedTo: null });
    expect(events.filter((event) => event.event === 'warning')).toEqual([]);
    expect(events.filter((event) => event.event === 'cache').at(-1)).toMatchObject({ done: 20, total: 20 });
  });

  it('draws other variants in every epoch when they are not cached', async () => {
    const folder = await temporaryFolder();
    // Weights that stay as they are: only the images can change the loss.
    const still: Partial<PlanInput> = { optimizer: { name: 'sgd', headLearningRate: 1e-30 } };
    const changed = { ...headOnly({ ...everything, variants: 'recompute' }), ...still };
    const { events } = await trainHere(await writeProject(folder, changed));
    const losses = lossesOf(events, 'loss');
    expect(Math.abs(losses[0] - losses[1])).toBeGreaterThan(1e-4);
    expect(Math.abs(losses[1] - losses[2])).toBeGreaterThan(1e-4);
    const validation = lossesOf(events, 'validationLoss');
    for (const loss of validation) expect(loss).toBeCloseTo(validation[0], 6);
    const same = await trainHere(await writeProject(folder, { ...headOnly('none'), ...still }), {
      run: join(folder, 'same'),
    });
    const [first, ...others] = lossesOf(same.events, 'loss');
    for (const loss of others) expect(loss).toBeCloseTo(first, 6);
  });
});

describe('what the network sees', () => {
  async function openProject(): Promise<TrainingSetup> {
    const file = await readPlanFile(await writeProject(await temporaryFolder()));
    await useEngine();
    return openSetup(file, file.plan, await readModelFiles(file.resolve(file.plan.model)));
  }
  /** No layer at all below the cut: the values there are the images. */
  const nothing = (engine: Engine) =>
    prefixOf(engine, {
      ...{ prefix: [], boundary: [0], constants: new FoldedConstants([]) },
      sequence: { steps: [], input: 0, output: 0 },
    });
  const INDEXES = [3, 0, 7];

  async function pixelsOf({ data }: TrainingSetup): Promise<Uint8Array[]> {
    const all: Uint8Array[] = [];
    for await (const { pixels } of data.train.read(INDEXES)) all.push(pixels);
    return all;
  }

  it('is each image in a variant of its own, in the range of the network', async () => {
    const setup = await openProject();
    const { input } = setup.network;
    const engine = await useEngine();
    const live = new LiveFeatures(engine, nothing(engine), setup.data.train, input, resolveAugmentation(everything));
    const { values } = await live.batch(INDEXES, Random.seeded(5, 'test'));
    const random = Random.seeded(5, 'test');
    const variants = (await pixelsOf(setup)).map((pixels) => varyImage(pixels, input, drawVariant(random, everything)));
    const expected = inputTensor(variants, input);
    expect(values.get(0)?.dataSync()).toEqual(expected.dataSync());
    expect(values.get(0)?.shape).toEqual(expected.shape);
  });

  it('comes in batches of one size where results may depend on it, however few images a cache lacks', async () => {
    const setup = await openProject();
    const { input } = setup.network;
    const engine = { ...(await useEngine()), prefersFixedShapes: true };
    const prefix = nothing(engine);
    const shapes: (number[] | undefined)[] = [];
    const run = prefix.compiled.run.bind(prefix.compiled);
    vi.spyOn(prefix.compiled, 'run').mockImplementation((values) => {
      shapes.push(values.get(prefix.input)?.shape);
      return run(values);
    });
    const augmentation = { ...everything, variants: 3 };
    const live = new LiveFeatures(engine, prefix, setup.data.train, input, augmentation);
    const cache = new CachedFeatures(engine, setup.data.train, live, {
      boundary: [{ id: 0, shape: [input.height, input.width, input.channels] }],
      ...{ augmentation, seed: 9, disk: null },
    });
    await cache.fill(INDEXES, () => undefined, new AbortController().signal);
    expect(shapes).toEqual([[16, input.height, input.width, input.channels]]);
    expect(cache.statistics).toMatchObject({ misses: 9 });
  });

  it('is one of the cached variants of each image, and the image itself where nothing is to vary', async () => {
    const setup = await openProject();
    const { input } = setup.network;
    const engine = await useEngine();
    const augmentation = { ...everything, variants: 3 };
    const live = new LiveFeatures(engine, nothing(engine), setup.data.train, input, augmentation);
    const cache = new CachedFeatures(engine, setup.data.train, live, {
      boundary: [{ id: 0, shape: [input.height, input.width, input.channels] }],
      ...{ augmentation, seed: 9, disk: null },
    });
    await cache.fill(setup.data.train.usable, () => undefined, new AbortController().signal);
    const valuesOf = (pixels: Uint8Array): Float32Array => inputTensor([pixels], input).dataSync() as Float32Array;
    const images = await pixelsOf(setup);
    const seen = new Set<number>();
    const random = Random.seeded(6, 'test');
    for (let epoch = 0; epoch < 10; epoch++) {
      const batch = await cache.batch(INDEXES, random);
      const rows = batch.values.get(0)?.dataSync() ?? [];
      images.forEach((image, position) => {
        const row = rows.slice(position * image.length, (position + 1) * image.length);
        const known = cachedVariants(everything, 3, 9, INDEXES[position]);
        const which = known.findIndex((variant) => {
          const expected = valuesOf(varyImage(image, input, variant));
          return expected.every((value, at) => value === row[at]);
        });
        expect(which).toBeGreaterThanOrEqual(0);
        seen.add(which);
      });
    }
    expect([...seen].sort()).toEqual([0, 1, 2]);
    const plain = await cache.batch([INDEXES[0]], null);
    expect(plain.values.get(0)?.dataSync()).toEqual(valuesOf(images[0]));
  });
});
