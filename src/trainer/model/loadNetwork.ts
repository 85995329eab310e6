import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { ModelFiles, WeightTensor } from '../../node/modelFiles.ts';
import type { WeightSpec } from '../../node/weightsManifest.ts';
import { storedBytes, type WeightType } from '../../node/weightValues.ts';
import { ThawError } from '../../shared/errors.ts';
import { isHeapExhaustion } from '../engine/portable/memoryGuard.ts';
import { flattenNetwork } from './flattenNetwork.ts';

export interface LoadedNetwork {
  /** One functional model of leaf layers with one image input and one output. */
  model: tfl.LayersModel;
  /** Class names in the order of the outputs, where metadata.json lists them. */
  labels?: string[];
  /** Height, width, channels. */
  inputShape: [number, number, number];
  /** From the name of a weight in `model` (its `originalName`) to the name in `ModelFiles`: they differ for nested models. */
  sourceNames: Map<string, string>;
}

/**
 * Loads a LayersModel with its weights and flattens it (see `flattenNetwork`); every layer is trainable.
 * Throws ThawError modelUnsupported with the reason in words, and what `ModelFiles.readWeights` throws.
 */
export async function loadNetwork(files: ModelFiles): Promise<LoadedNetwork> {
  const path = files.modelJsonPath;
  const unknownTypes = unknownLayerTypes(files.topology);
  if (unknownTypes.length > 0) throw unsupported(path, unknownTypesDetail(unknownTypes));
  const weights = await files.readWeights();
  try {
    const nested = await loadLayersModel(files, weights);
    const inputShape = imageInput(nested, path);
    const sources = matchWeights(nested, files.weightSpecs);
    if (hasRepeatedNames(files.weightSpecs)) assignWeights(sources, weights);
    const model = flattenNetwork(nested, inputShape);
    const sourceNames = new Map(
      model.weights.map((weight) => [weight.originalName, sources.get(weight) ?? weight.originalName]),
    );
    return { model, labels: files.metadata?.labels, inputShape, sourceNames };
  } catch (error) {
    throw error instanceof ThawError || isHeapExhaustion(error) ? error : loadingProblem(error, path);
  }
}

/**
 * TensorFlow.js refuses files in which two models inside repeat a weight's name, although it writes such files itself:
 * of these only the layers are loaded here, and `assignWeights` fills them.
 */
function loadLayersModel(files: ModelFiles, weights: Map<string, WeightTensor>): Promise<tfl.LayersModel> {
  const modelTopology = files.topology as object;
  if (hasRepeatedNames(files.weightSpecs)) return tfl.loadLayersModel(tf.io.fromMemory({ modelTopology }));
  const weightSpecs = files.weightSpecs.map(({ savedName, shape, dtype }) => ({ name: savedName, shape, dtype }));
  const weightData = encodeWeights(files.weightSpecs, weights);
  return tfl.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData }));
}

function encodeWeights(specs: WeightSpec[], weights: Map<string, WeightTensor>): ArrayBuffer {
  const sizes = specs.map((spec) => storedBytes({ shape: spec.shape, dtype: spec.dtype }));
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  let offset = 0;
  specs.forEach((spec, index) => {
    const typed = toTyped(weights.get(spec.name)?.values ?? new Float32Array(0), spec.dtype);
    bytes.set(new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength), offset);
    offset += sizes[index];
  });
  return bytes.buffer;
}

function toTyped(values: Float32Array, dtype: WeightType): Float32Array | Int32Array | Uint8Array {
  if (dtype === 'float32') return values;
  return dtype === 'int32' ? Int32Array.from(values) : Uint8Array.from(values);
}

/**
 * Which entry of the file each weight is loaded from, by the rules of TensorFlow.js: its name; the name without the
 * cell (`layer/cell/kernel`); or, in Keras 3 files, the layer's name and the position. Of repeated names the first
 * entry goes to the first weight, and so on.
 */
