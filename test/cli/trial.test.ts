import { cp, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PlanInput } from '../../src/shared/plan.ts';
import { pairedDifferenceInterval } from '../../src/shared/statistics.ts';
import * as contract from '../support/cliContract.ts';
import { temporaryFolder } from '../support/imageFiles.ts';
import { writePlantedTask } from '../support/plantedTasks.ts';
import { refusalOf } from '../support/refusal.ts';
import { type CliResult, runCli, startCli } from '../support/runCli.ts';

/** A task whose challenger is right, tried in `trial`, which the tests below only read. */
let folder: string;
let tried: CliResult;
const PLAN = 'small.finetune.json';
const FOLDS = ['--folds', '3'];
const SIDES = ['recommended', 'challenger'] as const;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'thaw-test-')));
  await writePlantedTask(folder, 'challenger', 1);
  tried = await thaw('trial', PLAN, ...FOLDS, '--run', 'trial', '--json');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const thaw = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: folder });
const refusal = (...args: string[]): Promise<string> => refusalOf(args, folder);
const resultOf = ({ json }: CliResult) => contract.trialContract.parse(json);

/** The images of a plan of the trial and whether it has them right, as `thaw train --folds` says of its finished runs. */
async function imagesOf(side: (typeof SIDES)[number]): Promise<{ file: string; correct: boolean }[]> {
  const all = [];
  for (const fold of [1, 2, 3]) {
    const { json } = await thaw('evaluate', join('trial', side, `fold-${fold}`), '--json');
    all.push(...contract.evaluateContract.parse(json).images);
  }
  return all.sort((a, b) => a.file.localeCompare(b.file));
}

describe('thaw trial', () => {
  it('trains both plans on the same folds and says in every event which', () => {
    expect(tried).toMatchObject({ code: 0, stderr: '' });
    const starts = tried.lines.filter(({ event }) => event === 'start');
    const expected = SIDES.flatMap((side) =>
      [1, 2, 3].map((fold) => [side, fold, 3, join(folder, 'trial', side, `fold-${fold}`)]),
    );
    expect(starts.map(({ trial, fold, folds, run }) => [trial, fold, folds, run])).toEqual(expected);
    // A head that trains alone keeps its epochs.
    expect(starts.map(({ epochs }) => epochs)).toEqual([15, 15, 15, 100, 100, 100]);
  });

  it('compares what the models have right that did not train on it', async () => {
    const result = resultOf(tried);
    const [recommended, challenger] = [await imagesOf('recommended'), await imagesOf('challenger')];
    expect(recommended.map(({ file }) => file)).toEqual(challenger.map(({ file }) => file));
    const right = (images: { correct: boolean }[]): boolean[] => images.map(({ correct }) => correct);
    const { difference, low, high } = pairedDifferenceInterval(right(challenger), right(recommended));
    expect(result).toMatchObject({ difference, low, high, n: 60, groups: null });
    for (const [side, images] of [
      ['recommended', recommended],
      ['challenger', challenger],
    ] as const) {
      expect(result.plans[side].accuracy).toBe(right(images).filter(Boolean).length / 60);
    }
  });

  it('keeps the plan that is better, and says by how much', () => {
    const { kept, better, smaller, verdict, challenger, plans } = resultOf(tried);
    expect({ kept, better, smaller }).toEqual({ kept: 'challenger', better: 'challenger', smaller: 'challenger' });
    expect(challenger).toMatchObject({ kind: 'earlierHead', headAfter: 'second' });
    expect(verdict).toMatch(
      /^"Head on second" is better by [\d.]+ points \(95 %: [\d.]+ to [\d.]+\) on 60 images and is kept\.$/,
    );
    // A head of 192 features, and another one with the convolution before it.
    const head = 192 * 2 + 2;
    expect(plans.challenger).toMatchObject({ trainableParameters: head, blocks: 2, epochs: 100 });
    expect(plans.recommended).toMatchObject({ trainableParameters: head + 4 * 192 * 192 + 192, blocks: 3, epochs: 15 });
  });

  it('leaves the plan alone, and can be looked at by thaw compare', async () => {
    const plan = JSON.parse(await readFile(join(folder, PLAN), 'utf8')) as PlanInput;
    expect(plan.head.after).toBeUndefined();
    const { code, json } = await thaw('compare', 'trial/recommended', 'trial/challenger', '--json');
    expect(code).toBe(0);
    expect(contract.compareContract.parse(json).n).toBe(60);
  });

  it('prints a table and the sentence for people, and is no run in the list', async () => {
    const { code, stdout, stderr } = await thaw('trial', PLAN, ...FOLDS);
    expect(code).toBe(0);
    const [header, first, second, images, verdict, run, took] = stdout.trimEnd().split('\n');
    expect(header).toMatch(/^plan +accuracy +95 % interval +trained weights +blocks +epochs$/);
    expect([first, second].map((line) => line.split(/ {2,}/)[0])).toEqual([
      'Unfreeze more layers of the pretrained model',
      'Head on second',
    ]);
    expect(images).toBe(
      '60 images, each judged by the models that did not train on it, in 3 folds; a plan that trains more than the head is shorter than in full',
    );
    expect(verdict).toBe(resultOf(tried).verdict);
    expect(run).toMatch(/[/\\]\.thaw[/\\]runs[/\\]small-\d{8}-\d{6}-trial$/);
    expect(took).toMatch(/^took /);
    expect(stderr).toMatch(/the recommended plan, fold 1 of 3\n.*the challenger, fold 3 of 3\n/s);
    const listed = await thaw('runs', '--json');
    expect(contract.runsContract.parse(listed.json).runs).toEqual([]);
    expect((await readdir(run)).sort()).toEqual(['challenger', 'recommended']);
    await rm(join(folder, '.thaw'), { recursive: true });
  });

  it('takes another seed than the plan says', async () => {
    const { code, json } = await thaw('trial', PLAN, '--folds', '2', '--seed', '9', '--run', 'reseeded', '--json');
    expect(code).toBe(0);
    expect(contract.trialContract.parse(json).folds).toBe(2);
    const text = await readFile(join(folder, 'reseeded/challenger/fold-1/plan.json'), 'utf8');
    expect((JSON.parse(text) as PlanInput).seed).toBe(9);
    await rm(join(folder, 'reseeded'), { recursive: true });
  });

  it('refuses folds and folders that do not fit', async () => {
    for (const number of ['1', '21', 'many']) {
      expect(await refusal('trial', PLAN, '--folds', number)).toContain('from 2 to 20');
    }
    const taken = await refusal('trial', PLAN, ...FOLDS, '--run', 'images');
    expect(taken).toContain(`${join(folder, 'images')} holds something else already`);
    expect(taken).not.toContain('--resume');
    expect(await refusal('trial', PLAN, ...FOLDS, '--run', 'trial/challenger/fold-1')).toContain('fold-1');
  });

  it('refuses to go on with other folds or another plan', async () => {
    expect(await refusal('trial', PLAN, '--folds', '4', '--run', 'trial')).toContain('has 3 folds and not 4');
    expect(await refusal('trial', PLAN, ...FOLDS, '--run', 'trial', '--seed', '9')).toContain('seed');
  });

  describe('of a plan that cannot be tried', () => {
    let copy: string;
    beforeEach(async () => {
      copy = join(await temporaryFolder(), 'project');
      await cp(folder, copy, { recursive: true, filter: (path) => !path.endsWith('trial') });
    });
    const refusalWith = async (changes: Partial<PlanInput>): Promise<string> => {
      const plan = JSON.parse(await readFile(join(folder, PLAN), 'utf8')) as PlanInput;
      await writeFile(join(copy, PLAN), JSON.stringify({ ...plan, ...changes }));
      return refusalOf(['trial', PLAN], copy);
    };

    it('says that there is no challenger', async () => {
      const advice: PlanInput['advice'] = {
        ...{ data: 'low', similaritySource: 'given', leftOut: [] },
        similarity: 'high',
      };
      expect(await refusalWith({ advice })).toMatch(
        /^Table and measures agree on one plan for these images, .*thaw advise/,
      );
    });

    it('says what is wrong with plan, model and data', async () => {
      expect(await refusal('trial', 'absent.json')).toContain('absent.json');
      expect(await refusalWith({ batchSize: 0 })).toContain('batchSize');
      expect(await refusalWith({ model: 'gone' })).toContain('gone');
      expect(await refusalWith({ data: { train: 'gone', validation: 0.2 } })).toContain('gone');
      await rm(join(copy, 'images', 'other'), { recursive: true });
      expect(await refusalWith({})).toMatch(/one class/);
    });
  });
});

