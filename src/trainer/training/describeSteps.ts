import type * as tfl from '@tensorflow/tfjs-layers';
import type { LayerWeights, NetworkStep, NetworkSteps } from '../../shared/networkSteps.ts';
import { layerWeights } from '../execution/layerWeights.ts';
import { compileSteps, type Step, type ValueId } from '../execution/steps.ts';
import type { PreparedNetwork } from './prepareNetwork.ts';

/** Layers that hand on the values they get, in another shape or in none. */
const PASSING_LAYERS: ReadonlySet<string> = new Set([
  'Flatten',
  'Reshape',
  'InputLayer',
  'Dropout',
  'SpatialDropout2D',
]);

/** The steps of a network with a plan's head, for all the ways in which a plan may train it. */
export function describeSteps(network: PreparedNetwork): NetworkSteps {
  const { model, blocks, headLayers, logitsLayer, input } = network;
  const folded = compileSteps(model, { logits: logitsLayer });
  const adaptive = compileSteps(model, { logits: logitsLayer, adaptive: () => true });
  const numbers = new Map<ValueId, number>([[folded.input, 0]]);
  for (const { output } of adaptive.steps) numbers.set(output, numbers.size);
  const describe = (step: Step): NetworkStep => describeStep(step, numbers, model);
  return {
    steps: folded.steps.map((step) => {
      const described = describe(step);
      if (described.normalization === null) return described;
      const layers = new Set(step.layers);
      const parts = adaptive.steps.filter((part) => part.layers.some((layer) => layers.has(layer)));
      return { ...described, whenAdaptive: parts.map(describe) };
    }),
    input: input.height * input.width * input.channels,
    output: numbers.get(folded.output) ?? 0,
    weights: Object.fromEntries(model.layers.map((layer) => [layer.name, weightsOf(layer)])),
    blocks: blocks.map(({ name, layers }) => ({ name, layers })),
    headLayers,
  };
}

function describeStep(step: Step, numbers: ReadonlyMap<ValueId, number>, model: tfl.LayersModel): NetworkStep {
  const numberOf = (id: ValueId): number => numbers.get(id) ?? 0;
  const product = (shape: readonly number[]): number => shape.reduce((all, length) => all * length, 1);
  return {
    kind: step.kind,
    layers: [...step.layers],
    inputs: step.inputs.map(numberOf),
    output: numberOf(step.output),
    size: product(step.outputShape),
    filter: step.kind === 'convolution' ? filterSize(step) : 0,
    activation: step.kind === 'convolution' && step.attributes.activation !== 'linear',
    columns: step.kind === 'convolution' ? unfoldedSize(step) : 0,
    passes:
      step.kind === 'dropout' || step.layers.every((name) => PASSING_LAYERS.has(model.getLayer(name).getClassName())),
    rate: step.kind === 'dropout' ? step.rate : 0,
    normalization:
      step.kind === 'normalization' || step.kind === 'convolution' ? (step.normalization?.name ?? null) : null,
    whenAdaptive: [],
  };
}

type Convolution = Extract<Step, { kind: 'convolution' }>;

function kernelShape({ convolution }: Convolution): number[] {
  return layerWeights(convolution).find(({ isKernel }) => isKernel)?.variable.shape ?? [];
}

function filterSize(step: Convolution): number {
  return kernelShape(step).reduce((all, length) => all * length, 1) + step.outputShape[step.outputShape.length - 1];
}

/** With a stride the gradient of the input is unfolded: each place of the output by all the inputs that it saw. */
function unfoldedSize(step: Convolution): number {
  const { kind, strides } = step.attributes;
  const [height, width, inputs] = kernelShape(step);
  if (kind === 'depthwise' || height * width === 1 || Math.max(...strides) === 1) return 0;
  return step.outputShape[0] * step.outputShape[1] * height * width * inputs;
}

function weightsOf(layer: tfl.layers.Layer): LayerWeights {
  const weights: LayerWeights = {
    learned: 0,
    tensors: 0,
    all: 0,
    normalization: layer.getClassName() === 'BatchNormalization',
  };
  for (const { learned, variable } of layerWeights(layer)) {
    weights.all += variable.size;
    if (!learned) continue;
    weights.learned += variable.size;
    weights.tensors++;
  }
  return weights;
}
