import { expect, it } from 'vitest';
import { readModelFiles } from '../../src/node/modelFiles.ts';
import { readPlanFile } from '../../src/node/planFile.ts';
import { phaseSteps } from '../../src/shared/networkSteps.ts';
import type { PlanInput } from '../../src/shared/plan.ts';
import { compilePhase } from '../../src/trainer/training/phaseProgram.ts';
import { describeSteps } from '../../src/trainer/training/describeSteps.ts';
import { prepareNetwork } from '../../src/trainer/training/prepareNetwork.ts';
import { temporaryFolder } from '../support/imageFiles.ts';
import { SMALL_BLOCKS, useEngine, writeModel, writePlan } from '../support/trainingFixture.ts';
import { join } from 'node:path';

const all = Object.fromEntries(SMALL_BLOCKS.map((name) => [name, { frozen: false }]));
const middle = { middle: { frozen: false } };
const oneLayer = { middle: { frozen: true, layers: { middle_project: { frozen: false } } } };

const PLANS: [string, Partial<PlanInput>][] = [
  ['the head', {}],
  ['the last block', { blocks: { top: { frozen: false } } }],
  ['a block in the middle', { blocks: middle }],
  ['a layer of a block', { blocks: oneLayer }],
  ['all layers', { blocks: all }],
  ['all but batch normalization', { blocks: all, batchNorm: 'locked' }],
  ['all layers, adaptive', { blocks: all, batchNorm: 'adapt' }],
  ['a block in the middle, adaptive', { blocks: middle, batchNorm: 'adapt' }],
  ['a head with hidden layers and dropout', { head: { classes: ['left', 'right'], hidden: [5], dropout: 0.5 } }],
];

it.each(PLANS)('describes what the trainer compiles: %s', async (_, changes) => {
  await useEngine();
  const folder = await temporaryFolder();
  await writeModel(join(folder, 'model'));
  const file = await readPlanFile(await writePlan(folder, changes));
  const network = await prepareNetwork(file.plan, await readModelFiles(join(folder, 'model')));
  const program = compilePhase(file.plan, 0, network);
  const phase = phaseSteps(file.plan, 0, describeSteps(network));
  const kindsOf = (steps: readonly { kind: string; layers: string[] }[]) =>
    steps.map(({ kind, layers }) => `${kind} ${layers.join(' ')}`);
  expect(kindsOf(phase.prefix)).toEqual(kindsOf(program.prefix));
  expect(kindsOf(phase.suffix)).toEqual(kindsOf(program.suffix));
  const sizes = new Map(program.sequence.steps.map((step) => [step.output, step.outputShape]));
  const boundary = program.boundary.map((id) => (sizes.get(id) ?? [12, 12, 3]).reduce((a, b) => a * b, 1));
  expect(phase.boundarySize).toBe(boundary.reduce((sum, size) => sum + size, 0));
  expect(phase.learned).toEqual({ values: program.trainableParameters, tensors: program.variables.length });
  program.suffix.forEach((step, place) => {
    const described = phase.suffix[place];
    expect(described.gradientInputs).toHaveLength(step.inputs.filter((id) => program.differentiable.has(id)).length);
    expect(described.trains).toBe(step.layers.some((layer) => program.trainable.has(layer)));
    expect(described.adaptive).toBe(step.kind === 'normalization' && step.adaptive);
  });
  program.dispose();
  network.model.dispose();
});
