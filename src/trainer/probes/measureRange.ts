import type * as tfl from '@tensorflow/tfjs-layers';
import { VALUE_RANGES, type ValueRange } from '../../shared/plan.ts';
import type { Engine } from '../engine/engine.ts';
import type { NetworkInput } from '../training/inputTensor.ts';
import { batchNormDistance } from './probeNetwork.ts';

/** The distance under every value range, and the range with the least. Null for a network without batch normalization. */
export async function measureRange(
  engine: Engine,
  model: tfl.LayersModel,
  images: readonly Uint8Array[],
  size: Omit<NetworkInput, 'range'>,
): Promise<{ best: ValueRange; distances: Record<ValueRange, number> } | null> {
  const measured: [ValueRange, number][] = [];
  for (const range of VALUE_RANGES) {
    const distance = await batchNormDistance(engine, model, images, { ...size, range });
    if (distance === null) return null;
    measured.push([range, distance]);
  }
  const [best] = measured.reduce((least, entry) => (entry[1] < least[1] ? entry : least));
  return { best, distances: Object.fromEntries(measured) as Record<ValueRange, number> };
}
