import { resolveAugmentation } from '../../shared/augmentation.ts';
import type { FeatureRows } from '../../shared/nearestNeighbours.ts';
import type { TrainEvent } from '../../shared/results.ts';
import type { Engine } from '../engine/engine.ts';
import { CachedFeatures } from './cachedFeatures.ts';
import type { ExampleSet } from './examples.ts';
import { LiveFeatures, prefixOf } from './featureSource.ts';
import { boundaryOf, type DiskSetup, openPhaseDisk, rowBytes } from './phaseDisk.ts';
import { compilePhase } from './phaseProgram.ts';
import { throttled } from './throttled.ts';

/** Images whose features are taken together out of the cache. */
const AT_ONCE = 256;

/**
 * The features that a head gets of images as they are, while everything below it is frozen: a row for each image that can be
 * read, whose indexes are given too. They are taken from the cache of features, where there are any, and kept there.
 *
 * @param setup its plan trains nothing but the head, on images as they are
 */
export async function headFeatures(
  engine: Engine,
  setup: DiskSetup,
  set: ExampleSet,
  { signal, emit }: { signal: AbortSignal; emit: (event: TrainEvent) => void },
): Promise<{ features: FeatureRows; indexes: number[] }> {
  const { plan, network } = setup;
  const program = compilePhase(plan, 0, network);
  const prefix = prefixOf(engine, program);
  const disk = await openPhaseDisk(engine, setup, prefix);
  try {
    const boundary = boundaryOf(prefix, network.input);
    const augmentation = { ...resolveAugmentation('none'), variants: 1 };
    const live = new LiveFeatures(engine, prefix, set, network.input, augmentation);
    const cache = new CachedFeatures(engine, set, live, { boundary, augmentation, seed: plan.seed, disk });
    const tell = throttled((done: number, total: number) => emit({ event: 'measure', done, total }));
    await cache.fill(set.usable, ({ done, total }) => tell(done, total), signal);
    const indexes = set.usable;
    return { features: await gather(engine, cache, indexes, rowBytes(boundary) / 4), indexes };
  } finally {
    await disk?.close();
    prefix.compiled.dispose();
    program.dispose();
  }
}

async function gather(
  engine: Engine,
  cache: CachedFeatures,
  usable: readonly number[],
  size: number,
): Promise<FeatureRows> {
  const all = new Float32Array(usable.length * size);
  for (let start = 0; start < usable.length; start += AT_ONCE) {
    const { indexes, values } = await cache.batch(usable.slice(start, start + AT_ONCE), null);
    let before = 0;
    for (const value of values.values()) {
      const part = await engine.read(value);
      value.dispose();
      const own = part.length / indexes.length;
      indexes.forEach((_, place) => {
        all.set(part.subarray(place * own, (place + 1) * own), (start + place) * size + before);
      });
      before += own;
    }
  }
  return { values: all, size };
}
