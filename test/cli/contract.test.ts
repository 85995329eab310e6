import { cp, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { readModelFiles } from '../../src/node/modelFiles.ts';
import { THAW_VERSION } from '../../src/shared/version.ts';
import * as contract from '../support/cliContract.ts';
import { listing } from '../support/folderListing.ts';
import { refusalOf } from '../support/refusal.ts';
import { type CliResult, runCli } from '../support/runCli.ts';
import { writePlan, writeProject, writeTwoClasses } from '../support/trainingFixture.ts';

/** A project with a finished run, which the tests below only read. */
let folder: string;
let training: CliResult;
const PLAN = 'small.finetune.json';

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'thaw-test-')));
  await writeProject(folder, { blocks: { top: { frozen: false } }, phases: [{ name: 'all', epochs: 2 }] });
  await writeTwoClasses(join(folder, 'divided', 'train'), 4, 2);
  await writeTwoClasses(join(folder, 'divided', 'val'), 2, 3);
  await writeTwoClasses(join(folder, 'divided', 'test'), 3, 4);
  training = await thaw('train', PLAN, '--run', '.thaw/runs/first', '--json');
  await writeFile(join(folder, 'broken.png'), 'no image');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const thaw = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: folder });

/** Runs a command with `--json` that must succeed, and holds its one object against the contract. */
async function answer<S extends z.ZodType>(schema: S, ...args: string[]): Promise<z.output<S>> {
  const result = await thaw(...args, '--json');
  expect(result).toMatchObject({ code: 0 });
  expect(result.lines).toHaveLength(1);
  expect(result.stdout).toBe(`${JSON.stringify(result.json)}\n`);
  return schema.parse(result.json);
}

const refusal = (...args: string[]): Promise<string> => refusalOf(args, folder);

describe('thaw inspect', () => {
  it.each(['model', 'model/model.json', 'first', '.thaw/runs/first'])(
    'tells layers and blocks of %s',
    async (model) => {
      const result = await answer(contract.inspectContract, 'inspect', model);
      expect(result.inputShape).toEqual([12, 12, 3]);
      expect(result.blocks.slice(0, 3).map(({ name }) => name)).toEqual(['stem', 'middle', 'top']);
      const sum = (parts: { parameters: number }[]): number =>
        parts.reduce((total, { parameters }) => total + parameters, 0);
      expect([sum(result.layers), sum(result.blocks)]).toEqual([result.parameters, result.parameters]);
      expect(result.blocks.flatMap(({ layers }) => layers)).toEqual(result.layers.map(({ name }) => name));
    },
  );
});

describe('thaw data', () => {
  it('counts images and classes and names problems', async () => {
    const result = await answer(contract.dataContract, 'data', 'images');
    expect(result).toMatchObject({ classes: ['left', 'right'], images: 20, perClass: { left: 10, right: 10 } });
    expect(result).toMatchObject({ smallestClass: 10, imbalance: 1, channels: 'rgb' });
    expect(result.problems[0].file).toBe(join(folder, 'images/left/000.png'));
  });
});

describe('thaw init', () => {
  it('writes a plan that check accepts, with the similarity as it was measured', async () => {
    const result = await answer(
      contract.initContract,
      'init',
      '--model',
      'model',
      '--data',
      'images',
      '-o',
      'a/made.json',
      '--seed',
      '5',
    );
    expect(result.plan).toBe(join(folder, 'a/made.json'));
    const plan: unknown = JSON.parse(await readFile(result.plan, 'utf8'));
    expect(plan).toMatchObject({ model: '../model', data: { train: '../images' }, seed: 5 });
    expect(plan).toMatchObject({ advice: { data: 'low', similaritySource: 'measured' } });
    expect(await answer(contract.checkContract, 'check', 'a/made.json')).toMatchObject({ valid: true, problems: [] });
  });

  it('names the plan after the data folder, uses its splits, and takes a stated similarity', async () => {
    const result = await answer(
      contract.initContract,
      'init',
      '--model',
      'model',
      '--data',
      'divided',
      '--similarity',
      'low',
    );
    expect(result.plan).toBe(join(folder, 'divided.finetune.json'));
    const plan: unknown = JSON.parse(await readFile(result.plan, 'utf8'));
    expect(plan).toMatchObject({ advice: { similarity: 'low', similaritySource: 'given' } });
    expect(plan).toMatchObject({ data: { train: 'divided/train', validation: 'divided/val', test: 'divided/test' } });
    expect(await answer(contract.checkContract, 'check', result.plan)).toMatchObject({ valid: true });
  });

  it('leaves a plan alone that is there already', async () => {
    expect(await refusal('init', '--model', 'model', '--data', 'images', '-o', PLAN)).toContain(join(folder, PLAN));
  });
});

