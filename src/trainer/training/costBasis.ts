import { availableParallelism, cpus } from 'node:os';
import * as z from 'zod';
import { measurementFolder, StoredMeasurement } from '../../node/storedMeasurement.ts';
import { type NetworkTimes, networkTimesSchema } from '../../shared/networkTimes.ts';
import type { CostBasis, ImageCounts } from '../../shared/predictCost.ts';
import { THAW_VERSION } from '../../shared/version.ts';
import type { Engine } from '../engine/engine.ts';
import { describeSteps } from './describeSteps.ts';
import { timeOpening } from './machineTimes.ts';
import { measureTimes } from './measureTimes.ts';
import { engineMemory, keptLimits, memoryBudget } from './memoryBudget.ts';
import type { TrainingSetup } from './trainingSetup.ts';

const openingSchema = z.object({ seconds: z.number().nonnegative() });

/** What cost depends on besides the plan, network and images. */
export interface BasisOptions {
  engine: Engine;
  /** As in `RequestContext`. */
  memoryMB: number | undefined;
  signal?: AbortSignal;
}

/** A basis of cost, and the images that the plan as it stands divides. */
export interface MeasuredBasis {
  basis: CostBasis;
  images: ImageCounts;
}

/**
 * What the cost of a plan follows from: measured now, or as it was measured of the same network before on this machine.
 * Null where no image can be read.
 *
 * @throws ThawError `cancelled`, `memoryLimit`; rejects with the signal's reason when it aborts
 */
export async function openCostBasis(setup: TrainingSetup, options: BasisOptions): Promise<MeasuredBasis | null> {
  const { engine, memoryMB, signal } = options;
  const { data, plan } = setup;
  const openSeconds = await openingSeconds(setup, signal);
  if (openSeconds === null) return null;
  const network = describeSteps(setup.network);
  const key = { network, ...machineKey(engine) };
  const times = await storedOr(new StoredMeasurement(networkTimesSchema, key), plan.batchNorm === 'adapt', (adaptive) =>
    measureTimes(engine, setup.network, { adaptive, scratch: measurementFolder(), signal }),
  );
  const memory = { engine: engineMemory(engine), budgetBytes: memoryBudget(memoryMB), ...keptLimits() };
  const images = { train: data.train.examples.length, validation: data.validation.examples.length };
  return { basis: { network, times, openSeconds, memory }, images };
}

function machineKey({ name, version }: Engine): object {
  return { engine: [name, version], processor: [cpus().at(0)?.model, availableParallelism()], thaw: THAW_VERSION };
}

async function storedOr(
  stored: StoredMeasurement<NetworkTimes>,
  adaptive: boolean,
  measure: (adaptive: boolean) => Promise<NetworkTimes>,
): Promise<NetworkTimes> {
  const known = await stored.read();
  if (known && (known.adaptive || !adaptive)) return known;
  const measured = await measure(adaptive);
  await stored.write(measured);
  return measured;
}

/** Seconds to open one of the plan's images; null where none can be read. */
async function openingSeconds(setup: TrainingSetup, signal: AbortSignal | undefined): Promise<number | null> {
  const { data, network, dataFolder } = setup;
  const files = data.train.examples.map(({ file }) => file);
  const key = { dataFolder, files: files.length, decode: network.decode, thaw: THAW_VERSION };
  const stored = new StoredMeasurement(openingSchema, { ...key, processor: cpus().at(0)?.model });
  const known = await stored.read();
  if (known) return known.seconds;
  const seconds = await timeOpening(files, network.decode, signal);
  if (seconds !== null) await stored.write({ seconds });
  return seconds;
}
