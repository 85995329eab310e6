import type * as tfl from '@tensorflow/tfjs-layers';
import type { ConvolutionAttributes, FusedActivation } from '../engine/engine.ts';

/** Identifies one tensor of the graph (the id of its symbolic tensor). */
export type ValueId = number;

interface StepBase {
  /** Names of the layers this step computes: more than one where they are folded together. */
  layers: string[];
  inputs: ValueId[];
  output: ValueId;
  /** Shape of the output without the batch dimension. */
  outputShape: number[];
}

/** A convolution with the batch normalization and activation that follow it, computed as one operation. */
export interface ConvolutionStep extends StepBase {
  kind: 'convolution';
  convolution: tfl.layers.Layer;
  normalization: tfl.layers.Layer | null;
  attributes: ConvolutionAttributes;
}

export interface NormalizationStep extends StepBase {
  kind: 'normalization';
  normalization: tfl.layers.Layer;
  /** Uses and moves the statistics of the batch while training (policy `adapt`). */
  adaptive: boolean;
}

/** The last layer of the head, computed without its softmax. */
export interface LogitsStep extends StepBase {
  kind: 'logits';
  dense: tfl.layers.Layer;
}

export interface DropoutStep extends StepBase {
  kind: 'dropout';
  rate: number;
}

/** Any other layer, computed by TensorFlow.js in inference mode. */
export interface LayerStep extends StepBase {
  kind: 'layer';
  layer: tfl.layers.Layer;
}

export type Step = ConvolutionStep | NormalizationStep | LogitsStep | DropoutStep | LayerStep;

/** A network as a sequence of steps in topological order. */
export interface StepSequence {
  steps: Step[];
  input: ValueId;
  output: ValueId;
}

export interface CompileOptions {
  /** Batch normalization layers that use the batch's statistics: they are not folded. */
  adaptive?: (layer: string) => boolean;
  /** Keeps every layer a step of its own, as needed to look between them. */
  separate?: boolean;
  /** Name of the last Dense layer whose softmax is left away. */
  logits?: string;
}

interface Call {
  layer: tfl.layers.Layer;
  inputs: ValueId[];
  output: ValueId;
  outputShape: number[];
}

/**
 * Turns a flat functional LayersModel (one input, one output) into steps. A convolution is folded with the batch
 * normalization that alone consumes it and with the ReLU or ReLU6 that alone consumes that (Jacob et al. 2018,
 * https://arxiv.org/abs/1712.05877, section 3.2).
 */
export function compileSteps(model: tfl.LayersModel, options: CompileOptions = {}): StepSequence {
  const calls = listCalls(model);
  const output = model.outputs[0].id;
  const consumers = new Map<ValueId, Call[]>();
  for (const call of calls) for (const id of call.inputs) consumers.set(id, [...(consumers.get(id) ?? []), call]);
  const onlyConsumer = (id: ValueId): Call | null => {
    const all = consumers.get(id) ?? [];
    return all.length === 1 && id !== output ? all[0] : null;
  };
  const done = new Set<Call>();
  const steps: Step[] = [];
  for (const call of calls) {
    if (done.has(call)) continue;
    steps.push(compileCall(call, options, onlyConsumer, done));
  }
  return { steps, input: model.inputs[0].id, output };
}

/** Calls of layers in topological order, input layers left out. */
function listCalls(model: tfl.LayersModel): Call[] {
  const calls: Call[] = [];
  const seen = new Set<ValueId>(model.inputs.map((input) => input.id));
  const visit = (symbolic: tfl.SymbolicTensor): void => {
    if (seen.has(symbolic.id)) return;
    seen.add(symbolic.id);
    const node = symbolic.sourceLayer.inboundNodes[symbolic.nodeIndex];
    node.inputTensors.forEach(visit);
    calls.push({
      layer: symbolic.sourceLayer,
      inputs: node.inputTensors.map((tensor) => tensor.id),
      output: symbolic.id,
      outputShape: symbolic.shape.slice(1).map((size) => size ?? 1),
    });
  };
  model.outputs.forEach(visit);
  return calls;
}

function compileCall(
  call: Call,
  options: CompileOptions,
  onlyConsumer: (id: ValueId) => Call | null,
  done: Set<Call>,
): Step {
  const { layer } = call;
  const base = { layers: [layer.name], inputs: call.inputs, output: call.output, outputShape: call.outputShape };
  if (layer.name === options.logits) return { ...base, kind: 'logits', dense: layer };
  const type = layer.getClassName();
  if (type === 'Dropout') return { ...base, kind: 'dropout', rate: Number(layer.getConfig().rate) };
  const foldable = (id: ValueId): Call | null => (options.separate ? null : onlyConsumer(id));
  const padded = type === 'ZeroPadding2D' ? foldable(call.output) : null;
  if (padded && padsLikeSame(call, padded.layer)) return foldPadding(call, padded, foldable, done, options.adaptive);
  if (type === 'BatchNormalization' && normalizesLastAxis(layer, call.outputShape)) {
    return { ...base, kind: 'normalization', normalization: layer, adaptive: options.adaptive?.(layer.name) ?? false };
  }
  const attributes = convolutionAttributes(layer);
  if (!attributes) return { ...base, kind: 'layer', layer };
  return foldConvolution(call, attributes, foldable, done, options.adaptive);
}