describe('thaw advise', () => {
  const advise = (...args: string[]) =>
    answer(contract.adviseContract, 'advise', '--model', 'model', '--data', 'images', ...args);

  it('tells amount and similarity of the data and what follows, as init then writes it', async () => {
    const advice = await advise('--seed', '5');
    expect(advice.data).toMatchObject({ images: 20, smallestClass: 10, band: 'low' });
    expect(advice.similarity.bnDistance).toBeGreaterThan(0);
    expect(advice.similarity.depthCurve.map(({ block }) => block)).toEqual(['stem', 'middle', 'top']);
    const made = join(folder, 'advised.json');
    await answer(contract.initContract, 'init', '--model', 'model', '--data', 'images', '-o', made);
    const plan = JSON.parse(await readFile(made, 'utf8')) as Record<string, unknown>;
    expect(plan).toMatchObject({
      advice: { data: advice.quadrant.data, similarity: advice.quadrant.similarity },
      phases: advice.recommendation.phases.map(({ name, epochs }) => ({ name, epochs })),
      optimizer: { headLearningRate: advice.recommendation.headLearningRate },
    });
  });

  it('counts what trains, of a table with splits too', async () => {
    const rows = ['left', 'right'].flatMap((name) =>
      Array.from({ length: 10 }, (_, at) => `images/${name}/00${at}.png,${name},${at < 6 ? 'train' : 'test'}`),
    );
    await writeFile(join(folder, 'split.csv'), `path,label,split\n${rows.join('\n')}\n`);
    const ofTable = ['advise', '--model', 'model', '--data', 'split.csv', '--no-measure'];
    const { data } = await answer(contract.adviseContract, ...ofTable);
    expect(data).toMatchObject({ images: 12, smallestClass: 6 });
  });

  it('tells whether more images would help where it is asked for', async () => {
    expect((await advise('--no-measure')).learningCurve).toBeUndefined();
    const { learningCurve } = await advise('--no-measure', '--learning-curve');
    expect(learningCurve?.points.map(({ images }) => images)).toEqual([4, 8, 12, 16]);
    expect(learningCurve?.forecast.images).toBe(32);
    const { stdout } = await thaw('advise', '--model', 'model', '--data', 'images', '--no-measure', '--learning-curve');
    expect(stdout).toMatch(/^With 32 images to learn from instead of 16: about .* now .*\.$/m);
    const tooFew = await refusal('advise', '--model', 'model', '--data', 'divided', '--no-measure', '--learning-curve');
    expect(tooFew).toContain('too few different images (4) for a learning curve');
  });

  it('warns of images that are in two splits, as data does', async () => {
    const twice = join(folder, 'twice');
    await cp(join(folder, 'divided'), twice, { recursive: true });
    await cp(join(twice, 'train', 'left', '001.png'), join(twice, 'test', 'left', '900.png'));
    const { warnings } = await answer(
      contract.adviseContract,
      'advise',
      '--model',
      'model',
      '--data',
      'twice',
      '--no-measure',
    );
    const own = warnings.filter(({ code }) => code === 'nearDuplicates');
    expect(own).toHaveLength(1);
    expect(own[0].text).toContain('1 image to judge by');
    const across = { images: 1, file: join(twice, 'test/left/900.png'), split: 'test' };
    expect((await answer(contract.dataContract, 'data', 'twice')).acrossSplits).toMatchObject(across);
    expect((await thaw('data', 'twice')).stdout).toContain(own[0].text);
  });

  it('measures on as many images as it is told, or on none', async () => {
    expect((await advise('--images', '8')).similarity).toMatchObject({ source: 'measured', images: 8 });
    // Nothing is known of so small a network, and two images tell no depth apart.
    const unknown = { source: 'assumed', images: 2, band: 'high', borderline: false };
    expect((await advise('--images', '2')).similarity).toMatchObject(unknown);
    expect((await advise('--no-measure')).similarity).toMatchObject({ source: 'assumed', bnDistance: null });
    expect(await refusal('advise', '--model', 'model', '--data', 'images', '--images', '0')).toContain('above 0');
  });
});

