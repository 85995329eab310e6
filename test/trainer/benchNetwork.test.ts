import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { benchmarkNetwork, stagePlan } from '../../bench/benchmarkNetwork.ts';
import { buildMobileNetV2 } from '../../bench/mobileNetV2.ts';
import { compilePhase } from '../../src/trainer/training/phaseProgram.ts';
import type { PreparedNetwork } from '../../src/trainer/training/prepareNetwork.ts';

let network: PreparedNetwork;
beforeAll(async () => {
  await tf.setBackend('cpu');
  network = benchmarkNetwork();
});

function trainedFrom(stage: Parameters<typeof stagePlan>[0]): string | null {
  const program = compilePhase(stagePlan(stage, network), 0, network);
  program.dispose();
  return program.cachedTo;
}

describe('network of the benchmark', () => {
  it('is MobileNetV2 1.0 as keras.applications builds it', () => {
    const model = buildMobileNetV2(224);
    expect(model.countParams()).toBe(2_257_984);
    expect(model.layers).toHaveLength(154);
    expect(model.outputs[0].shape).toEqual([null, 7, 7, 1280]);
    expect(model.getLayer('block_13_pad').outboundNodes).toHaveLength(1);
  });

  it('has the same weights every time', () => {
    const again = benchmarkNetwork();
    const values = (prepared: PreparedNetwork) =>
      prepared.model.getLayer('block_7_expand_BN').getWeights()[2].dataSync();
    expect(values(again)).toEqual(values(network));
  });

  it.each([
    ['forward', 'head_pool'],
    ['head', 'head_pool'],
    ['lastBlock', 'block_15_add'],
    ['lastThird', 'block_10_project_BN'],
    ['lastTwoThirds', 'block_5_add'],
    ['all', null],
  ] as const)('trains in stage %s what follows %s', (stage, last) => {
    expect(trainedFrom(stage)).toBe(last);
  });
});
