import { cp, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashTensors } from '../../src/node/freezeProof.ts';
import type { PlanInput } from '../../src/shared/plan.ts';
import * as contract from '../support/cliContract.ts';
import { listing } from '../support/folderListing.ts';
import { temporaryFolder } from '../support/imageFiles.ts';
import { refusalOf } from '../support/refusal.ts';
import { type CliResult, runCli, startCli } from '../support/runCli.ts';
import { writePlan, writeProject, writeTwoClasses } from '../support/trainingFixture.ts';

/** A project with a cross-validation of three folds in `cv`, which the tests below only read. */
let folder: string;
let training: CliResult;
const PLAN = 'small.finetune.json';
const FOLDS = ['--folds', '3'];
const IMAGES = 24;
const settings: Partial<PlanInput> = {
  blocks: { top: { frozen: false, learningRate: 0.01 } },
  phases: [{ name: 'all', epochs: 40 }],
};

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'thaw-test-')));
  await writeProject(folder, settings);
  await rm(join(folder, 'images'), { recursive: true });
  await writeTwoClasses(join(folder, 'images'), IMAGES / 2, 4, true);
  training = await thaw('train', PLAN, ...FOLDS, '--run', 'cv', '--json');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const thaw = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: folder });
const resultOf = ({ json }: CliResult) => contract.crossValidationContract.parse(json);

async function evaluation(run: string) {
  const { code, json } = await thaw('evaluate', run, '--json');
  expect(code).toBe(0);
  return contract.evaluateContract.parse(json);
}

const refusal = (...args: string[]): Promise<string> => refusalOf(args, folder);

describe('thaw train --folds', () => {
  it('trains a run for each fold and says in every event which', () => {
    expect(training).toMatchObject({ code: 0, stderr: '' });
    const starts = training.lines.filter(({ event }) => event === 'start');
    expect(starts.map(({ fold, folds, run }) => [fold, folds, run])).toEqual(
      [1, 2, 3].map((fold) => [fold, 3, join(folder, 'cv', `fold-${fold}`)]),
    );
    const folds = training.lines.slice(0, -1).map(({ fold }) => Number(fold));
    expect(folds).toEqual([...folds].sort());
    expect(new Set(folds)).toEqual(new Set([1, 2, 3]));
  });

  it('judges every image once, by the model that did not train on it', async () => {
    const result = resultOf(training);
    const files = Object.keys(await listing(join(folder, 'images'))).filter((name) => name.endsWith('.png'));
    expect(result.images.map(({ file }) => file)).toEqual(files.map((file) => join(folder, 'images', file)).sort());
    for (const [index, fold] of result.folds.entries()) {
      const split = await readSplit(fold.run);
      const judged = result.images.filter((image) => image.fold === index + 1).map(({ file }) => file);
      expect(judged).toEqual(split.validation.map((file) => join(folder, 'images', file)).sort());
      expect(split.train.filter((file) => split.validation.includes(file))).toEqual([]);
      expect(split.train.length + split.validation.length).toBe(IMAGES);
    }
  });

  it('pools what each fold says of the images it held out', async () => {
    const result = resultOf(training);
    expect(result).toMatchObject({ run: join(folder, 'cv'), stopped: 'finished', n: IMAGES });
    const right = (images: { correct: boolean }[]): number => images.filter(({ correct }) => correct).length;
    const accuracies: number[] = [];
    for (const { run, fold, n, accuracy, best } of result.folds) {
      const alone = await evaluation(run);
      const { judgedOn, images } = alone;
      expect([judgedOn, alone.n]).toEqual(['heldOut', n]);
      // What training itself found of its best weights.
      expect(alone.accuracy).toBe(best?.validationAccuracy);
      expect(accuracy).toBe(right(images) / n);
      const pooled = new Map(result.images.filter((image) => image.fold === fold).map((image) => [image.file, image]));
      for (const image of images) expect(pooled.get(image.file)).toEqual({ ...image, fold });
      accuracies.push(accuracy);
    }
    expect(result.accuracy).toBe(right(result.images) / IMAGES);
    const mean = accuracies.reduce((sum, one) => sum + one) / 3;
    expect(result.mean).toBeCloseTo(mean, 12);
    const squares = accuracies.reduce((sum, one) => sum + (one - mean) ** 2, 0);
    expect(result.standardDeviation).toBeCloseTo(Math.sqrt(squares / 2), 12);
    expect(result.confusion.map((row) => row[0] + row[1])).toEqual([IMAGES / 2, IMAGES / 2]);
    expect(result.confusion[0][0] + result.confusion[1][1]).toBe(right(result.images));
  });

  it('makes ordinary runs, with a name of their own where none is given', async () => {
    const { code, stdout, stderr } = await thaw('train', PLAN, ...FOLDS);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^fold +images +accuracy +95 % interval +epochs +time$/);
    expect(lines[4]).toMatch(
      /^accuracy [\d.]+ % \(95 % interval .*, 24 images, each judged by the model .*standard deviation/,
    );
    const name = lines[5];
    expect(name.startsWith(join(folder, '.thaw', 'runs', 'small-'))).toBe(true);
    expect(stderr).toMatch(/fold 1 of 3\n.*fold 2 of 3\n.*fold 3 of 3\n/s);
    const { json } = await thaw('runs', '--json');
    const { runs } = contract.runsContract.parse(json);
    expect(runs.map(({ run, state }) => [run, state]).sort()).toEqual(
      [1, 2, 3].map((fold) => [`${name}-fold-${fold}`, 'finished']),
    );
    const again = await thaw('train', PLAN, ...FOLDS, '--run', name, '--json');
    expect(again.lines).toHaveLength(1);
    expect(resultOf(again).images).toEqual(resultOf(training).images.map((image) => ({ ...image })));
    await rm(join(folder, '.thaw'), { recursive: true });
  });

  it('keeps folds that are finished and trains only what is missing', async () => {
    await cp(join(folder, 'cv'), join(folder, 'partly'), { recursive: true });
    await rm(join(folder, 'partly', 'fold-2'), { recursive: true });
    const kept = await readFile(join(folder, 'partly', 'fold-1', 'status.json'), 'utf8');
    const again = await thaw('train', PLAN, ...FOLDS, '--run', 'partly', '--json');
    expect(again.code).toBe(0);
    expect(again.lines.filter(({ event }) => event === 'start').map(({ fold }) => fold)).toEqual([2]);
    expect(await readFile(join(folder, 'partly', 'fold-1', 'status.json'), 'utf8')).toBe(kept);
    expect(resultOf(again).images).toEqual(resultOf(training).images);
    await rm(join(folder, 'partly'), { recursive: true });
  });

  it('refuses what it cannot do', async () => {
    for (const number of ['1', '21', '2.5', 'many']) {
      expect(await refusal('train', PLAN, '--folds', number)).toContain('from 2 to 20');
    }
    for (const option of ['--resume', '--from']) {
      expect(await refusal('train', PLAN, ...FOLDS, option, 'cv/fold-1')).toContain('--folds');
    }
    expect(await refusal('train', PLAN, '--folds', '4', '--run', 'cv')).toContain('has 3 folds and not 4');
    expect(await refusal('train', PLAN, ...FOLDS, '--run', 'images')).toContain(join(folder, 'images'));
    expect(await refusal('train', PLAN, ...FOLDS, '--run', 'cv/fold-1')).toContain(join(folder, 'cv/fold-1'));
    expect(await refusal('train', PLAN, ...FOLDS, '--run', 'cv', '--seed', '8')).toContain('seed');
    const tooMany = await refusal('train', PLAN, '--folds', '13');
    expect(tooMany).toMatch(/"left" .*13 folds/);
    expect(await refusal('train', 'absent.json', ...FOLDS)).toContain('absent.json');
  });
});

