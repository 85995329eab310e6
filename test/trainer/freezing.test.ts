import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OPTIMIZER_NAMES, type PlanInput } from '../../src/shared/plan.ts';
import { hashTensors } from '../../src/node/freezeProof.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { release, SMALL_BLOCKS, trainHere, writePlan, writeProject } from '../support/trainingFixture.ts';

const LAYERS: Record<(typeof SMALL_BLOCKS)[number], string[]> = {
  stem: ['stem', 'stem_bn'],
  middle: ['middle_depthwise', 'middle_bn', 'middle_project', 'middle_project_bn'],
  top: ['top', 'top_bn'],
};

/** Any choice of frozen and unfrozen blocks, with any single layers the other way. */
const blocks = fc.record(
  Object.fromEntries(
    SMALL_BLOCKS.map((name) => [
      name,
      fc.record({
        frozen: fc.boolean(),
        layers: fc.dictionary(fc.constantFrom(...LAYERS[name]), fc.record({ frozen: fc.boolean() }), { maxKeys: 3 }),
      }),
    ]),
  ),
) as fc.Arbitrary<PlanInput['blocks']>;

const plans = fc.record({
  blocks,
  optimizer: fc.record(
    {
      name: fc.constantFrom(...OPTIMIZER_NAMES),
      headLearningRate: fc.constant(0.05),
      weightDecay: fc.constant(0.1),
      clipNorm: fc.constant(1),
    },
    { requiredKeys: ['name', 'headLearningRate'] },
  ),
  l2: fc.constantFrom(0, 0.01),
  labelSmoothing: fc.constantFrom(0, 0.1),
  batchNorm: fc.constantFrom('locked' as const, 'affine' as const, 'adapt' as const),
});

it('keeps frozen tensors bit for bit, for any blocks and layers, optimizer, penalties and batch-norm policy', async () => {
  const folder = await temporaryFolder();
  await writeProject(folder, {}, 6);
  const source = await hashTensors(join(folder, 'model', 'model.json'));
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(plans, async ({ blocks: chosen, batchNorm, ...rest }) => {
      const plan = await writePlan(folder, {
        blocks: chosen,
        batchNorm,
        ...rest,
        phases: [{ name: 'all', epochs: 1 }],
      });
      const trained = await trainHere(plan, { run: join(folder, `run-${runs++}`) });
      expect(trained.result.freezeProof?.changed).toEqual([]);
      const saved = await hashTensors(join(trained.run.modelPath, 'model.json'));
      for (const block of SMALL_BLOCKS) {
        for (const layer of LAYERS[block]) {
          const frozen = chosen[block].layers?.[layer]?.frozen ?? chosen[block].frozen;
          for (const [weight, hash] of source) {
            if (!weight.startsWith(`${layer}/`)) continue;
            const moving = /moving_/.test(weight);
            const constant =
              frozen || (moving && batchNorm !== 'adapt') || (layer.endsWith('_bn') && batchNorm === 'locked');
            expect([weight, saved.get(weight) === hash]).toEqual([weight, constant]);
          }
        }
      }
      release(trained);
    }),
    { numRuns: 40, seed: 3 },
  );
});
