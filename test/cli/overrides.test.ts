import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/shared/plan.ts';
import { refusalOf } from '../support/refusal.ts';
import { type CliResult, runCli } from '../support/runCli.ts';
import { SMALL_BLOCKS, writeProject } from '../support/trainingFixture.ts';

const PLAN = 'small.finetune.json';
let folder: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'thaw-test-')));
  await writeProject(folder, {
    blocks: { top: { frozen: false } },
    phases: [
      { name: 'head', epochs: 1, unfreeze: [] },
      { name: 'all', epochs: 2 },
    ],
  });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const thaw = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: folder });

async function recordedPlan(run: string): Promise<Plan> {
  return JSON.parse(await readFile(join(folder, run, 'plan.json'), 'utf8')) as Plan;
}

describe('thaw train --set', () => {
  it('trains with other values than the file states, and goes on with them', async () => {
    const args = ['--set', 'phases.1.epochs=1', '--set', 'optimizer.name=sgd', '--set', 'augment={"flip":true}'];
    const { code } = await thaw('train', PLAN, '--run', 'set', '--quiet', '--seed', '7', ...args);
    expect(code).toBe(0);
    const plan = await recordedPlan('set');
    expect(plan).toMatchObject({ seed: 7, augment: { flip: true }, optimizer: { name: 'sgd' } });
    expect(plan.phases.map(({ epochs }) => epochs)).toEqual([1, 1]);
    // The command that is printed after Ctrl-C names the plan and the run alone.
    expect(await thaw('train', PLAN, '--resume', 'set', '--quiet')).toMatchObject({ code: 0, stderr: '' });
    const other = await thaw('train', PLAN, '--resume', 'set', '--set', 'phases.1.epochs=2');
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('phases') as string });
  });

  it.each([
    ['optimizer.headLearningRate', 'KEY=VALUE'],
    ['=3', 'KEY=VALUE'],
    ['optimizer.headLearningRate=fast', 'optimizer.headLearningRate'],
    ['phases.7.epochs=1', 'phases.7.epochs'],
    ['bachSize=8', 'batchSize'],
  ])('refuses %s', async (setting, named) => {
    expect(await refusalOf(['train', PLAN, '--set', setting], folder)).toContain(named);
  });
});

describe('thaw train --baseline', () => {
  it('trains every block from random weights for as many epochs, and is continued as such', async () => {
    const { code, json } = await thaw('train', PLAN, '--run', 'scratch', '--baseline', 'scratch', '--json');
    expect(code).toBe(0);
    expect(json).toMatchObject({ epochs: 3, freezeProof: null });
    const plan = await recordedPlan('scratch');
    expect(plan).toMatchObject({ weights: 'random', batchNorm: 'adapt', phases: [{ name: 'all', epochs: 3 }] });
    expect(Object.entries(plan.blocks).map(([name, { frozen }]) => [name, frozen])).toEqual(
      SMALL_BLOCKS.map((name) => [name, false]),
    );
    expect(await thaw('train', PLAN, '--resume', 'scratch', '--quiet')).toMatchObject({ code: 0, stderr: '' });
  });

  it('trains the head alone on frozen random weights', async () => {
    const args = ['train', PLAN, '--run', 'features', '--baseline', 'random-features', '--json'];
    const { code, json } = await thaw(...args);
    expect(code).toBe(0);
    const movement = json.movement as Record<string, number>;
    expect(SMALL_BLOCKS.map((name) => movement[name] ?? 0)).toEqual([0, 0, 0]);
    expect(await recordedPlan('features')).toMatchObject({ weights: 'random', batchNorm: 'locked' });
  });

  it.each([
    { why: 'an unknown baseline', args: ['--baseline', 'nothing'] },
    { why: 'weights to start from', args: ['--baseline', 'scratch', '--from', 'set'] },
  ])('refuses $why', async ({ args }) => {
    expect(await thaw('train', PLAN, ...args)).toMatchObject({ code: 2, stdout: '' });
  });
});