async function readSplit(run: string): Promise<{ train: string[]; validation: string[] }> {
  const split = JSON.parse(await readFile(join(run, 'split.json'), 'utf8')) as Record<string, { file: string }[]>;
  const files = (name: string): string[] => split[name].map(({ file }) => file);
  return { train: files('train'), validation: files('validation') };
}

describe('a cross-validation that is stopped', () => {
  async function copyOfProject(): Promise<string> {
    const copy = join(await temporaryFolder(), 'project');
    await cp(folder, copy, { recursive: true, filter: (path) => !path.endsWith('cv') });
    return copy;
  }

  /** Goes on with the command that was printed, and requires the models of one that nobody stopped. */
  async function expectSameModels(copy: string, command: string | undefined): Promise<void> {
    expect(command).toBe(`thaw train ${PLAN} --folds 3 --run ${join(copy, 'cv')}`);
    const { code, lines } = await runCli([...(command ?? '').split(' ').slice(1), '--json'], { cwd: copy });
    expect(code).toBe(0);
    expect(lines.filter(({ event }) => event === 'start').map(({ fold }) => fold)).toEqual([2, 3]);
    for (const fold of [1, 2, 3]) {
      const model = join('cv', `fold-${fold}`, 'model', 'model.json');
      expect(await hashTensors(join(copy, model))).toEqual(await hashTensors(join(folder, model)));
    }
  }

  const start = (cwd: string) => startCli(['train', PLAN, ...FOLDS, '--run', 'cv', '--json'], { cwd });

  it('by Ctrl-C says which folds are done and how to go on', async () => {
    const copy = await copyOfProject();
    const cross = start(copy);
    await cross.line(({ event, fold }) => event === 'epoch' && fold === 2);
    process.kill(-cross.processId, 'SIGINT');
    const { code, json, stderr } = await cross.finished;
    expect(code).toBe(130);
    expect(json).toMatchObject({ event: 'result', stopped: 'interrupted', unfinished: 2 });
    expect((json.folds as { fold: number }[]).map(({ fold }) => fold)).toEqual([1]);
    const [, command] = /^Stopped in fold 2 of 3\. Continue with: (.*)\n$/.exec(stderr) ?? [];
    await expectSameModels(copy, command);
  });

  it('by the end of its trainer keeps what is done', async () => {
    const copy = await copyOfProject();
    const cross = start(copy);
    await cross.line(({ event, fold }) => event === 'epoch' && fold === 2);
    const status = await readFile(join(copy, 'cv/fold-2/status.json'), 'utf8');
    process.kill(Number((JSON.parse(status) as { processId: number }).processId), 'SIGKILL');
    const { code, stderr } = await cross.finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The trainer ended unexpectedly \(signal SIGKILL\)/);
    await expectSameModels(copy, /\nFinished folds are kept\. Continue with: (.*)\n$/.exec(stderr)?.[1]);
  });
});

