import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import * as contract from '../support/cliContract.ts';
import { refusalOf } from '../support/refusal.ts';
import { type CliResult, runCli } from '../support/runCli.ts';
import { writeModel, writePlan, writeProject, writeTwoClasses } from '../support/trainingFixture.ts';

/** A project with two runs and images that neither has seen, which the tests below only read. */
let folder: string;
const PLAN = 'small.finetune.json';
const FIRST = '.thaw/runs/first';
/** Of a network for larger images, trained for a shorter time. */
const SECOND = '.thaw/runs/second';
const IMAGES = 'unseen';

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'thaw-test-')));
  await writeProject(folder);
  for (const [name, seed] of [
    ['images', 1],
    [IMAGES, 9],
  ] as const) {
    await writeTwoClasses(join(folder, name), 40, seed, true);
  }
  const training = { blocks: { top: { frozen: false, learningRate: 0.01 } } };
  await writePlan(folder, { ...training, phases: [{ name: 'all', epochs: 12 }] });
  await expectTrained(FIRST);
  await writeModel(join(folder, 'larger'), 16);
  await writePlan(folder, { ...training, model: 'larger', phases: [{ name: 'all', epochs: 2 }] });
  await expectTrained(SECOND);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const thaw = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: folder });

async function expectTrained(run: string): Promise<void> {
  expect(await thaw('train', PLAN, '--run', run, '--quiet')).toMatchObject({ code: 0, stderr: '' });
}

/** Runs a command with `--json` that must succeed, and holds its one object against the contract. */
async function answer<S extends z.ZodType>(schema: S, ...args: string[]): Promise<z.output<S>> {
  const { code, stderr, lines, json } = await thaw(...args, '--json');
  expect({ code, stderr, lines: lines.length }).toEqual({ code: 0, stderr: '', lines: 1 });
  return schema.parse(json);
}

const refusal = (...args: string[]): Promise<string> => refusalOf(args, folder);

const evaluate = (run: string, data = IMAGES) => answer(contract.evaluateContract, 'evaluate', run, '--data', data);
const compare = (...runs: string[]) => answer(contract.compareContract, 'compare', ...runs, '--data', IMAGES);

type Evaluation = Awaited<ReturnType<typeof evaluate>>;

/** Accuracy, onlyA, onlyB and the two-sided exact binomial p, counted from what two evaluations say of each image. */
function byHand(a: Evaluation, b: Evaluation) {
  const right = new Map(b.images.map(({ file, correct }) => [file, correct]));
  const pairs = a.images.map(({ file, correct }) => [correct, right.get(file)]);
  expect(pairs).toHaveLength(right.size);
  const onlyA = pairs.filter(([x, y]) => x && !y).length;
  const onlyB = pairs.filter(([x, y]) => !x && y).length;
  const m = onlyA + onlyB;
  let tail = 0;
  let ways = 1;
  for (let k = 0; k <= Math.min(onlyA, onlyB); k++) {
    tail += ways;
    ways = (ways * (m - k)) / (k + 1);
  }
  return {
    n: pairs.length,
    onlyA,
    onlyB,
    difference: (onlyA - onlyB) / pairs.length,
    pValue: Math.min(1, (2 * tail) / 2 ** m),
  };
}

