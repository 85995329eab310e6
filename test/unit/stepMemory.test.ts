import { describe, expect, it } from 'vitest';
import type { NetworkSteps, PhaseStep, PhaseSteps } from '../../src/shared/networkSteps.ts';
import { inferencePeak, trainingPeak } from '../../src/shared/stepMemory.ts';

function step(inputs: number[], output: number, size: number, changes: Partial<PhaseStep> = {}): PhaseStep {
  return {
    ...{ kind: 'convolution', layers: [`step ${output}`], inputs, output, size, filter: 0, activation: true },
    ...{ columns: 0, passes: false, rate: 0, normalization: null, whenAdaptive: [] },
    ...{ trains: true, gradientInputs: inputs.filter((input) => input > 0), adaptive: false, active: false },
    ...changes,
  };
}

function networkOf(steps: PhaseStep[]): NetworkSteps {
  return { steps, input: 7, output: 0, weights: {}, blocks: [], headLayers: [] };
}

function peakOf(suffix: PhaseStep[], images: number): number {
  const phase: PhaseSteps = { prefix: [], suffix, boundary: [0], boundarySize: 7, learned: { values: 0, tensors: 0 } };
  return trainingPeak(networkOf(suffix), phase, images);
}

describe('memory of a step', () => {
  it('holds all outputs forward, and what the gradients of convolutions take on the way back', () => {
    const steps = [step([0], 1, 100), step([1], 2, 40), step([2], 3, 10, { activation: false })];
    // Forward 100 + 40 + 10; most in the first step, whose output is beside its gradient in front of and behind the mask.
    expect(peakOf(steps, 1)).toBe(300);
    expect(peakOf(steps, 3)).toBe(900);
    // Without an activation in the first step: in the second, value 1, value 2 as mask of its gradient, gradient 1.
    expect(peakOf([{ ...steps[0], activation: false }, ...steps.slice(1)], 1)).toBe(100 + 40 + 100);
  });

  it('keeps neither inputs nor outputs where nothing trains before', () => {
    const frozen = { trains: false, gradientInputs: [] };
    const steps = [step([0], 1, 100, frozen), step([1], 2, 50, frozen), step([2], 3, 10, { gradientInputs: [] })];
    // All three outputs until the loss is there.
    expect(peakOf(steps, 1)).toBe(160);
  });

  it('counts what a stride unfolds, up to as much as is unfolded at a time', () => {
    const strided = (columns: number): PhaseStep[] => [
      step([0], 1, 100),
      step([1], 2, 10, { columns, activation: false }),
    ];
    // Value 1 and its gradient beside it.
    expect(peakOf(strided(1000), 1)).toBe(100 + 100 + 1000);
    const most = 16 * 2 ** 20;
    expect(peakOf(strided(most), 4)).toBe(4 * 200 + most);
    expect(peakOf(strided(2 * most), 4)).toBe(4 * 200 + 2 * most);
  });

  it('counts a value once that several steps take, and the gradients that are added up', () => {
    const branch = [step([0], 1, 100), step([1], 2, 10), step([1], 3, 10)];
    const joined = step([2, 3], 4, 10, { kind: 'layer', activation: false, trains: false });
    // Value 1, the sum of its gradients with the second one, masked; and the three that the layer keeps.
    expect(peakOf([...branch, joined], 1)).toBe(400 + 30);
  });

  it('needs two or three values at a time without gradients', () => {
    const steps = [step([0], 1, 100), step([1], 2, 40), step([2], 3, 60)];
    // The input, which is given, beside 100 and 40.
    expect(inferencePeak(networkOf(steps), steps, [0], [3])).toBe(7 + 140);
    // What is wanted stays.
    expect(inferencePeak(networkOf(steps), steps, [0], [1, 3])).toBe(7 + 200);
  });
});
