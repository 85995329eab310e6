import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { writeFileSynced } from '../../node/atomicFile.ts';
import { UNCHANGED, type Variant } from '../../shared/augmentation.ts';
import type { Linear, NetworkTimes } from '../../shared/networkTimes.ts';
import { median } from '../../shared/statistics.ts';
import { varyImage } from '../../shared/varyImage.ts';
import { Random } from '../../shared/random.ts';
import type { DecodeSettings } from '../data/decodeImage.ts';
import { readImages } from '../data/imageReader.ts';
import type { Engine } from '../engine/engine.ts';
import { inputTensor, type NetworkInput } from './inputTensor.ts';

/** Images that are opened to see how long that takes. */
const OPENED = 16;
const REPETITIONS = 3;
/** Seconds for which work in memory warms up, and is then repeated. */
const WARM_UP = 0.2;
const REPEATED = 0.1;

/** Numbers of a large transfer. */
const NUMBERS = 2 ** 19;

/** Files of a checkpoint. */
const CHECKPOINT_FILES = 4;

/** Varies an image in one of the ways alone. */
const VARIANTS: Record<keyof NetworkTimes['vary'], Variant> = {
  move: { ...UNCHANGED, window: { top: 0.05, left: 0.05, height: 0.9, width: 0.9 }, mirrored: true, angle: 5 },
  color: {
    ...UNCHANGED,
    colors: [
      { kind: 'brightness', factor: 1.1 },
      { kind: 'contrast', factor: 0.9 },
      { kind: 'saturation', factor: 1.1 },
    ],
  },
  erase: { ...UNCHANGED, erased: { top: 0.2, left: 0.2, height: 0.4, width: 0.4 } },
};

/** Images of a network's size in memory: varied, and on their way to the engine. */
export function timeImages(input: NetworkInput): Pick<NetworkTimes, 'pixels' | 'vary'> {
  const random = Random.seeded(1, 'times/pixels');
  const pixels = Uint8Array.from({ length: input.height * input.width * input.channels }, () => 255 * random.uniform());
  const images = [pixels, pixels];
  const of = (variant: Variant): number => secondsOf(() => varyImage(pixels, input, variant));
  return {
    pixels: secondsOf(() => inputTensor(images, input).dispose()) / images.length,
    vary: { move: of(VARIANTS.move), color: of(VARIANTS.color), erase: of(VARIANTS.erase) },
  };
}

/** A number on its way from the cache to the engine, and back. */
export async function timeTransfer(engine: Engine): Promise<Pick<NetworkTimes, 'toEngine' | 'fromEngine'>> {
  const row = new Float32Array(NUMBERS / 8);
  const bring = (): tf.Tensor => {
    const all = new Float32Array(NUMBERS);
    for (let at = 0; at < NUMBERS; at += row.length) all.set(row, at);
    return tf.tensor(all);
  };
  const toEngine = secondsOf(() => bring().dispose()) / NUMBERS;
  const tensor = bring();
  const times: number[] = [];
  for (let repetition = 0; repetition <= REPETITIONS; repetition++) {
    const started = performance.now();
    (await engine.read(tensor)).slice();
    times.push((performance.now() - started) / 1000);
  }
  tensor.dispose();
  return { toEngine, fromEngine: median(times.slice(1)) / NUMBERS };
}

/** Seconds of a checkpoint and of each number in it; none where nothing can be written. */
export async function timeDisk(folder: string): Promise<Linear> {
  const place = join(folder, `times-${process.pid}`);
  const bytes = new Uint8Array(4 * NUMBERS);
  const write = async (content: Uint8Array): Promise<number> => {
    const started = performance.now();
    await writeFileSynced(place, content);
    createHash('sha256').update(content).digest();
    return (performance.now() - started) / 1000;
  };
  try {
    await mkdir(folder, { recursive: true });
    await write(bytes.subarray(0, 64));
    const file = await write(bytes.subarray(0, 64));
    const whole = await write(bytes);
    return [CHECKPOINT_FILES * file, Math.max(0, whole - file) / NUMBERS];
  } catch {
    return [0, 0];
  } finally {
    await rm(place, { force: true }).catch(() => undefined);
  }
}

/**
 * Seconds to open one of these images, as it is before a run; null where none can be read.
 *
 * @throws ThawError `cancelled`
 */
export async function timeOpening(
  files: readonly string[],
  settings: DecodeSettings,
  signal?: AbortSignal,
): Promise<number | null> {
  const apart = Math.max(1, Math.floor(files.length / OPENED));
  const some = files.filter((_, place) => place % apart === 0).slice(0, OPENED);
  const open = async (chosen: readonly string[]): Promise<boolean> => {
    let isAny = false;
    for await (const image of readImages(chosen, settings, { signal })) isAny ||= 'pixels' in image;
    return isAny;
  };
  // The first image of a process starts the decoder.
  await open(some.slice(0, 1));
  const started = performance.now();
  if (!(await open(some))) return null;
  return (performance.now() - started) / 1000 / some.length;
}

/** JavaScript becomes quick only after many runs of the same. */
function secondsOf(work: () => unknown): number {
  const runs = (seconds: number): number[] => {
    const times: number[] = [];
    const started = performance.now();
    for (let before = started; before - started < 1000 * seconds || times.length < REPETITIONS;) {
      work();
      const after = performance.now();
      times.push((after - before) / 1000);
      before = after;
    }
    return times;
  };
  runs(WARM_UP);
  return median(runs(REPEATED));
}