describe('thaw evaluate', () => {
  it('gives figures that follow from what it says of each image', async () => {
    const result = await evaluate(FIRST);
    expect(result.n).toBe(80);
    expect(result.accuracy).toBe(result.images.filter(({ correct }) => correct).length / 80);
    expect(result.accuracy).toBeGreaterThan(0.55);
    expect(result.accuracy).toBeLessThan(1);
    // Of two classes: the probability of the other one is what is left.
    const ofTruth = result.images.map(({ correct, confidence }) => (correct ? confidence : 1 - confidence));
    const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
    const { calibration } = result;
    expect(calibration.brierScore).toBeCloseTo(sum(ofTruth.map((p) => 2 * (1 - p) ** 2)) / 80, 5);
    expect(calibration.negativeLogLikelihood).toBeCloseTo(sum(ofTruth.map((p) => -Math.log(p))) / 80, 4);
    expect(calibration.meanConfidence).toBeCloseTo(sum(result.images.map(({ confidence }) => confidence)) / 80, 10);
    const gap = (from: number, to: number): number => {
      const members = result.images.filter(({ confidence }) => confidence > from && confidence <= to);
      return Math.abs(sum(members.map(({ confidence, correct }) => Number(correct) - confidence)));
    };
    const gaps = Array.from({ length: 15 }, (_, bin) => gap(bin / 15, (bin + 1) / 15));
    expect(calibration.expectedCalibrationError).toBeCloseTo(sum(gaps) / 80, 10);
    expect(calibration.bins.map(({ n }) => n).reduce((total, n) => total + n)).toBe(80);
  });

  it('gives the share of pairs of images that each class has in the right order', async () => {
    const result = await evaluate(FIRST);
    const score = ({ predicted, confidence }: Evaluation['images'][number]): number =>
      predicted === 'left' ? confidence : 1 - confidence;
    const [left, right] = ['left', 'right'].map((name) =>
      result.images.filter((image) => image.class === name).map(score),
    );
    const wins = left.flatMap((a) => right.map((b) => (a > b ? 1 : a === b ? 0.5 : 0)));
    const share = wins.reduce<number>((total, win) => total + win, 0) / wins.length;
    expect(share).toBeLessThan(1);
    expect(result.perClass.map(({ auc }) => auc)).toEqual([expect.closeTo(share, 3), expect.closeTo(share, 3)]);
    expect(result.auc).toBeCloseTo(share, 3);
  });

  it('has no AUC where all images are of one class', async () => {
    await cp(join(folder, IMAGES, 'left'), join(folder, 'only', 'left'), { recursive: true });
    const result = await evaluate(FIRST, 'only');
    expect([result.auc, ...result.perClass.map(({ auc }) => auc)]).toEqual([null, null, null]);
    expect(result.calibration.brierScore).toBeGreaterThan(0);
    const { stdout } = await thaw('evaluate', FIRST, '--data', 'only');
    expect(stdout).toContain('AUC: none, since all images are of one class\n');
    await rm(join(folder, 'only'), { recursive: true });
  });

  it('says in words how well probabilities rank and mean what they say', async () => {
    const { stdout } = await thaw('evaluate', FIRST, '--data', IMAGES);
    expect(stdout).toMatch(/^accuracy [\d.]+ % \(95 % interval .*, 80 images\), balanced .*\nAUC 0\.\d{3}: /);
    expect(stdout).toMatch(/\ncalibration: [\d.]+ % sure on average and right in [\d.]+ %, .*; expected .*\n/);
    expect(stdout).toMatch(/\nclass +images +precision +recall +AUC\n/);
  });
});