describe('a trial that is stopped', () => {
  it('says where, and goes on with the folds that are left', async () => {
    const copy = join(await temporaryFolder(), 'project');
    await cp(folder, copy, { recursive: true, filter: (path) => !path.endsWith('trial') });
    const trial = startCli(['trial', PLAN, ...FOLDS, '--run', 'trial', '--json'], { cwd: copy });
    await trial.line(({ event, fold, trial: side }) => event === 'epoch' && fold === 2 && side === 'challenger');
    process.kill(-trial.processId, 'SIGINT');
    const { code, json, stderr } = await trial.finished;
    expect(code).toBe(130);
    expect(json).toMatchObject({
      event: 'result',
      stopped: 'interrupted',
      unfinished: { side: 'challenger', fold: 2 },
    });
    const [, command] = /^Stopped in fold 2 of 3 of the challenger\. Continue with: (.*)\n$/.exec(stderr) ?? [];
    expect(command).toBe(`thaw trial ${PLAN} --folds 3 --run ${join(copy, 'trial')}`);
    const again = await runCli([...command.split(' ').slice(1), '--json'], { cwd: copy });
    expect(again.code).toBe(0);
    const starts = again.lines.filter(({ event }) => event === 'start');
    expect(starts.map(({ trial: side, fold }) => [side, fold])).toEqual([
      ['challenger', 2],
      ['challenger', 3],
    ]);
    const { plans, verdict } = resultOf(tried);
    const resumed = resultOf(again);
    expect(resumed.verdict).toBe(verdict);
    for (const side of SIDES) expect(resumed.plans[side].accuracy).toBe(plans[side].accuracy);
  });
});