function matchWeights(model: tfl.LayersModel, specs: WeightSpec[]): Map<tfl.LayerVariable, string> {
  const entries = new Map<string, string[]>();
  const add = (key: string, name: string) => entries.set(key, [...(entries.get(key) ?? []), name]);
  for (const spec of specs) add(spec.savedName, spec.name);
  for (const spec of specs) {
    const parts = spec.savedName.split('/');
    const short = [...parts.slice(0, -2), ...parts.slice(-1)].join('/');
    if (parts.length > 2 && !entries.has(short)) add(short, spec.name);
  }
  const positions = new Map<tfl.LayerVariable, string>();
  for (const layer of model.layers) {
    layer.weights.forEach((weight, index) =>
      positions.set(weight, weight.originalName.replace(/[^/]*$/, String(index))),
    );
  }
  const sources = new Map<tfl.LayerVariable, string>();
  for (const weight of model.weights) {
    const source = (entries.get(weight.originalName) ?? entries.get(positions.get(weight) ?? ''))?.shift();
    if (source !== undefined) sources.set(weight, source);
  }
  return sources;
}

function assignWeights(sources: Map<tfl.LayerVariable, string>, weights: Map<string, WeightTensor>): void {
  for (const [weight, source] of sources) {
    const tensor = weights.get(source);
    if (!tensor) throw new Error(`weight "${source}" is not in the file`);
    const values = toTyped(tensor.values, weight.dtype as WeightType);
    tf.tidy(() => void weight.write(tf.tensor(values, tensor.shape, weight.dtype)));
  }
}

function hasRepeatedNames(specs: WeightSpec[]): boolean {
  return specs.some((spec) => spec.name !== spec.savedName);
}

/** Height, width and channels of the one image input; refuses networks that are no image classifiers in form. */
function imageInput(model: tfl.LayersModel, path: string): [number, number, number] {
  if (model.inputs.length !== 1) throw unsupported(path, `it has ${model.inputs.length} inputs; one image is needed`);
  if (model.outputs.length !== 1) throw unsupported(path, `it has ${model.outputs.length} outputs; one is needed`);
  const shape = model.inputs[0].shape;
  const text = shape
    .slice(1)
    .map((size) => size ?? 'any')
    .join(' x ');
  if (shape.length !== 4) throw unsupported(path, `its input (${text}) is not an image of height x width x channels`);
  const [, height, width, channels] = shape;
  if (channels !== 1 && channels !== 3) {
    const hint = height === 1 || height === 3 ? '; save it with the channels last' : '';
    throw unsupported(
      path,
      `its images (${text}) have ${channels ?? 'any number of'} channels; 1 or 3 are needed${hint}`,
    );
  }
  if (!height || !width) {
    throw unsupported(
      path,
      `its input size is not fixed (${text}); save it with a fixed one, such as 224 x 224 x ${channels}`,
    );
  }
  return [height, width, channels];
}

/** Class names of layers in a topology that TensorFlow.js does not know, each once. */
function unknownLayerTypes(topology: unknown): string[] {
  const known = tf.serialization.SerializationMap.getMap().classNameMap;
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { class_name: className, config, model_config: modelConfig } = value as Record<string, unknown>;
    if (modelConfig !== undefined) return visit(modelConfig);
    if (typeof className === 'string' && !(className in known)) found.add(className);
    const layers = Array.isArray(config) ? config : (config as { layers?: unknown } | undefined)?.layers;
    if (Array.isArray(layers)) layers.forEach(visit);
  };
  visit(topology);
  return [...found];
}

function unknownTypesDetail(types: string[]): string {
  const names = types.map((type) => `"${type}"`).join(', ');
  return types.length === 1
    ? `TensorFlow.js does not know its layer type ${names}`
    : `TensorFlow.js does not know its layer types ${names}`;
}

function unsupported(path: string, detail: string): ThawError {
  return new ThawError({ reason: 'modelUnsupported', path, detail });
}

/** Words for what TensorFlow.js throws; only the first line of its messages is meant for readers. */
function loadingProblem(error: unknown, path: string): ThawError {
  const message = error instanceof Error ? error.message : String(error);
  const detail = message.split('\n')[0].replace(/\.\s*$/, '');
  const unset = /^\d+ of \d+ weights are not set/.exec(detail);
  if (unset) return new ThawError({ reason: 'modelNoWeights', path, detail: unset[0] });
  return unsupported(path, detail);
}