describe('thaw check', () => {
  it('counts what trains and measures its cost', async () => {
    const result = await answer(contract.checkContract, 'check', PLAN);
    expect(result).toMatchObject({ valid: true, problems: [], guard: [] });
    // The head (8 x 2 + 2), the last convolution (3 x 3 x 6 x 8 + 8), and scale and shift of its batch normalization.
    expect(result.trainableParameters).toBe(18 + 440 + 16);
    expect(result.cost).toMatchObject({ downloadBytes: 0, microBatch: 8 });
    const plan = JSON.parse(await readFile(join(folder, PLAN), 'utf8')) as { phases: { name: string }[] };
    expect(result.cost?.phases.map(({ name }) => name)).toEqual(plan.phases.map(({ name }) => name));
  });

  it('warns of a valid plan that is doubtful', async () => {
    const doubtful = join(folder, 'doubtful.finetune.json');
    const text = await readFile(join(folder, PLAN), 'utf8');
    await writeFile(doubtful, text.replace('"batchSize"', '"batchNorm": "adapt",\n  "batchSize"'));
    const { warnings } = await answer(contract.checkContract, 'check', doubtful);
    expect(warnings.map(({ code }) => code)).toEqual(['smallBatchStatistics']);
    expect((await thaw('check', doubtful)).stdout).toContain(`warning: ${warnings[0].text}`);
  });

  it('prints the problems of an invalid plan as JSON, and a line each, and exits with 2', async () => {
    const text = (await readFile(join(folder, PLAN), 'utf8'))
      .replace('"batchSize"', '"batchsize"')
      .replace('0.01', '-0.01');
    await writeFile(join(folder, 'invalid.json'), text);
    const { code, json, lines, stderr } = await thaw('check', 'invalid.json', '--json');
    expect([code, lines.length]).toEqual([2, 1]);
    const { valid, problems } = contract.checkContract.parse(json);
    expect(valid).toBe(false);
    expect(problems.map(({ path, nearest }) => [path, nearest])).toEqual([
      ['optimizer.headLearningRate', '1e-7'],
      ['batchsize', 'batchSize'],
    ]);
    expect(text.split('\n')[problems[1].line - 1]).toContain('batchsize');
    expect(stderr.trimEnd().split('\n')).toEqual(
      problems.map(
        ({ line, problem, nearest }) =>
          `${join(folder, 'invalid.json')}, line ${line}: ${problem} Nearest valid value: ${nearest}.`,
      ),
    );
  });
});