describe('thaw evaluate without --data', () => {
  it('says that the images are those the best epoch was chosen on', async () => {
    const { warnings } = await evaluation('cv/fold-1');
    expect(warnings).toMatchObject([{ code: 'chosenOn' }]);
    expect((await thaw('evaluate', 'cv/fold-1')).stderr).toContain('chosen on them');
  });

  it('refuses a model that held nothing out', async () => {
    expect(await refusal('evaluate', 'cv/fold-1/model')).toContain('--data');
  });

  it('says which images are gone', async () => {
    await cp(join(folder, 'cv/fold-1'), join(folder, 'moved'), { recursive: true });
    const path = join(folder, 'moved/split.json');
    const split = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...split, root: join(folder, 'gone') }));
    expect(await refusal('evaluate', 'moved')).toContain(join(folder, 'gone'));
    await rm(join(folder, 'moved'), { recursive: true });
  });
});

it('thaw evaluate counts the images that a run was trained on', async () => {
  const { json } = await thaw('evaluate', 'cv/fold-1', '--data', 'images', '--json');
  const { warnings } = contract.evaluateContract.parse(json);
  const { train } = await readSplit(join(folder, 'cv/fold-1'));
  expect(warnings).toMatchObject([{ code: 'trainedOn' }]);
  expect(warnings[0].text).toContain(`trained on ${train.length} of these ${IMAGES} images`);
});

describe('thaw compare of cross-validations', () => {
  beforeAll(async () => {
    await writePlan(folder, { ...settings, phases: [{ name: 'head', epochs: 1, unfreeze: [] }] });
    for (const [run, ...seed] of [['short'], ['reseeded', '--seed', '8']]) {
      const { code } = await thaw('train', PLAN, ...FOLDS, '--run', run, '--quiet', ...seed);
      expect(code).toBe(0);
    }
    await writePlan(folder, settings);
  });

  it('gives what follows from the evaluations of the folds', async () => {
    const { code, json, stderr } = await thaw('compare', 'cv', 'short', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { runs, pairs, n } = contract.compareContract.parse(json);
    expect([n, runs.map(({ run }) => run)]).toEqual([IMAGES, [join(folder, 'cv'), join(folder, 'short')]]);
    expect(runs[0].accuracy).toBe(resultOf(training).accuracy);
    const differences: number[] = [];
    for (const fold of [1, 2, 3]) {
      const [a, b] = [await evaluation(`cv/fold-${fold}`), await evaluation(`short/fold-${fold}`)];
      differences.push(a.accuracy - b.accuracy);
    }
    const mean = differences.reduce((sum, one) => sum + one) / 3;
    const variance = differences.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 2;
    expect(variance).toBeGreaterThan(0);
    // Nadeau and Bengio: 1 / 3 and a test share of 8 to 16; two-sided with 2 degrees of freedom.
    const t = Math.abs(mean) / Math.sqrt((1 / 3 + 8 / 16) * variance);
    expect(pairs).toHaveLength(1);
    expect(pairs[0].difference).toBeCloseTo(mean, 12);
    expect(pairs[0].pValue).toBeCloseTo(1 - t / Math.sqrt(2 + t * t), 10);
    expect(pairs[0].verdict).toContain('over 3 folds');
  });

  it('prints a table for people and a sentence for each pair', async () => {
    const { stdout } = await thaw('compare', 'cv', 'short');
    const [header, first, second, images, verdict] = stdout.split('\n');
    expect(header).toMatch(/^run +accuracy +95 % interval +between folds$/);
    expect([first, second].map((row) => /^\w+ .* standard deviation [\d.]+ points$/.test(row))).toEqual([true, true]);
    expect(images).toBe(`${IMAGES} images, the same for all`);
    expect(verdict).toMatch(/"cv"/);
  });

  it('refuses what was not divided in the same way, is not finished, or is no cross-validation', async () => {
    expect(await refusal('compare', 'cv', 'reseeded')).toContain('not validated on the same folds');
    expect(await refusal('compare', 'cv', 'cv')).toContain('named twice');
    expect(await refusal('compare', 'cv/fold-1', 'cv/fold-2')).toMatch(/no cross-validation at .*--data/);
    await cp(join(folder, 'short'), join(folder, 'part'), { recursive: true });
    await rm(join(folder, 'part', 'fold-3'), { recursive: true });
    expect(await refusal('compare', 'cv', 'part')).toContain('Fold 3 of the cross-validation');
    await rm(join(folder, 'part'), { recursive: true });
  });
});
