import type { PlanContext } from '../../src/shared/planCheck.ts';
import { planSchema, type Plan, type PlanInput } from '../../src/shared/plan.ts';

/** A small valid plan as a person would write it; `changes` replaces top-level keys. */
export function samplePlanInput(changes: Partial<PlanInput> = {}): PlanInput {
  return {
    version: 1,
    model: 'models/mobilenet',
    input: { range: '-1..1', resize: 'crop', channels: 'rgb' },
    data: { train: 'flowers/train', validation: 0.2 },
    head: { after: 'b3_act', classes: ['aster', 'daisy', 'iris'] },
    blocks: {
      b2: { frozen: true, layers: { b2_conv: { frozen: false, learningRate: 2e-5 } } },
      b3: { frozen: false, learningRate: 1e-4 },
    },
    phases: [
      { name: 'head', epochs: 5, unfreeze: [] },
      { name: 'fine-tune', epochs: 10, unfreeze: ['b2', 'b3'] },
    ],
    optimizer: { name: 'adam', headLearningRate: 1e-3 },
    ...changes,
  };
}

export function samplePlan(changes: Partial<PlanInput> = {}): Plan {
  return planSchema.parse(samplePlanInput(changes));
}

/** The network of the sample plan: three blocks of a convolution, its normalization and a weightless activation. */
export const sampleContext: PlanContext = {
  blocks: ['b1', 'b2', 'b3'].map((name) => ({ name, layers: [`${name}_conv`, `${name}_bn`, `${name}_act`] })),
  layers: ['b1', 'b2', 'b3'].flatMap((name) => [
    { name: `${name}_conv`, weighted: true },
    { name: `${name}_bn`, weighted: true },
    { name: `${name}_act`, weighted: false },
  ]),
};
