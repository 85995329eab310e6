import { createHash } from 'node:crypto';
import type * as tfl from '@tensorflow/tfjs-layers';
import { contentKey, sha256 as hashOf } from '../../node/featureCache/contentKey.ts';
import type { Augmentation, Variant } from '../../shared/augmentation.ts';
import type { DecodeSettings } from '../data/decodeImage.ts';
import { decoderIdentity } from '../data/decoderIdentity.ts';
import type { Engine } from '../engine/engine.ts';
import { layerWeights } from '../execution/layerWeights.ts';
import { layersOf, type Step, type ValueId } from '../execution/steps.ts';
import type { Prefix } from './featureSource.ts';
import type { NetworkInput } from './inputTensor.ts';

/** Settings of a layer that say nothing of what it computes from its weights. */
const BESIDE_THE_POINT =
  /^(name|trainable|momentum|dtype|batchInputShape|.*(Initializer|Regularizer|Constraint|_initializer|_regularizer|_constraint))$/;

/**
 * Everything that features depend on besides the image and its variant: engine, decoding, and the steps below the cut with
 * their weights, whose values are read. Names of layers and files, and whatever is above the cut, are no part of it.
 */
export async function prefixKey(
  engine: Engine,
  prefix: Pick<Prefix, 'steps' | 'input' | 'boundary'>,
  input: NetworkInput,
  decode: DecodeSettings,
): Promise<string> {
  const numbers = new Map<ValueId, number>([[prefix.input, 0]]);
  prefix.steps.forEach(({ output }, position) => numbers.set(output, position + 1));
  const numberOf = (id: ValueId): number => numbers.get(id) ?? -1;
  return contentKey({
    kind: 'features',
    engine: [engine.name, engine.version],
    decoder: decoderIdentity(),
    ...{ input, decode },
    steps: prefix.steps.map((step) => ({ ...describeStep(step), inputs: step.inputs.map(numberOf) })),
    cut: prefix.boundary.map(numberOf),
    weights: await hashWeights(engine, prefix.steps),
  });
}

/**
 * Keys of the segments that features of one prefix are kept in: one for images as they are and mirrored, one for the variants
 * that a seed draws. The latter go when other seeds are used, and the former stay.
 */
export function segmentKeys(
  prefix: string,
  { flip, crop, rotate, color, erase }: Augmentation,
  seed: number,
): { fixed: string; drawn: string } {
  const changes = { flip, crop, rotate, color, erase };
  return { fixed: contentKey({ prefix }), drawn: contentKey({ prefix, changes, seed }) };
}

/** Key of the features of an image in a variant. */
export function featureKey(sha256: string, variant: Variant): string {
  return hashOf(`${sha256} ${JSON.stringify(variant)}`);
}

/** Whether a step has weights: without any, features are computed as fast as they are read. */
export function hasWeights(steps: readonly Step[]): boolean {
  return steps.some((step) => layersOf(step).some((layer) => layer.weights.length > 0));
}

function describeStep(step: Step): object {
  const layers = layersOf(step).map((layer) => ({ type: layer.getClassName(), settings: settingsOf(layer) }));
  const attributes = step.kind === 'convolution' ? step.attributes : null;
  return { kind: step.kind, outputShape: step.outputShape, layers, attributes };
}

function settingsOf(layer: tfl.layers.Layer): object {
  return Object.fromEntries(Object.entries(layer.getConfig()).filter(([name]) => !BESIDE_THE_POINT.test(name)));
}

async function hashWeights(engine: Engine, steps: readonly Step[]): Promise<string> {
  const hash = createHash('sha256');
  for (const layer of steps.flatMap(layersOf)) {
    for (const { role, variable } of layerWeights(layer)) {
      const { buffer, byteOffset, byteLength } = await engine.read(variable);
      hash.update(JSON.stringify([role, variable.shape])).update(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }
  return hash.digest('hex');
}
