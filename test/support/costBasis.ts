import type { NetworkStep, NetworkSteps } from '../../src/shared/networkSteps.ts';
import { type NetworkTimes, timeKey } from '../../src/shared/networkTimes.ts';
import type { PlanLayer, PlanNetwork } from '../../src/shared/planView.ts';
import type { CostBasis } from '../../src/shared/predictCost.ts';

/** A chain of steps, one a layer: convolutions where it has weights, else layers; the last one is the logits. */
export function chainOf(network: PlanNetwork): NetworkSteps {
  const layers = [...network.blocks.flatMap((block) => block.layers), ...network.head];
  const numbersOf = ({ outputShape }: PlanLayer): number =>
    outputShape.reduce<number>((product, length) => product * (length ?? 1), 1);
  const steps = layers.map((layer, index): NetworkStep => {
    const last = index === layers.length - 1;
    const kind = last
      ? 'logits'
      : layer.normalization
        ? 'normalization'
        : layer.learnable > 0
          ? 'convolution'
          : 'layer';
    return {
      kind,
      layers: [layer.name],
      inputs: [index],
      output: index + 1,
      size: numbersOf(layer),
      filter: kind === 'convolution' ? layer.parameters : 0,
      activation: false,
      columns: 0,
      passes: false,
      rate: 0,
      normalization: layer.normalization ? layer.name : null,
      whenAdaptive: [],
    };
  });
  const adapting = steps.map((step) => (step.normalization === null ? step : { ...step, whenAdaptive: [step] }));
  const weights = layers.map(({ name, parameters, learnable, normalization }) => [
    name,
    { learned: learnable, tensors: learnable > 0 ? 2 : 0, all: parameters, normalization },
  ]);
  return {
    steps: adapting,
    input: network.inputShape.reduce((product, length) => product * length, 1),
    output: layers.length,
    weights: Object.fromEntries(weights) as NetworkSteps['weights'],
    blocks: network.blocks.map((block) => ({ name: block.name, layers: block.layers.map((layer) => layer.name) })),
    headLayers: network.head.map((layer) => layer.name),
  };
}

/** Each step takes 1 ms an image, 2 ms where gradients pass, 3 ms where it trains; nothing else takes any time. */
export function evenTimes({ steps }: NetworkSteps): NetworkTimes {
  const of = (step: NetworkStep, adaptive: boolean) =>
    [timeKey({ ...step, adaptive }), { forward: [0, 0.001], carry: [0, 0.002], train: [0, 0.003] }] as const;
  const none: [number, number] = [0, 0];
  return {
    steps: Object.fromEntries(steps.map((step) => of(step, false))) as NetworkTimes['steps'],
    adaptive: false,
    batch: none,
    judged: none,
    optimizers: { adam: none, adamw: none, sgd: none, rmsprop: none },
    sum: none,
    pixels: 0,
    vary: { move: 0, color: 0, erase: 0 },
    toEngine: 0,
    fromEngine: 0,
    checkpoint: none,
  };
}

/** A basis with even times and memory enough. */
export function basisOf(network: PlanNetwork): CostBasis {
  const chain = chainOf(network);
  return {
    network: chain,
    times: evenTimes(chain),
    openSeconds: 0.01,
    memory: {
      engine: { baseBytes: 100e6, factor: 1.25, limitBytes: 4e9 },
      budgetBytes: 8e9,
      pixelLimitBytes: 1.5e9,
      featureLimitBytes: 6e9,
    },
  };
}
