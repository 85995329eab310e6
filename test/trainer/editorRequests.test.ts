import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { TrainerClient } from '../../src/node/trainerClient.ts';
import { drawVariant, resolveAugmentation } from '../../src/shared/augmentation.ts';
import { learningCurveResultSchema } from '../../src/shared/learningCurveResult.ts';
import type { Plan } from '../../src/shared/plan.ts';
import { Random } from '../../src/shared/random.ts';
import type { TrainEvent } from '../../src/shared/results.ts';
import { varyImage } from '../../src/shared/varyImage.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { IMAGE_SIZE, writePlan, writeProject } from '../support/trainingFixture.ts';

const client = new TrainerClient(fileURLToPath(new URL('../../dist/trainer.js', import.meta.url)));
afterAll(() => client.dispose());

it('describes the network of a plan with the head the plan asks for', async () => {
  const folder = await temporaryFolder();
  const plan = await writeProject(folder);
  const text = (await readFile(plan, 'utf8')).replace('"classes"', '"hidden": [5], "classes"');
  const { network } = await client.request('describe', { directory: folder, engine: 'auto', plan, text });
  expect(network.inputShape).toEqual([IMAGE_SIZE, IMAGE_SIZE, 3]);
  expect(network.blocks.map((block) => block.name)).toEqual(['stem', 'middle', 'top']);
  expect(network.head.map((layer) => layer.name)).toEqual(['head_pool', 'head_hidden_1', 'head_dense']);
  const layers = [...network.blocks.flatMap((block) => block.layers), ...network.head];
  expect(layers.reduce((sum, layer) => sum + layer.parameters, 0)).toBe(network.totalParameters);
  expect(layers.find((layer) => layer.name === 'stem_bn')).toMatchObject({
    parameters: 24,
    learnable: 12,
    normalization: true,
  });
  expect(layers.find((layer) => layer.name === 'stem_relu')).toMatchObject({ parameters: 0, learnable: 0 });
});

it('answers a plan with mistakes with its problems', async () => {
  const folder = await temporaryFolder();
  const plan = await writeProject(folder);
  const asked = client.request('describe', { directory: folder, engine: 'auto', plan, text: '{ "version": 1 }' });
  await expect(asked).rejects.toMatchObject({ problem: { reason: 'planInvalid' } });
});

it('shows images as the network sees them, and as augmentation changes them', async () => {
  const folder = await temporaryFolder();
  const path = await writeProject(folder, { augment: 'strong' });
  const plan = JSON.parse(await readFile(path, 'utf8')) as Plan;
  const text = JSON.stringify(plan);
  const wide = join(folder, 'wide.png');
  await writeFile(
    wide,
    await sharp({ create: { width: 60, height: 20, channels: 3, background: '#804020' } })
      .png()
      .toBuffer(),
  );
  const broken = join(folder, 'broken.png');
  await writeFile(broken, 'no image');
  const left = join(folder, 'images', 'left', '000.png');
  const ask = async (augmentation: number): Promise<Buffer[]> => {
    const params = {
      directory: folder,
      engine: 'auto' as const,
      text,
      inputShape: [IMAGE_SIZE, IMAGE_SIZE, 3],
      files: [wide, broken, left],
      augmentation,
    };
    const { images } = await client.request('thumbnails', params);
    expect(images[1].png).toBeNull();
    expect(images[1].problem).toBeTruthy();
    return Promise.all(
      [images[0], images[2]].map((image) =>
        sharp(Buffer.from(image.png ?? '', 'base64'))
          .raw()
          .toBuffer(),
      ),
    );
  };
  const [flat, plain] = await ask(0);
  expect(flat.length).toBe(IMAGE_SIZE * IMAGE_SIZE * 3);
  expect([...flat.subarray(0, 3)]).toEqual([0x80, 0x40, 0x20]);
  expect(plain).toEqual(await sharp(left).raw().toBuffer());
  const asTraining = (number: number): Uint8Array =>
    varyImage(
      new Uint8Array(plain),
      { height: IMAGE_SIZE, width: IMAGE_SIZE },
      drawVariant(Random.seeded(plan.seed, `thumbnail/${number}/2`), resolveAugmentation('strong')),
    );
  const [, first] = await ask(1);
  const [, second] = await ask(2);
  expect(first.equals(asTraining(1))).toBe(true);
  expect(second.equals(asTraining(2))).toBe(true);
  expect(first.equals(plain)).toBe(false);
  expect(second.equals(first)).toBe(false);
});