function foldConvolution(
  call: Call,
  attributes: ConvolutionAttributes,
  foldable: (id: ValueId) => Call | null,
  done: Set<Call>,
  adaptive: CompileOptions['adaptive'],
): ConvolutionStep {
  const folded = [call];
  let activation = attributes.activation;
  let normalization: tfl.layers.Layer | null = null;
  if (activation === 'linear') {
    const next = foldable(call.output);
    if (
      next?.layer.getClassName() === 'BatchNormalization' &&
      normalizesLastAxis(next.layer, next.outputShape) &&
      !adaptive?.(next.layer.name)
    ) {
      normalization = next.layer;
      folded.push(next);
    }
    const after = foldable(folded[folded.length - 1].output);
    const fused = after && fusedActivation(after.layer);
    if (after && fused) {
      activation = fused;
      folded.push(after);
    }
  }
  folded.forEach((part) => done.add(part));
  const last = folded[folded.length - 1];
  return {
    kind: 'convolution',
    layers: folded.map((part) => part.layer.name),
    inputs: call.inputs,
    output: last.output,
    outputShape: last.outputShape,
    convolution: call.layer,
    normalization,
    attributes: { ...attributes, activation },
  };
}

/** A convolution without padding behind a layer that pads, as one convolution that pads by itself. */
function foldPadding(
  padding: Call,
  convolution: Call,
  foldable: (id: ValueId) => Call | null,
  done: Set<Call>,
  adaptive: CompileOptions['adaptive'],
): ConvolutionStep {
  const attributes = convolutionAttributes(convolution.layer) as ConvolutionAttributes;
  const padded = { ...convolution, inputs: padding.inputs };
  const step = foldConvolution(padded, { ...attributes, padding: 'same' }, foldable, done, adaptive);
  done.add(convolution);
  return { ...step, layers: [padding.layer.name, ...step.layers] };
}

/** Whether a ZeroPadding2D does for the convolution behind it what the padding `same` would. */
function padsLikeSame(padding: Call, layer: tfl.layers.Layer): boolean {
  const attributes = convolutionAttributes(layer);
  if (attributes?.padding !== 'valid') return false;
  const { padding: pads, dataFormat, data_format: savedFormat } = padding.layer.getConfig();
  if ((dataFormat ?? savedFormat) === 'channelsFirst') return false;
  const kernel = pair(layer.getConfig().kernelSize ?? layer.getConfig().kernel_size);
  return [0, 1].every((axis) => {
    const [before, after] = pair((pads as unknown[])[axis]);
    const size = padding.outputShape[axis] - before - after;
    const reach = (kernel[axis] - 1) * attributes.dilations[axis];
    const total = (Math.ceil(size / attributes.strides[axis]) - 1) * attributes.strides[axis] + reach + 1 - size;
    return total >= 0 && before === Math.floor(total / 2) && after === total - before;
  });
}

function normalizesLastAxis(layer: tfl.layers.Layer, outputShape: number[]): boolean {
  const axis = Number(layer.getConfig().axis ?? -1);
  return axis === -1 || axis === outputShape.length;
}

/** The fused activation an activation layer computes, or null where it is another one. */
function fusedActivation(layer: tfl.layers.Layer): FusedActivation | null {
  const config = layer.getConfig();
  switch (layer.getClassName()) {
    case 'ReLU':
      if (config.maxValue === 6 || config.max_value === 6) return 'relu6';
      return (config.maxValue ?? config.max_value ?? null) === null ? 'relu' : null;
    case 'Activation':
      return config.activation === 'relu' || config.activation === 'relu6' ? config.activation : null;
    default:
      return null;
  }
}

function pair(value: unknown): [number, number] {
  return Array.isArray(value) ? [Number(value[0]), Number(value[1] ?? value[0])] : [Number(value), Number(value)];
}

/** Attributes of a two-dimensional convolution that the engine can fuse, else null. */
function convolutionAttributes(layer: tfl.layers.Layer): ConvolutionAttributes | null {
  const type = layer.getClassName();
  if (type !== 'Conv2D' && type !== 'DepthwiseConv2D') return null;
  const config = layer.getConfig();
  const activation = config.activation ?? 'linear';
  if (config.dataFormat === 'channelsFirst' || config.data_format === 'channels_first') return null;
  if (config.padding !== 'same' && config.padding !== 'valid') return null;
  if (activation !== 'linear' && activation !== 'relu' && activation !== 'relu6') return null;
  return {
    kind: type === 'Conv2D' ? 'conv2d' : 'depthwise',
    strides: pair(config.strides ?? 1),
    padding: config.padding,
    dilations: pair(config.dilationRate ?? config.dilation_rate ?? 1),
    activation,
  };
}

/** Values that are computed before step `position` and needed at or after it: what a cache at this cut must hold. */
export function boundaryAt(sequence: StepSequence, position: number): ValueId[] {
  const made = new Set<ValueId>([sequence.input]);
  sequence.steps.slice(0, position).forEach((step) => made.add(step.output));
  const needed = new Set<ValueId>();
  for (const step of sequence.steps.slice(position)) for (const id of step.inputs) if (made.has(id)) needed.add(id);
  if (made.has(sequence.output)) needed.add(sequence.output);
  return [...needed];
}

/** The layers whose weights and settings a step computes with. */
export function layersOf(step: Step): tfl.layers.Layer[] {
  switch (step.kind) {
    case 'convolution':
      return step.normalization ? [step.convolution, step.normalization] : [step.convolution];
    case 'normalization':
      return [step.normalization];
    case 'logits':
      return [step.dense];
    case 'layer':
      return [step.layer];
    case 'dropout':
      return [];
  }
}
