import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import { hashTensors } from '../../src/node/freezeProof.ts';
import type { PlanInput } from '../../src/shared/plan.ts';
import type { TrainEvent } from '../../src/shared/results.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { release, type Trained, trainHere, writePlan, writeProject } from '../support/trainingFixture.ts';

const everything: Partial<PlanInput> = {
  blocks: { stem: { frozen: false }, middle: { frozen: false }, top: { frozen: false } },
};

function epochsOf(events: TrainEvent[]): Extract<TrainEvent, { event: 'epoch' }>[] {
  return events.filter((event) => event.event === 'epoch');
}

describe('training', () => {
  it('learns two classes that a small network can tell apart, with a frozen backbone', async () => {
    const plan = await writeProject(await temporaryFolder(), { phases: [{ name: 'head', epochs: 15 }] }, 20);
    const { result, events } = await trainHere(plan);
    expect(result.stopped).toBe('finished');
    expect(result.best?.validationAccuracy).toBeGreaterThanOrEqual(0.875);
    expect(result.best?.n).toBe(8);
    expect(result.freezeProof).toEqual({ frozenTensors: 20, changedTensors: 0, changed: [] });
    expect(result.movement).toMatchObject({ stem: 0, middle: 0, top: 0 });
    expect(result.movement.head).toBeGreaterThan(0);
    const losses = epochsOf(events).map((epoch) => epoch.loss);
    expect(losses[14]).toBeLessThan(losses[0]);
  });

  it('computes what is below the cut once per image, whatever the number of epochs', async () => {
    const plan = await writeProject(await temporaryFolder(), { phases: [{ name: 'head', epochs: 4 }] });
    const { result, events } = await trainHere(plan);
    expect(result.cache.misses).toBe(20);
    expect(result.cache.hits).toBe(4 * 20);
    expect(events.find((event) => event.event === 'phase')).toMatchObject({ cachedTo: 'head_pool', trainable: [] });
  });

  it('trains the blocks of each phase at their own rates and tells how far they moved', async () => {
    const plan = await writeProject(await temporaryFolder(), {
      blocks: { top: { frozen: false, learningRate: 1e-3 }, middle: { frozen: false, learningRate: 1e-5 } },
      phases: [
        { name: 'head', epochs: 1, unfreeze: [] },
        { name: 'top', epochs: 1, unfreeze: ['top'] },
        { name: 'both', epochs: 1 },
      ],
    });
    const { events } = await trainHere(plan);
    const [head, top, both] = epochsOf(events).map((epoch) => epoch.movement);
    expect([head.top, head.middle]).toEqual([0, 0]);
    expect(top.top).toBeGreaterThan(0);
    expect(top.middle).toBe(0);
    expect(both.middle).toBeGreaterThan(0);
    expect(both.middle).toBeLessThan(both.top / 10);
    expect(both.stem).toBe(0);
  });

  it('holds no more tensors after more epochs', async () => {
    const plan = await writeProject(await temporaryFolder(), { ...everything, phases: [{ name: 'all', epochs: 5 }] });
    const counts: number[] = [];
    await trainHere(plan, {
      onEvent: (event) => {
        if (event.event === 'checkpoint') counts.push(tf.memory().numTensors);
      },
    });
    expect(counts).toHaveLength(5);
    expect(new Set(counts)).toEqual(new Set([counts[0]]));
  });

  it('gives all tensors back when a run is over', async () => {
    const folder = await temporaryFolder();
    const plan = await writeProject(folder, everything);
    release(await trainHere(plan, { run: join(folder, 'first') }));
    const before = tf.memory().numTensors;
    release(await trainHere(plan, { run: join(folder, 'second') }));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('gives the same weights for the same seed, and others for another', async () => {
    const folder = await temporaryFolder();
    const hashes: string[] = [];
    await writeProject(folder, everything);
    for (const seed of [7, 7, 8]) {
      const plan = await writePlan(folder, { ...everything, seed, head: { classes: ['left', 'right'], dropout: 0.3 } });
      const { run } = await trainHere(plan);
      const all = await hashTensors(join(run.modelPath, 'model.json'));
      hashes.push([...all.values()].join());
      await rm(run.path, { recursive: true });
    }
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });

  it('stops early and keeps the best weights', async () => {
    const plan = await writeProject(await temporaryFolder(), {
      optimizer: { name: 'sgd', headLearningRate: 5 },
      earlyStopping: { patience: 2 },
      phases: [{ name: 'head', epochs: 40 }],
    });
    const { result, events } = await trainHere(plan);
    expect(result.stopped).toBe('earlyStopped');
    expect(result.epochs).toBeLessThan(40);
    const least = Math.min(...epochsOf(events).map((epoch) => epoch.validationLoss));
    expect(result.best?.validationLoss).toBe(least);
  });

  it('reports a loss that became infinite instead of going on', async () => {
    const plan = await writeProject(await temporaryFolder(), {
      ...everything,
      batchNorm: 'affine',
      optimizer: { name: 'sgd', headLearningRate: 100 },
      blocks: { top: { frozen: false, learningRate: 100 }, middle: { frozen: false, learningRate: 100 } },
      phases: [{ name: 'all', epochs: 50 }],
    });
    await expect(trainHere(plan)).rejects.toMatchObject({ problem: { reason: 'notFinite' } });
  });

  it('keeps the best weights of a run whose loss became infinite', async () => {
    const folder = await temporaryFolder();
    const plan = await writeProject(folder, {
      blocks: { top: { frozen: false, learningRate: 100 }, middle: { frozen: false, learningRate: 100 } },
      optimizer: { name: 'sgd', headLearningRate: 0.01 },
      phases: [
        { name: 'head', epochs: 2, unfreeze: [] },
        { name: 'all', epochs: 50, headLearningRate: 100 },
      ],
    });
    await expect(trainHere(plan)).rejects.toMatchObject({ problem: { reason: 'notFinite' } });
    const saved = await hashTensors(join(folder, 'run', 'model', 'model.json'));
    const source = await hashTensors(join(folder, 'model', 'model.json'));
    expect(saved.get('top/kernel')).toBe(source.get('top/kernel'));
    expect(saved.has('head_dense/kernel')).toBe(true);
  });

  it('leaves out unreadable images and says so', async () => {
    const folder = await temporaryFolder();
    const plan = await writeProject(folder);
    await writeFile(join(folder, 'images', 'left', '000.png'), 'not an image');
    await writeFile(join(folder, 'images', 'left', '001.png'), 'not an image');
    const { events, setup } = await trainHere(plan);
    const warning = events.find((event) => event.event === 'warning');
    expect(warning).toMatchObject({ code: 'unreadableImages' });
    expect(setup.data.train.usable.length + setup.data.validation.usable.length).toBe(18);
  });

  it('refuses data whose class has no readable image', async () => {
    const folder = await temporaryFolder();
    const plan = await writeProject(folder, {}, 3);
    for (const name of ['000', '001', '002']) await writeFile(join(folder, 'images', 'left', `${name}.png`), 'no');
    await expect(trainHere(plan)).rejects.toMatchObject({
      problem: { reason: 'dataClassUnreadable', className: 'left' },
    });
  });
});

/** Trains up to a step and no further. Time flies, so that every step is an event however fast it is. */
async function trainUntil(last: { epoch: number; step: number }, plan: string, run: string): Promise<Trained> {
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
  try {
    return await trainHere(plan, {
      run,
      onEvent: (event, abort) => {
        if (event.event === 'step' && event.epoch === last.epoch && event.step === last.step) abort();
      },
    });
  } finally {
    clock.mockRestore();
  }
}

describe('a run that was stopped', () => {
  const settings: Partial<PlanInput> = {
    head: { classes: ['left', 'right'], dropout: 0.3 },
    phases: [
      { name: 'head', epochs: 1, unfreeze: [] },
      { name: 'all', epochs: 3 },
    ],
    batchSize: 4,
  };

  const augment = { flip: true, crop: 0.2, rotate: 15, color: 0.4, erase: 0.3 };
  const lastBlock: Partial<PlanInput> = { blocks: { top: { frozen: false } } };

  it.each<[string, Partial<PlanInput>]>([
    ['where all layers train', { ...everything, augment }],
    ['with cached variants', { ...lastBlock, augment: { ...augment, variants: 3 } }],
    ['with variants drawn anew', { ...lastBlock, augment: { ...augment, variants: 'recompute' } }],
  ])('goes on as if it had never stopped, also from mid-epoch, %s', async (_, changes) => {
    const folder = await temporaryFolder();
    const plan = await writeProject(folder, { ...settings, ...changes });
    const whole = await trainHere(plan, { run: join(folder, 'whole') });
    const first = await trainUntil({ epoch: 3, step: 2 }, plan, join(folder, 'parts'));
    expect(first.result).toMatchObject({ stopped: 'interrupted', epochs: 2 });
    const second = await trainHere(plan, { run: join(folder, 'parts'), resume: true });
    expect(second.result.stopped).toBe('finished');
    expect(second.events[0]).toMatchObject({ event: 'start', resumed: true });
    const hashes = async (run: string): Promise<Map<string, string>> =>
      hashTensors(join(folder, run, 'model', 'model.json'));
    expect(await hashes('parts')).toEqual(await hashes('whole'));
    expect(second.result.best).toEqual(whole.result.best);
    const stepsIn = async (run: string): Promise<string[]> => {
      const lines = (await readFile(join(folder, run, 'metrics.jsonl'), 'utf8')).trim().split('\n');
      return lines.filter((line) => line.includes('"event":"step"'));
    };
    expect(await stepsIn('parts')).toEqual(await stepsIn('whole'));
  });
});
