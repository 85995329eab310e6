import * as z from 'zod';
import { ThawError } from '../shared/errors.ts';
import { QUANTIZED_TYPES, storedBytes, WEIGHT_TYPES, type Quantization, type StoredWeight } from './weightValues.ts';

/** One weight as model.json lists it. */
export interface WeightSpec extends StoredWeight {
  /** Unique in the model: the saved name, with `#2`, `#3`, … at its repetitions (nested models can repeat names). */
  name: string;
  /** The name as model.json spells it. */
  savedName: string;
  /** Belongs to the state of an optimizer, not to the network. */
  ofOptimizer: boolean;
}

/** Weights whose bytes lie one after the other in the files `paths`, these taken as one. */
export interface WeightGroup {
  paths: string[];
  weights: WeightSpec[];
}

const manifestSchema = z.array(
  z.object({
    paths: z.array(z.string().min(1)),
    weights: z.array(
      z.object({
        name: z.string().min(1),
        shape: z.array(z.number().int().min(0)),
        dtype: z.enum(WEIGHT_TYPES),
        group: z.string().optional(),
        quantization: z
          .object({ dtype: z.enum(QUANTIZED_TYPES), scale: z.number().optional(), min: z.number().optional() })
          .optional(),
      }),
    ),
  }),
);

type ManifestEntry = z.output<typeof manifestSchema>[number]['weights'][number];

/**
 * Checks `weightsManifest` of a model.json. `path` is only named in errors.
 * Throws ThawError modelNoWeights (absent, empty, or a file outside the model's folder) or modelFormat.
 */
export function readManifest(manifest: unknown, path: string): WeightGroup[] {
  if (manifest === undefined || manifest === null) {
    throw new ThawError({ reason: 'modelNoWeights', path, detail: 'model.json has no "weightsManifest"' });
  }
  const parsed = manifestSchema.safeParse(manifest);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const detail = `its "weightsManifest.${issue.path.join('.')}" is not valid (${issue.message})`;
    throw new ThawError({ reason: 'modelFormat', path, detail });
  }
  const seen = new Map<string, number>();
  const groups = parsed.data.map((group) => ({
    paths: group.paths.map((shard) => insidePath(shard, path)),
    weights: group.weights.map((entry) => toSpec(entry, seen, path)),
  }));
  if (seen.size === 0)
    throw new ThawError({ reason: 'modelNoWeights', path, detail: 'its "weightsManifest" lists none' });
  return groups;
}

/** Bytes that all files of a group must have together. */
export function expectedBytes(group: WeightGroup): number {
  return group.weights.reduce((bytes, weight) => bytes + storedBytes(weight), 0);
}

function toSpec(entry: ManifestEntry, seen: Map<string, number>, path: string): WeightSpec {
  const occurrence = (seen.get(entry.name) ?? 0) + 1;
  seen.set(entry.name, occurrence);
  const spec: WeightSpec = {
    name: occurrence === 1 ? entry.name : `${entry.name}#${occurrence}`,
    savedName: entry.name,
    shape: entry.shape,
    dtype: entry.dtype,
    ofOptimizer: entry.group === 'optimizer',
  };
  if (entry.quantization) spec.quantization = toQuantization(entry, entry.quantization, path);
  return spec;
}

function toQuantization(
  entry: ManifestEntry,
  { dtype, scale, min }: NonNullable<ManifestEntry['quantization']>,
  path: string,
): Quantization {
  const wrong = (detail: string) =>
    new ThawError({ reason: 'modelFormat', path, detail: `the quantization of weight "${entry.name}" ${detail}` });
  if (dtype === 'float16') {
    if (entry.dtype !== 'float32') throw wrong(`is float16, but its type is ${entry.dtype}`);
    return { dtype };
  }
  if (entry.dtype === 'bool') throw wrong(`is ${dtype}, but its type is bool`);
  if (scale === undefined || min === undefined) throw wrong('has no scale and min');
  return { dtype, scale, min };
}

/** A downloaded model must not reach files elsewhere. Windows separators and drives count on every system. */
function insidePath(shard: string, path: string): string {
  const segments = shard.split(/[/\\]/);
  const leaves = segments.includes('..') || segments[0] === '' || shard.includes(':') || shard.includes('\0');
  if (!leaves) return shard;
  const detail = `its weight file "${shard}" lies outside the folder of the model`;
  throw new ThawError({ reason: 'modelNoWeights', path, detail });
}