describe('the learning curve of a plan', () => {
  async function ask(plan: string, options: { signal?: AbortSignal; stopAt?: TrainEvent['event'] } = {}) {
    const events: TrainEvent[] = [];
    const controller = new AbortController();
    const params = { directory: dirname(plan), engine: 'auto', plan, text: await readFile(plan, 'utf8') } as const;
    const result = await client.request('learningCurve', params, {
      signal: options.signal ?? controller.signal,
      onEvent: (event) => {
        events.push(event);
        if (event.event === options.stopAt) controller.abort();
      },
    });
    return { result, events };
  }

  it('is measured once and kept, whatever else of the plan changes, until an image does', async () => {
    const folder = await temporaryFolder();
    const plan = await writeProject(folder, {}, 20);
    const { result, events } = await ask(plan);
    expect(learningCurveResultSchema.parse(result)).toEqual(result);
    expect(result).toMatchObject({ images: 40, allImages: 40, folds: 5 });
    expect(result.points.map(({ images }) => images)).toEqual([8, 16, 24, 32]);
    expect(result.forecast.images).toBe(64);
    expect(result.points[3].accuracy).toBeGreaterThan(0.8);
    expect(result.perClass.map(({ class: name, n }) => [name, n])).toEqual([
      ['left', 20],
      ['right', 20],
    ]);
    expect(result.backTest).toMatchObject({ images: 32, accuracy: result.points[3].accuracy });
    expect(new Set(events.map(({ event }) => event))).toEqual(new Set(['images', 'measure', 'probe']));
    expect(await ask(await writePlan(folder, { batchSize: 4, seed: 8 }))).toEqual({ result, events: [] });
    await utimes(join(folder, 'images', 'left', '000.png'), new Date(0), new Date(0));
    const again = await ask(plan);
    expect(again.events).not.toEqual([]);
    expect(again.result).toEqual(result);
  });

  it('says which class has too few images, without those that cannot be read', async () => {
    const folder = await temporaryFolder();
    const plan = await writeProject(folder, {}, 5);
    await writeFile(join(folder, 'images', 'left', '000.png'), 'no image');
    const problem = { reason: 'dataTooFewForCurve', className: 'left', images: 4, needed: 5 };
    await expect(ask(plan)).rejects.toMatchObject({ problem });
  });

  it.each(['images', 'measure', 'probe'] as const)('ends when it is cancelled at "%s"', async (stopAt) => {
    const plan = await writeProject(await temporaryFolder(), {}, 30);
    await expect(ask(plan, { stopAt })).rejects.toMatchObject({ problem: { reason: 'cancelled' } });
  });
});

describe('the similarity of a plan', () => {
  async function ask(plan: string, signal?: AbortSignal) {
    const events: unknown[] = [];
    const params = { directory: dirname(plan), engine: 'auto', plan, text: await readFile(plan, 'utf8') } as const;
    const result = await client.request('similarity', params, { signal, onEvent: (event) => events.push(event) });
    return { result, events };
  }

  it('is measured once and kept, until an image changes', async () => {
    const folder = await temporaryFolder();
    const plan = await writeProject(folder);
    const first = await ask(plan);
    expect(first.result.measurement).toMatchObject({ images: 20, bands: null });
    expect(first.events.at(-1)).toEqual({ event: 'measure', done: 20, total: 20 });
    expect(await ask(plan)).toEqual({ result: first.result, events: [] });
    const image = join(folder, 'images', 'left', (await readdir(join(folder, 'images', 'left')))[0]);
    await utimes(image, new Date(0), new Date(0));
    expect((await ask(plan)).events).not.toEqual([]);
  });

  it('is that of the whole network wherever the head sits', async () => {
    const plan = await writeProject(await temporaryFolder());
    const { result } = await ask(plan);
    expect(result.measurement.depths?.points.at(-1)?.block).toBe('top');
    const text = await readFile(plan, 'utf8');
    const cut = JSON.parse(text) as Plan;
    cut.head.after = 'middle_relu';
    delete cut.blocks.top;
    await writeFile(plan, JSON.stringify(cut));
    expect(await ask(plan)).toEqual({ result, events: [] });
  });

  it('is measured again where a table gives the classes other names', async () => {
    const folder = await temporaryFolder();
    const plan = await writeProject(folder, { data: { train: 'images.csv', validation: 0.2 } });
    const list = async (left: string): Promise<void> => {
      const rows = ['left', 'right'].map(async (side) =>
        (await readdir(join(folder, 'images', side))).map(
          (name) => `images/${side}/${name},${side === 'left' ? left : side}`,
        ),
      );
      await writeFile(join(folder, 'images.csv'), ['path,label', ...(await Promise.all(rows)).flat()].join('\n'));
    };
    await list('left');
    await ask(plan);
    expect((await ask(plan)).events).toEqual([]);
    await list('aside');
    expect((await ask(plan)).events).not.toEqual([]);
  });

  it('passes over images that cannot be read', async () => {
    const folder = await temporaryFolder();
    const plan = await writeProject(folder);
    await writeFile(join(folder, 'images', 'left', '000.png'), 'no image');
    expect((await ask(plan)).result.measurement.images).toBe(19);
  });

  it('ends when it is cancelled', async () => {
    const plan = await writeProject(await temporaryFolder());
    await expect(ask(plan, AbortSignal.abort())).rejects.toMatchObject({ problem: { reason: 'cancelled' } });
  });
});
