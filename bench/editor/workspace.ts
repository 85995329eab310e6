import { rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readPlanFile } from '../../src/node/planFile.ts';
import { runsFolder } from '../../src/node/runFolder.ts';
import { unpackSample } from '../../src/node/sampleProject.ts';
import type { PlanInput } from '../../src/shared/plan.ts';
import { THAW_VERSION } from '../../src/shared/version.ts';
import { saveNetwork } from '../../src/trainer/model/saveNetwork.ts';
import { buildInceptionV3, INCEPTION_SIZE } from '../inceptionV3.ts';
import { seedNetwork } from '../seedNetwork.ts';
import { writeLongRuns } from './longRuns.ts';
import { INCEPTION_PLAN, RUNS_PLAN } from './plans.ts';

const SEED = 42;
/** As many layers as at full width, and a sixteenth of the weights. */
const WIDTH = 1 / 4;
const INCEPTION_FOLDER = 'inception';
const UNFROZEN = { frozen: false, learningRate: 1e-4 };

/**
 * Writes what the editor is measured on: the sample project; its smallest plan, made to train every layer for long, with
 * eight finished runs of 20,000 steps; and a plan on InceptionV3 with seeded weights. Runs of an earlier time are removed.
 *
 * @param media folder `media` of the project
 * @returns names of the runs, newest first
 */
export async function writeWorkspace(folder: string, media: string): Promise<string[]> {
  await unpackSample(media, folder);
  await rm(runsFolder(folder), { recursive: true, force: true });
  const path = join(folder, RUNS_PLAN);
  const { plan } = await readPlanFile(join(media, 'sample', basename(path)));
  const blocks = Object.keys(plan.blocks);
  const long = {
    ...plan,
    blocks: Object.fromEntries(blocks.map((block) => [block, UNFROZEN])),
    phases: [{ name: 'all', epochs: 2000 }],
    earlyStopping: null,
  };
  await writeFile(path, `${JSON.stringify(long, null, 2)}\n`);
  await writeInception(folder, plan.data);
  return writeLongRuns(folder, path, plan, blocks);
}

async function writeInception(folder: string, data: PlanInput['data']): Promise<void> {
  const model = buildInceptionV3(WIDTH);
  seedNetwork(model, SEED);
  const input = { range: '-1..1', resize: 'crop', channels: 'rgb' } as const;
  const size = { width: INCEPTION_SIZE, height: INCEPTION_SIZE };
  const labels = Array.from({ length: model.outputs[0].shape[1] ?? 0 }, (_, index) => `class ${index}`);
  const metadata = { labels, preprocessing: { ...input, ...size }, thaw: { version: THAW_VERSION } };
  await saveNetwork(model, join(folder, INCEPTION_FOLDER), metadata);
  model.dispose();
  const plan: PlanInput = {
    version: 1,
    model: INCEPTION_FOLDER,
    input,
    data,
    head: { classes: ['eight', 'five', 'nine', 'seven', 'six'] },
    blocks: {},
    phases: [
      { name: 'head', epochs: 5 },
      { name: 'fine-tune', epochs: 10 },
    ],
    optimizer: { name: 'adam', headLearningRate: 1e-3 },
  };
  await writeFile(join(folder, INCEPTION_PLAN), `${JSON.stringify(plan, null, 2)}\n`);
}
