import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { unpackSample } from '../../src/node/sampleProject.ts';
import type { Plan } from '../../src/shared/plan.ts';
import type { EvaluateResult } from '../../src/shared/results.ts';
import { pairedDifferenceInterval } from '../../src/shared/statistics.ts';
import { runCli } from '../support/runCli.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const MEDIA = fileURLToPath(new URL('../../media/', import.meta.url));

async function correctAnswers(plan: string, run: string, data: string): Promise<Map<string, boolean>> {
  const cwd = dirname(plan);
  const trained = await runCli(['train', plan, '--run', run, '--json'], { cwd });
  expect([trained.code, trained.stderr]).toEqual([0, '']);
  const evaluated = await runCli(['evaluate', run, '--data', data, '--json'], { cwd });
  expect([evaluated.code, evaluated.stderr]).toEqual([0, '']);
  const { images } = evaluated.json as unknown as EvaluateResult;
  return new Map(images.map(({ file, correct }) => [file, correct]));
}

/** The same architecture and data from random weights, with everything trained and statistics adapting. */
async function writeScratchPlan(transfer: string): Promise<string> {
  const plan = JSON.parse(await readFile(transfer, 'utf8')) as Plan;
  const scratch: Plan = {
    ...plan,
    weights: 'random',
    batchNorm: 'adapt',
    blocks: Object.fromEntries(Object.keys(plan.blocks).map((name) => [name, { frozen: false, learningRate: 1e-3 }])),
    phases: [{ name: 'all', epochs: 40 }],
    earlyStopping: { patience: 10 },
  };
  const path = join(dirname(transfer), 'scratch.finetune.json');
  await writeFile(path, JSON.stringify(scratch));
  return path;
}

it('the head alone, on 40 digits a class, beats training from scratch by a margin clear of zero', async () => {
  const folder = await temporaryFolder();
  const plans = await unpackSample(MEDIA, folder);
  const transferPlan = plans.find((path) => path.endsWith('digits-few.finetune.json')) ?? '';
  const data = join(folder, 'digits-few');
  const transfer = await correctAnswers(transferPlan, join(folder, 'transfer'), data);
  const scratch = await correctAnswers(await writeScratchPlan(transferPlan), join(folder, 'scratch'), data);
  const files = [...transfer.keys()];
  expect(files).toHaveLength(500);
  const answers = (from: Map<string, boolean>): boolean[] => files.map((file) => from.get(file) === true);
  const { low, difference } = pairedDifferenceInterval(answers(transfer), answers(scratch));
  expect(difference).toBeGreaterThan(0);
  expect(low).toBeGreaterThan(0);
});

it('has a plan for every corner of the table, each valid with its data', async () => {
  const folder = await temporaryFolder();
  const plans = await unpackSample(MEDIA, folder);
  const corners: unknown[] = [];
  for (const plan of plans) {
    const checked = await runCli(['check', plan, '--json'], { cwd: folder });
    expect([checked.code, checked.json.valid, checked.stderr]).toEqual([0, true, '']);
    const { advice } = JSON.parse(await readFile(plan, 'utf8')) as Plan;
    corners.push(`${advice?.data}/${advice?.similarity}`);
  }
  expect(corners.sort()).toEqual(['high/high', 'high/low', 'low/high', 'low/low']);
});
