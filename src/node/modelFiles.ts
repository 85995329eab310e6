import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { ThawError } from '../shared/errors.ts';
import { parseModelMetadata, type ModelMetadata } from '../shared/modelMetadata.ts';
import { errorCode, toFileProblem } from './atomicFile.ts';
import { expectedBytes, readManifest, type WeightGroup, type WeightSpec } from './weightsManifest.ts';
import { decodeWeight, storedBytes } from './weightValues.ts';

export interface WeightTensor {
  shape: number[];
  values: Float32Array;
}

/** A LayersModel on disk, checked as far as that is possible without TensorFlow. */
export interface ModelFiles {
  /** Folder of model.json (absolute). */
  directory: string;
  modelJsonPath: string;
  /** `modelTopology` of model.json. */
  topology: unknown;
  /** In the order of the file; weights of an optimizer are left out. */
  weightSpecs: WeightSpec[];
  /** Names of the weight files, relative to `directory`. */
  shards: string[];
  /** All weights as float32 by their (unique) name. Throws ThawError modelNotFinite, modelNoWeights or modelWeightsShort. */
  readWeights(): Promise<Map<string, WeightTensor>>;
  metadata?: ModelMetadata;
}

const OTHER_FORMATS = new Map([
  ['.h5', 'it is a Keras file, which this version cannot read'],
  ['.hdf5', 'it is a Keras file, which this version cannot read'],
  ['.keras', 'it is a Keras file, which this version cannot read'],
  ['.pb', 'it is a TensorFlow SavedModel, whose layers cannot be trained here'],
  ['.onnx', 'it is an ONNX model'],
  ['.tflite', 'it is a TensorFlow Lite model, which cannot be trained'],
  ['.pt', 'it is a PyTorch model'],
  ['.pth', 'it is a PyTorch model'],
]);

/**
 * Reads a LayersModel from a folder that holds model.json, or from the model.json itself. Weights stay on disk until
 * `readWeights`, but their files and lengths are checked here.
 *
 * Throws ThawError modelMissing, modelNotJson, modelGraph, modelFormat, modelNoWeights, modelWeightsShort, notPermitted.
 */
export async function readModelFiles(path: string): Promise<ModelFiles> {
  const modelJsonPath = await findModelJson(resolve(path));
  const directory = dirname(modelJsonPath);
  const json = await readModelJson(modelJsonPath);
  const groups = readManifest(json.weightsManifest, modelJsonPath);
  for (const group of groups) checkLength(modelJsonPath, group, await shardBytes(modelJsonPath, directory, group));
  return {
    directory,
    modelJsonPath,
    topology: json.modelTopology,
    weightSpecs: groups.flatMap((group) => group.weights.filter((weight) => !weight.ofOptimizer)),
    shards: groups.flatMap((group) => group.paths),
    readWeights: () => readWeights(modelJsonPath, directory, groups),
    metadata: await readMetadata(join(directory, 'metadata.json')),
  };
}

/**
 * The parsed model.json of a LayersModel. Throws ThawError modelNotJson, modelGraph or modelFormat.
 */
export async function readModelJson(path: string): Promise<{ modelTopology: object; weightsManifest?: unknown }> {
  const json = await readJson(path);
  if (!isObject(json)) throw new ThawError({ reason: 'modelFormat', path, detail: 'it holds no JSON object' });
  const topology = json.modelTopology;
  const isGraph =
    json.format === 'graph-model' || (isObject(topology) && ('node' in topology || 'library' in topology));
  if (isGraph) throw new ThawError({ reason: 'modelGraph', path });
  if (!isObject(topology)) throw new ThawError({ reason: 'modelFormat', path, detail: 'it has no "modelTopology"' });
  return { modelTopology: topology, weightsManifest: json.weightsManifest };
}

async function findModelJson(path: string): Promise<string> {
  const info = await stat(path).catch((error: unknown) => missingOr(error, path));
  if (info.isDirectory()) return findInFolder(path);
  const detail = OTHER_FORMATS.get(extname(path).toLowerCase());
  if (detail) throw new ThawError({ reason: 'modelFormat', path, detail });
  if (extname(path).toLowerCase() !== '.json') {
    throw new ThawError({
      reason: 'modelFormat',
      path,
      detail: 'a LayersModel is a model.json with weight files beside it',
    });
  }
  return path;
}

async function findInFolder(folder: string): Promise<string> {
  const names = await readdir(folder).catch((error: unknown) => missingOr(error, folder));
  if (names.includes('model.json')) return join(folder, 'model.json');
  const other = names.sort().find((name) => OTHER_FORMATS.has(extname(name).toLowerCase()));
  if (other === undefined) throw new ThawError({ reason: 'modelMissing', path: folder });
  const detail = OTHER_FORMATS.get(extname(other).toLowerCase()) ?? '';
  throw new ThawError({ reason: 'modelFormat', path: join(folder, other), detail });
}

function missingOr(error: unknown, path: string): never {
  const code = errorCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') throw new ThawError({ reason: 'modelMissing', path });
  throw new ThawError(toFileProblem(error, path));
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => missingOr(error, path));
  try {
    return JSON.parse(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ThawError({ reason: 'modelNotJson', path, detail });
  }
}

async function readMetadata(path: string): Promise<ModelMetadata | undefined> {
  try {
    return parseModelMetadata(await readJson(path));
  } catch (error) {
    if (error instanceof ThawError && error.problem.reason === 'modelMissing') return undefined;
    throw error;
  }
}

/** Bytes of all files of a group together. */
async function shardBytes(modelJsonPath: string, directory: string, group: WeightGroup): Promise<number> {
  let bytes = 0;
  for (const shard of group.paths) {
    const info = await stat(join(directory, shard)).catch((error: unknown) =>
      shardMissing(error, modelJsonPath, shard),
    );
    bytes += info.size;
  }
  return bytes;
}

function shardMissing(error: unknown, modelJsonPath: string, shard: string): never {
  const code = errorCode(error);
  if (code !== 'ENOENT' && code !== 'ENOTDIR')
    throw new ThawError(toFileProblem(error, join(dirname(modelJsonPath), shard)));
  throw new ThawError({ reason: 'modelNoWeights', path: modelJsonPath, detail: `${basename(shard)} is missing` });
}

function checkLength(path: string, group: WeightGroup, actualBytes: number): void {
  const expected = expectedBytes(group);
  if (actualBytes === expected) return;
  throw new ThawError({ reason: 'modelWeightsShort', path, expectedBytes: expected, actualBytes });
}

async function readWeights(path: string, directory: string, groups: WeightGroup[]): Promise<Map<string, WeightTensor>> {
  const tensors = new Map<string, WeightTensor>();
  for (const group of groups) {
    const shards: Buffer[] = [];
    for (const shard of group.paths) {
      shards.push(await readFile(join(directory, shard)).catch((error: unknown) => shardMissing(error, path, shard)));
    }
    const bytes = shards.length === 1 ? shards[0] : Buffer.concat(shards);
    checkLength(path, group, bytes.length);
    let offset = 0;
    for (const weight of group.weights) {
      const end = offset + storedBytes(weight);
      if (!weight.ofOptimizer) {
        const values = decodeWeight(weight, bytes.subarray(offset, end));
        if (!values.every(Number.isFinite))
          throw new ThawError({ reason: 'modelNotFinite', path, tensor: weight.savedName });
        tensors.set(weight.name, { shape: weight.shape, values });
      }
      offset = end;
    }
  }
  return tensors;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