describe('thaw compare', () => {
  it('gives what follows from the evaluations of both, image by image', async () => {
    const [a, b] = [await evaluate(FIRST), await evaluate(SECOND)];
    const expected = byHand(a, b);
    expect(Math.min(expected.onlyA + expected.onlyB, Math.abs(expected.difference))).toBeGreaterThan(0);
    const result = await compare(FIRST, SECOND);
    expect(result.n).toBe(80);
    expect(result.runs).toEqual([
      { run: join(folder, FIRST), name: 'first', accuracy: a.accuracy, low: a.low, high: a.high },
      { run: join(folder, SECOND), name: 'second', accuracy: b.accuracy, low: b.low, high: b.high },
    ]);
    expect(result.pairs).toHaveLength(1);
    const [pair] = result.pairs;
    expect([pair.a, pair.b]).toEqual([join(folder, FIRST), join(folder, SECOND)]);
    expect([pair.n, pair.onlyA, pair.onlyB]).toEqual([80, expected.onlyA, expected.onlyB]);
    expect(pair.difference).toBeCloseTo(expected.difference, 12);
    expect(pair.pValue).toBeCloseTo(expected.pValue, 12);
    expect(pair.verdict).toMatch(/"first".*"second"|"second".*"first"/);
  });

  it('takes models and runs, by path and by name, and adjusts for all pairs', async () => {
    const result = await compare('first', join(SECOND, 'model'), join(folder, SECOND));
    expect(result.runs.map(({ name }) => name)).toEqual(['first', 'model', 'second']);
    expect(result.pairs.map(({ a, b }) => [a, b])).toEqual([
      [join(folder, FIRST), join(folder, SECOND, 'model')],
      [join(folder, FIRST), join(folder, SECOND)],
      [join(folder, SECOND, 'model'), join(folder, SECOND)],
    ]);
    expect(result.pairs[2]).toMatchObject({ difference: 0, onlyA: 0, onlyB: 0, pValue: 1, outcome: 'noDifference' });
    expect(result.pairs[0].adjustedPValue).toBeCloseTo(Math.min(1, 3 * result.pairs[0].pValue), 12);
  });

  it('tells runs of the same name apart', async () => {
    await cp(join(folder, SECOND), join(folder, 'elsewhere', 'first'), { recursive: true });
    const result = await compare('first', 'elsewhere/first');
    expect(result.runs.map(({ name }) => name)).toEqual(['runs/first', 'elsewhere/first']);
    expect(result.pairs[0].verdict).toContain('"elsewhere/first"');
    await rm(join(folder, 'elsewhere'), { recursive: true });
  });

  it('does not mind in which order models have their classes', async () => {
    await cp(join(folder, FIRST), join(folder, 'turned'), { recursive: true });
    const metadata = join(folder, 'turned', 'model', 'metadata.json');
    const text = await readFile(metadata, 'utf8');
    await writeFile(metadata, JSON.stringify({ ...(JSON.parse(text) as object), labels: ['right', 'left'] }));
    const result = await compare('first', 'turned');
    expect(result.runs[0].accuracy + result.runs[1].accuracy).toBeCloseTo(1, 12);
    await rm(join(folder, 'turned'), { recursive: true });
  });

  it('prints a table for people and a sentence for each pair', async () => {
    const { stdout, stderr } = await thaw('compare', 'first', 'second', '--data', IMAGES);
    const [header, first, second, images, verdict, ...others] = stdout.trimEnd().split('\n');
    expect(header).toMatch(/^run +accuracy +95 % interval$/);
    expect([first, second].map((row) => /^\w+ +[\d.]+ % +[\d.]+ % to [\d.]+ %$/.test(row))).toEqual([true, true]);
    expect(images).toBe('80 images, the same for all');
    expect(verdict).toBe((await compare('first', 'second')).pairs[0].verdict);
    expect([others, stderr]).toEqual([[], '']);
  });

  it('leaves out an image that cannot be read and says so', async () => {
    const broken = join(folder, IMAGES, 'left', 'broken.png');
    await writeFile(broken, 'no image');
    const { code, stderr, json } = await thaw('compare', 'first', 'second', '--data', IMAGES, '--json');
    expect([code, stderr.split('\n').length]).toEqual([0, 2]);
    expect(stderr).toContain(broken);
    const result = contract.compareContract.parse(json);
    expect(result.n).toBe(80);
    expect(result.problems).toEqual([{ file: broken, problem: expect.any(String) as string }]);
    await rm(broken);
  });

  it('counts the groups of images that the data states', async () => {
    const [a, b] = [await evaluate(FIRST), await evaluate(SECOND)];
    // Five images in a row are a group, so that there are eight groups of each class.
    const groupOf = (index: number): string => `g${Math.floor(index / 5)}`;
    const rows = a.images.map((image, index) => `${image.file},${image.class},,${groupOf(index)}`);
    await writeFile(join(folder, 'grouped.csv'), `path,label,split,group\n${rows.join('\n')}\n`);
    const run = await thaw('compare', 'first', 'second', '--data', 'grouped.csv', '--json');
    const { groups, pairs } = contract.compareContract.parse(run.json);
    expect(groups).toBe(16);
    const right = new Map(b.images.map(({ file, correct }) => [file, correct]));
    const advantages = Array.from({ length: 16 }, (_, group) =>
      a.images
        .slice(5 * group, 5 * group + 5)
        .reduce((sum, x) => sum + Number(x.correct) - Number(right.get(x.file)), 0),
    );
    const sumOf = (signs: number): number =>
      Math.abs(advantages.reduce((sum, one, bit) => sum + (signs & (1 << bit) ? one : -one), 0));
    const observed = sumOf(2 ** 16 - 1);
    const asFar = Array.from({ length: 2 ** 16 }, (_, signs) => sumOf(signs)).filter((one) => one >= observed).length;
    expect(pairs[0].pValue).toBeCloseTo(asFar / 2 ** 16, 12);
    expect((await thaw('compare', 'first', 'second', '--data', 'grouped.csv')).stdout).toContain(
      '80 images in 16 groups',
    );
    await rm(join(folder, 'grouped.csv'));
  });

  it('counts the images that a run was trained on', async () => {
    const { code, json } = await thaw('compare', 'first', 'second', '--data', 'images', '--json');
    expect(code).toBe(0);
    const { warnings } = contract.compareContract.parse(json);
    expect(warnings.map((warning) => warning.code)).toEqual(['trainedOn', 'trainedOn']);
    expect(warnings[1].text).toContain(`${join(folder, SECOND)} was trained on 64 of these 80 images`);
  });

  it('refuses what cannot be compared', async () => {
    const data = ['--data', IMAGES];
    expect(await refusal('compare', 'first', ...data)).toContain('at least two');
    expect(await refusal('compare', 'first', FIRST, ...data)).toContain(`${join(folder, FIRST)} is named twice`);
    expect(await refusal('compare', 'first', 'absent', ...data)).toContain(join(folder, 'absent'));
    expect(await refusal('compare', 'first', 'second', '--data', 'absent')).toContain(join(folder, 'absent'));
    expect(await refusal('compare', 'first', 'model', ...data)).toMatch(/model does not say which classes|labels/);
    expect(await refusal('compare', 'first', 'second')).toContain('--data');
  });

  it('names the model that does not know a class of the images', async () => {
    await mkdir(join(folder, 'more'));
    for (const [from, to] of [
      ['left', 'left'],
      ['right', 'right'],
      ['left', 'above'],
    ]) {
      await cp(join(folder, IMAGES, from), join(folder, 'more', to), { recursive: true });
    }
    const line = await refusal('compare', 'first', 'second', '--data', 'more');
    for (const part of [join(folder, 'more'), '"above"', join(folder, FIRST), 'left, right']) {
      expect(line).toContain(part);
    }
    await rm(join(folder, 'more'), { recursive: true });
  });
});