describe('thaw train', () => {
  it('prints its events in order, each as the contract has it, and the result last', () => {
    expect(training).toMatchObject({ code: 0, stderr: '' });
    for (const line of training.lines) {
      const schema = contract.eventContracts[line.event as keyof typeof contract.eventContracts];
      schema.parse(line);
    }
    const order = training.lines.map(({ event }) => event).filter((event, index, all) => event !== all[index - 1]);
    const epoch = ['step', 'epoch', 'checkpoint'];
    expect(order).toEqual(['start', 'phase', 'cache', ...epoch, ...epoch, 'result']);
  });

  it('tells where the run is and what came out', async () => {
    const result = contract.eventContracts.result.parse(training.json);
    expect(result).toMatchObject({
      run: join(folder, '.thaw/runs/first'),
      epochs: 2,
      stopped: 'finished',
      engine: 'portable',
    });
    expect(result.freezeProof).toMatchObject({ changedTensors: 0 });
    expect(result.movement).toMatchObject({ stem: 0, middle: 0 });
    expect(result.movement.top).toBeGreaterThan(0);
    expect(result.cache).toMatchObject({ misses: 20, hits: 40 });
    const losses = training.lines.filter(({ event }) => event === 'epoch').map((line) => Number(line.validationLoss));
    expect(result.best?.validationLoss).toBe(Math.min(...losses));
    const caches = training.lines.filter(({ event }) => event === 'cache').map((line) => Number(line.bytes));
    expect(caches.at(-1)).toBe(result.cache.bytes);
    expect(await listing(result.run)).toMatchObject({ checkpoint: 'folder', model: 'folder' });
  });

  it('prints for people what it found, and with --quiet nothing else', async () => {
    const loud = await thaw('train', PLAN, '--run', 'loud');
    expect(loud.stdout).toMatch(/^validation accuracy [\d.]+ % \(95 % interval .*\n0 of \d+ frozen tensors changed\n/);
    expect(loud.stdout.trimEnd().endsWith(join(folder, 'loud'))).toBe(true);
    expect(loud.stderr).toMatch(/epoch 1 of 2 .*\n.*epoch 2 of 2/);
    const quiet = await thaw('train', PLAN, '--run', 'quiet', '--quiet');
    expect(quiet).toMatchObject({ code: 0, stderr: '' });
    expect(quiet.stdout).toContain('0 of');
  });

  it('refuses a folder with a run, or with anything else, and leaves it as it is', async () => {
    expect(await refusal('train', PLAN, '--run', '.thaw/runs/first', '--json')).toContain(
      join(folder, '.thaw/runs/first'),
    );
    expect(await refusal('train', PLAN, '--run', 'images')).toContain(join(folder, 'images'));
    expect(await refusal('train', PLAN, '--run', PLAN)).toContain(join(folder, PLAN));
  });

  it('does not resume with a changed plan and names --from', async () => {
    await writeFile(
      join(folder, 'changed.json'),
      (await readFile(join(folder, PLAN), 'utf8')).replace('"epochs": 2', '"epochs": 3'),
    );
    const line = await refusal('train', 'changed.json', '--resume', 'first', '--json');
    expect(line).toContain(`--from ${join(folder, '.thaw/runs/first')}`);
    expect(line).toContain('phases');
  });

  it('starts from the weights of an earlier run with --from', async () => {
    const plan = JSON.parse(await readFile(join(folder, PLAN), 'utf8')) as object;
    const slow = { ...plan, optimizer: { name: 'sgd', headLearningRate: 1e-9 }, phases: [{ name: 'all', epochs: 1 }] };
    await writeFile(join(folder, 'slow.json'), JSON.stringify(slow));
    const { code, json } = await thaw('train', 'slow.json', '--from', 'first', '--run', 'continued', '--json');
    expect(code).toBe(0);
    expect(json.freezeProof).toMatchObject({ changedTensors: 0 });
    const weights = async (run: string) => (await readModelFiles(join(folder, run, 'model'))).readWeights();
    const [before, after] = [await weights('.thaw/runs/first'), await weights('continued')];
    expect([...after.keys()]).toEqual([...before.keys()]);
    for (const [name, { values }] of after) {
      const differences = values.map((value, index) => Math.abs(value - (before.get(name)?.values[index] ?? NaN)));
      expect([name, Math.max(...differences) < 1e-6]).toEqual([name, true]);
    }
  });

  it('says which run is missing', async () => {
    for (const option of ['--resume', '--from']) {
      expect(await refusal('train', PLAN, option, 'nowhere')).toContain(join(folder, 'nowhere'));
    }
  });

  it('takes another seed than the plan says', async () => {
    const { code } = await thaw('train', PLAN, '--run', 'seeded', '--seed', '99', '--quiet');
    expect(code).toBe(0);
    expect(JSON.parse(await readFile(join(folder, 'seeded/plan.json'), 'utf8'))).toMatchObject({ seed: 99 });
  });
});

describe('thaw evaluate', () => {
  it('uses the test split where there is one, else all images', async () => {
    const split = await answer(contract.evaluateContract, 'evaluate', 'first', '--data', 'divided');
    expect(split).toMatchObject({ n: 6, classes: ['left', 'right'] });
    expect(split.perClass.map((entry) => [entry.class, entry.n])).toEqual([
      ['left', 3],
      ['right', 3],
    ]);
    const right = split.confusion[0][0] + split.confusion[1][1];
    expect(split.accuracy).toBeCloseTo(right / 6);
    expect(split.low).toBeLessThan(split.accuracy);
    expect(split.high).toBeGreaterThan(split.accuracy);
    expect((await answer(contract.evaluateContract, 'evaluate', '.thaw/runs/first/model', '--data', 'images')).n).toBe(
      20,
    );
  });

  it('needs a model that names its classes', async () => {
    expect(await refusal('evaluate', 'model', '--data', 'images')).toContain(join(folder, 'model'));
    expect(await refusal('predict', 'model', 'images/left/000.png')).toContain('labels');
  });

  it('refuses images of a class the model does not know', async () => {
    await writeTwoClasses(join(folder, 'others', 'deeper'), 1);
    const line = await refusal('evaluate', 'first', '--data', 'others');
    expect(line).toContain('"deeper"');
    expect(line).toContain('left, right');
  });
});

describe('thaw predict', () => {
  it('gives the classes of several files in their order', async () => {
    const files = ['images/right/003.png', 'images/left/001.png', join(folder, 'images/left/002.png')];
    const { predictions } = await answer(contract.predictContract, 'predict', 'first', ...files);
    expect(predictions.map(({ file }) => file)).toEqual(files.map((file) => join(folder, file.replace(folder, ''))));
    for (const { top, unfamiliar } of predictions) {
      expect(unfamiliar).toBeNull();
      expect(top.map((entry) => entry.class).sort()).toEqual(['left', 'right']);
      expect(top[0].probability).toBeGreaterThanOrEqual(top[1].probability);
      expect(top[0].probability + top[1].probability).toBeCloseTo(1, 5);
    }
  });

  it('says what is wrong with a file among others, and refuses when none can be read', async () => {
    const { predictions } = await answer(
      contract.predictContract,
      'predict',
      'first',
      'broken.png',
      'images/left/000.png',
    );
    expect(predictions[0]).toMatchObject({ top: [], problem: expect.any(String) as string });
    expect(predictions[1].top).toHaveLength(2);
    expect(await refusal('predict', 'first', 'broken.png')).toContain(join(folder, 'broken.png'));
    expect(await refusal('predict', 'first', 'absent.png')).toContain(join(folder, 'absent.png'));
  });
});

describe('thaw runs', () => {
  it('lists the runs of a folder', async () => {
    const { runs } = await answer(contract.runsContract, 'runs', folder);
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({
      run: join(folder, '.thaw/runs/first'),
      name: 'first',
      state: 'finished',
      epochs: 2,
    });
    expect(runs[0].best).toEqual(training.json.best);
  });

  it('lists none where there are none', async () => {
    expect((await answer(contract.runsContract, 'runs', 'images')).runs).toEqual([]);
  });
});

describe('thaw engine', () => {
  it('tells which engines work here and why not', async () => {
    const status = await answer(contract.engineContract, 'engine', 'status');
    const { engines } = status;
    expect(engines.map(({ name, available }) => [name, available])).toEqual([
      ['portable', true],
      ['native', false],
    ]);
    expect(await answer(contract.engineContract, 'engine')).toEqual(status);
  });

  it('refuses an engine that does not work here', async () => {
    expect(await refusal('train', PLAN, '--engine', 'native')).toContain('--engine auto');
    expect(await refusal('engine', 'instal')).toContain('Allowed choices are status, install, remove.');
    expect(await refusal('engine', 'status', '--source', 'wheel')).toContain('thaw engine install');
    expect(await refusal('engine', 'install', '--source', 'internet')).toContain('auto, archive, wheel');
    expect(await refusal('engine', 'install', '--source', 'wheel', '--from', 'model')).toContain('--from');
    expect(await refusal('engine', 'install', '--from', 'images')).toContain('it has no library of TensorFlow');
  });
});

describe('the command line', () => {
  it.each([
    { why: 'an unknown command', args: ['trian', PLAN] },
    { why: 'a missing argument', args: ['train'] },
    { why: 'a missing option', args: ['init', '--model', 'model'] },
    { why: 'an unknown option', args: ['train', PLAN, '--runs', 'x'] },
    { why: 'a seed that is no number', args: ['train', PLAN, '--seed', 'many'] },
    { why: 'an unknown engine', args: ['data', 'images', '--engine', 'fast'] },
    { why: 'an unknown similarity', args: ['init', '--model', 'model', '--data', 'images', '--similarity', 'middle'] },
    { why: 'options that exclude each other', args: ['train', PLAN, '--resume', 'first', '--run', 'second'] },
    { why: 'predict without files', args: ['predict', 'first'] },
    { why: 'an argument too many', args: ['check', PLAN, 'and'] },
    { why: 'a plan that is missing', args: ['train', 'absent.json'] },
    { why: 'a model that is missing', args: ['inspect', 'absent'] },
    { why: 'a data folder that is missing', args: ['data', 'absent'] },
  ])('exits with 2 and one line for $why', async ({ args }) => {
    await refusal(...args);
  });

  it('prints its help and its version', async () => {
    const help = await thaw('--help');
    expect(help.code).toBe(0);
    for (const name of [
      'inspect',
      'data',
      'init',
      'check',
      'train',
      'evaluate',
      'compare',
      'predict',
      'runs',
      'engine',
    ]) {
      expect(help.stdout).toMatch(new RegExp(`^ +${name} `, 'm'));
    }
    expect(await thaw('--version')).toMatchObject({ code: 0, stdout: `${THAW_VERSION}\n` });
  });

  it('finds a workspace above the plan', async () => {
    await writeProject(join(folder, 'deeper'), { phases: [{ name: 'head', epochs: 1 }] }, 4);
    await writePlan(join(folder, 'deeper'), { phases: [{ name: 'head', epochs: 1 }], model: '../model' });
    const { code, json } = await runCli(['train', PLAN, '--json'], { cwd: join(folder, 'deeper') });
    expect(code).toBe(0);
    expect(String(json.run).startsWith(join(folder, '.thaw/runs/small-'))).toBe(true);
    await rm(String(json.run), { recursive: true });
  });
});
