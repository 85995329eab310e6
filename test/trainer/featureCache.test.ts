import { writeFileSync } from 'node:fs';
import { copyFile, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { cacheStatus } from '../../src/node/featureCache/cacheFolder.ts';
import type { PlanInput } from '../../src/shared/plan.ts';
import * as decoding from '../../src/trainer/data/decodeImage.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { trainHere, type Trained, type TrainOptions, writePlan, writeProject } from '../support/trainingFixture.ts';

vi.mock('../../src/trainer/data/decodeImage.ts', { spy: true });

const decoded = vi.mocked(decoding.decodeImageBytes);

const read = vi.mocked(decoding.readImageFile);

beforeEach(() => {
  decoded.mockClear();
  read.mockClear();
});

/** Two phases with cuts at different places, and four variants of each image. */
const PLAN: Partial<PlanInput> = {
  augment: 'medium',
  blocks: { top: { frozen: false, learningRate: 1e-3 } },
  phases: [
    { name: 'head', epochs: 2, unfreeze: [] },
    { name: 'top', epochs: 2, unfreeze: ['top'] },
  ],
};
/** 16 images train in 4 variants, 4 validate; in both phases. */
const FEATURES = 2 * (16 * 4 + 4);

async function train(folder: string, name: string, options: TrainOptions = {}): Promise<Trained> {
  return trainHere(join(folder, 'small.finetune.json'), { run: join(folder, name), ...options });
}

/** Everything that a run has learned and measured, but for times. */
async function outcome({ run, events }: Trained): Promise<unknown> {
  const names = (await readdir(run.modelPath)).sort();
  const model = await Promise.all(names.map((name) => readFile(join(run.modelPath, name), 'base64')));
  const epochs = events.flatMap((event) => (event.event === 'epoch' ? [{ ...event, seconds: 0 }] : []));
  return { model, epochs };
}

const files = async (): Promise<string[]> => {
  const { directory } = await cacheStatus();
  return (await readdir(directory)).map((name) => join(directory, name));
};

const clear = async (): Promise<void> => rm((await cacheStatus()).directory, { recursive: true });

/** Lets images look as if they had not changed for a while, so that their hashes are remembered. */
async function settle(folder: string): Promise<void> {
  const now = Date.now();
  vi.spyOn(Date, 'now').mockReturnValue(now + 60_000);
  for (const side of ['left', 'right'])
    for (const name of await readdir(join(folder, 'images', side)))
      await utimes(join(folder, 'images', side, name), 1000, 1000);
}

describe('features on the disk', () => {
  it('give the same weights, bit for bit, when they are computed, read, computed in part, or not kept', async () => {
    const folder = await temporaryFolder();
    await writeProject(folder, PLAN);
    const cold = await train(folder, 'cold');
    expect(cold.result.cache).toMatchObject({ misses: FEATURES, fromDisk: 0 });
    const warm = await train(folder, 'warm');
    expect(warm.result.cache).toEqual({ ...cold.result.cache, misses: 0, fromDisk: FEATURES });
    const expected = await outcome(cold);
    expect(await outcome(warm)).toEqual(expected);

    vi.stubEnv('THAW_FEATURE_CACHE', 'off');
    const off = await train(folder, 'off');
    vi.unstubAllEnvs();
    expect(off.result.cache).toEqual(cold.result.cache);
    expect(await outcome(off)).toEqual(expected);

    // Another division leaves other parts of what is needed, so that the rest is computed in other groups.
    await clear();
    await writePlan(folder, { ...PLAN, augment: 'none', seed: 8, phases: [{ name: 'head', epochs: 1 }] });
    for (const name of ['000', '003', '004'])
      await rm(join(folder, 'images/left', `${name}.png`)).catch(() => undefined);
    await train(folder, 'other');
    await writeProject(folder, PLAN);
    const partly = await train(folder, 'partly');
    expect(partly.result.cache.fromDisk).toBe(17);
    expect(partly.result.cache.misses).toBe(FEATURES - 17);
    expect(await outcome(partly)).toEqual(expected);
  });

  it('are found without decoding an image, and without reading one whose hash is remembered', async () => {
    const folder = await temporaryFolder();
    await writeProject(folder, PLAN);
    await settle(folder);
    await train(folder, 'cold');
    expect(decoded).toHaveBeenCalledTimes(20);
    expect(read).toHaveBeenCalledTimes(20);
    decoded.mockClear();
    read.mockClear();
    const warm = await train(folder, 'warm');
    expect(decoded).not.toHaveBeenCalled();
    expect(read).not.toHaveBeenCalled();
    const split = await readFile(warm.run.splitPath, 'utf8').catch(() => null);
    expect(split).toBe(await readFile(join(folder, 'cold', 'split.json'), 'utf8').catch(() => null));
  });

  it('go on through an interruption, with a cold cache and a warm one', async () => {
    const folder = await temporaryFolder();
    await writeProject(folder, PLAN);
    const expected = await outcome(await train(folder, 'whole'));
    for (const isCold of [false, true]) {
      const name = isCold ? 'cold' : 'warm';
      let steps = 0;
      const onEvent: TrainOptions['onEvent'] = (event, abort) => {
        if (event.event === 'epoch' && ++steps === 3) abort();
      };
      expect((await train(folder, name, { onEvent })).result.stopped).toBe('interrupted');
      if (isCold) await clear();
      const resumed = await train(folder, name, { resume: true });
      expect(resumed.result.cache.fromDisk === 0).toBe(isCold);
      const { model } = (await outcome(resumed)) as { model: string[] };
      expect(model).toEqual((expected as { model: string[] }).model);
    }
  });

  it('are computed again where they are damaged', async () => {
    const folder = await temporaryFolder();
    await writeProject(folder, PLAN);
    const expected = await outcome(await train(folder, 'cold'));
    for (const file of (await files()).filter((name) => name.endsWith('.records'))) {
      const content = await readFile(file);
      content[content.length - 1] ^= 1;
      await writeFile(file, content);
    }
    const mended = await train(folder, 'mended');
    // The last record of four files: images as they are, and variants, at two cuts.
    expect(mended.result.cache).toMatchObject({ misses: 4, fromDisk: FEATURES - 4 });
    expect(await outcome(mended)).toEqual(expected);
    expect((await train(folder, 'whole')).result.cache).toMatchObject({ misses: 0, fromDisk: FEATURES });
  });

  it('are those of the content of the files, whatever they are called', async () => {
    const folder = await temporaryFolder();
    await writeProject(folder, { ...PLAN, augment: 'none' });
    await train(folder, 'before');
    await rename(join(folder, 'images/left/000.png'), join(folder, 'images/left/999.png'));
    expect((await train(folder, 'renamed')).result.cache).toMatchObject({ misses: 0, fromDisk: 40 });
    // Two files change places; one gets another content.
    const [a, b] = ['001', '002'].map((name) => join(folder, `images/left/${name}.png`));
    await copyFile(a, `${a}.old`);
    await rename(b, a);
    await rename(`${a}.old`, b);
    const [before, after] = [await readFile(join(folder, 'images/left/003.png')), await readFile(a)];
    expect(before.equals(after)).toBe(false);
    await writeFile(join(folder, 'images/left/003.png'), await decodableCopy(after));
    const changed = await train(folder, 'changed');
    expect(changed.result.cache).toMatchObject({ misses: 2, fromDisk: 38 });
  });

  it('go by what was decoded where a file changes between being hashed and being decoded', async () => {
    const folder = await temporaryFolder();
    await writeProject(folder, { ...PLAN, augment: 'none', phases: [{ name: 'head', epochs: 1 }] });
    const file = join(folder, 'images/left/000.png');
    const original = await readFile(file);
    const other = await readFile(join(folder, 'images/right/000.png'));
    vi.stubEnv('THAW_FEATURE_CACHE', 'off');
    const expected = await outcome(await train(folder, 'expected'));
    vi.unstubAllEnvs();
    // Signatures only: the next run knows the hashes and decodes later.
    await train(folder, 'first');
    for (const name of await files()) if ((await stat(name)).size < 20_000) await rm(name);
    await train(folder, 'second', {
      onEvent: (event) => {
        if (event.event === 'start') writeFileSync(file, other);
      },
    });
    await writeFile(file, original);
    expect(await outcome(await train(folder, 'third'))).toEqual(expected);
  });
});

/** The same image with other bytes. */
async function decodableCopy(png: Buffer): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  return sharp(png).png({ compressionLevel: 1 }).toBuffer();
}
