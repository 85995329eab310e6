import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RunFolder } from '../../src/node/runFolder.ts';
import {
  type Checkpoint,
  readCheckpoint,
  startPosition,
  writeCheckpoint,
} from '../../src/trainer/training/checkpoint.ts';
import { leftovers } from '../support/folderListing.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

function checkpoint(epochs: number): Checkpoint {
  const values = Float32Array.of(epochs, 2, 3, 4, 5, 6);
  return {
    position: { ...startPosition(), epochs },
    weights: new Map([['layer/kernel', { shape: [2, 3], values }]]),
    best: new Map([['layer/bias', { shape: [1], values: Float32Array.of(-epochs) }]]),
    optimizers: new Map([
      ['layer/kernel/steps', Float32Array.of(7)],
      ['layer/kernel/m', values],
    ]),
  };
}

async function runWith(epochs: readonly number[]): Promise<RunFolder> {
  const run = new RunFolder(join(await temporaryFolder(), 'run'));
  for (const each of epochs) await writeCheckpoint(run, checkpoint(each));
  return run;
}

const FILES = ['weights.safetensors', 'best.safetensors', 'optimizers.safetensors', 'state.json'];

describe('a checkpoint', () => {
  it('is read as it was written, and the one before stays', async () => {
    const run = await runWith([1, 2, 3]);
    expect(await readCheckpoint(run)).toEqual({ checkpoint: checkpoint(3), damaged: [] });
    await rm(run.checkpointPath, { recursive: true });
    expect(run.hasCheckpoint).toBe(true);
    expect(await readCheckpoint(run)).toEqual({ checkpoint: checkpoint(2), damaged: [] });
    expect(await leftovers(run.path)).toEqual([]);
  });

  it('is not there before the first one', async () => {
    const run = await runWith([]);
    expect(run.hasCheckpoint).toBe(false);
    expect(await readCheckpoint(run)).toEqual({ checkpoint: null, damaged: [] });
  });

  it.each(FILES)('gives way to the one before where %s is cut off, changed or missing', async (name) => {
    const run = await runWith([1, 2]);
    const path = join(run.checkpointPath, name);
    const whole = await readFile(path);
    const flipped = Buffer.from(whole);
    // A single bit in the middle: in a number, or in the text of the state.
    flipped[Math.floor(flipped.length / 2)] ^= 1;
    const damages = [
      () => truncate(path, whole.length - 3),
      () => truncate(path, 0),
      () => writeFile(path, flipped),
      () => rm(path),
    ];
    for (const damage of damages) {
      await damage();
      const found = await readCheckpoint(run);
      expect(found.checkpoint).toEqual(checkpoint(1));
      expect(found.damaged).toHaveLength(1);
      expect(found.damaged[0]).toContain(run.checkpointPath);
      await writeFile(path, whole);
    }
    expect((await readCheckpoint(run)).checkpoint).toEqual(checkpoint(2));
  });

  it('says of both what is wrong where none can be read', async () => {
    const run = await runWith([1, 2]);
    for (const folder of [run.checkpointPath, run.previousCheckpointPath]) await writeFile(join(folder, FILES[0]), '');
    const { checkpoint: found, damaged } = await readCheckpoint(run);
    expect(found).toBeNull();
    expect(damaged).toHaveLength(2);
  });

  it('is found at every moment of being replaced', async () => {
    // What a crash leaves: after the old one stepped aside, and before the new one took its place.
    const run = await runWith([1, 2]);
    await cp(run.checkpointPath, `${run.checkpointPath}.tmp-99-1`, { recursive: true });
    await rm(run.previousCheckpointPath, { recursive: true });
    await cp(run.checkpointPath, run.previousCheckpointPath, { recursive: true });
    await rm(run.checkpointPath, { recursive: true });
    expect((await readCheckpoint(run)).checkpoint).toEqual(checkpoint(2));
    await writeCheckpoint(run, checkpoint(3));
    expect((await readCheckpoint(run)).checkpoint).toEqual(checkpoint(3));
    await writeFile(join(run.checkpointPath, 'state.json'), '{');
    expect((await readCheckpoint(run)).checkpoint).toEqual(checkpoint(2));
  });
});
