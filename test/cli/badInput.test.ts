import { mkdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashTensors } from '../../src/node/freezeProof.ts';
import type { PlanInput } from '../../src/shared/plan.ts';
import { leftovers, listing } from '../support/folderListing.ts';
import { blackPng, jpeg, temporaryFolder } from '../support/imageFiles.ts';
import { makeReadOnly, mountSmallDisk } from '../support/mounts.ts';
import { type CliResult, runCli, startCli } from '../support/runCli.ts';
import { writePlan, writeProject } from '../support/trainingFixture.ts';

const PLAN = 'small.finetune.json';
const TRAIN = ['train', PLAN, '--json'];
const INIT = ['init', '--model', 'model', '--data', 'images'];
const everything: PlanInput['blocks'] = { stem: { frozen: false }, middle: { frozen: false }, top: { frozen: false } };

/** A folder with a small project; `changes` replace keys of its plan. */
async function project(changes: Partial<PlanInput> = {}, perClass = 5): Promise<string> {
  const folder = await temporaryFolder();
  await writeProject(folder, changes, perClass);
  return folder;
}

/** Requires exactly one line on stderr that holds all `parts`, no result, and exit code 2. */
function expectLine({ code, stdout, stderr }: CliResult, parts: string[]): void {
  expect(stderr.endsWith('\n') ? stderr.slice(0, -1).split('\n') : stderr).toHaveLength(1);
  for (const part of parts) expect(stderr).toContain(part);
  expect(stdout).not.toContain('"result"');
  expect(code).toBe(2);
}

/** Requires a command to be refused with one line, and to leave everything below `folder` as it was. */
async function expectRefused(folder: string, args: string[], parts: string[], watched = folder): Promise<void> {
  const before = await listing(watched);
  expectLine(await runCli(args, { cwd: folder }), parts);
  expect(await listing(watched)).toEqual(before);
}

async function clear(folder: string): Promise<void> {
  await rm(folder, { recursive: true });
  await mkdir(folder);
}

describe('data', () => {
  it('that is an empty folder', async () => {
    const folder = await project();
    await clear(join(folder, 'images'));
    const parts = [join(folder, 'images'), 'No images', 'Put the images of each class in a folder'];
    for (const args of [INIT, TRAIN, ['data', 'images']]) await expectRefused(folder, args, parts);
  });

  it('of one class', async () => {
    const folder = await project();
    await rm(join(folder, 'images', 'left'), { recursive: true });
    for (const args of [INIT, TRAIN])
      await expectRefused(folder, args, [join(folder, 'images'), '"right"', 'add a folder']);
  });

  it('with a class of one image', async () => {
    const folder = await project();
    await clear(join(folder, 'images', 'left'));
    await writeFile(join(folder, 'images', 'left', 'only.jpg'), await jpeg(1));
    const parts = [join(folder, 'images'), '"left"', '1 readable image;', 'Add images'];
    for (const args of [INIT, TRAIN]) await expectRefused(folder, args, parts);
  });

  const unreadable = [
    {
      what: 'a text named .jpg',
      content: async () => Buffer.from('not an image\nat all'),
      problem: /text|not an image/,
    },
    { what: 'a JPEG that was cut off', content: async () => (await jpeg(1)).subarray(0, 700), problem: /cut off/ },
    { what: 'a file of 0 bytes', content: async () => Buffer.alloc(0), problem: /empty/ },
  ];

  it.each(unreadable)('with $what goes on without it and says so', async ({ content, problem }) => {
    const folder = await project();
    const file = join(folder, 'images', 'left', 'bad.jpg');
    await writeFile(file, await content());
    const { json } = await runCli(['data', 'images', '--json'], { cwd: folder });
    expect(json.problems).toContainEqual({ file, problem: expect.stringMatching(problem) as string });
    const training = await runCli(TRAIN, { cwd: folder });
    expect(training).toMatchObject({ code: 0, stderr: '' });
    const warnings = training.lines.filter(({ event }) => event === 'warning').map(({ text }) => String(text));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(file);
    expect(warnings[0]).toMatch(problem);
  });

  it.each(unreadable)('with a class that holds nothing but $what', async ({ content }) => {
    const folder = await project();
    await clear(join(folder, 'images', 'left'));
    for (const name of ['a.jpg', 'b.jpg', 'c.jpg'])
      await writeFile(join(folder, 'images', 'left', name), await content());
    await expectRefused(folder, TRAIN, [join(folder, 'images'), 'class']);
    await expectRefused(folder, INIT, [join(folder, 'images'), 'class']);
  });

  it('with an image 20,000 pixels wide uses it', async () => {
    const folder = await project();
    const file = join(folder, 'images', 'left', 'wide.png');
    await writeFile(file, blackPng(20_000, 6_000));
    const { code, json } = await runCli(['data', 'images', '--json'], { cwd: folder });
    expect(code).toBe(0);
    expect((json.problems as { file: string }[]).map((entry) => entry.file)).not.toContain(file);
    const training = await runCli(TRAIN, { cwd: folder });
    expect(training.code).toBe(0);
    expect(training.lines.filter(({ event }) => event === 'warning')).toEqual([]);
  });

  it('with an image too large to be read', async () => {
    const folder = await project();
    const trained = await runCli([...TRAIN, '--run', 'run'], { cwd: folder });
    expect(trained.code).toBe(0);
    await writeFile(join(folder, 'huge.png'), blackPng(30_000, 20_000));
    await expectRefused(
      folder,
      ['predict', 'run', 'huge.png'],
      [join(folder, 'huge.png'), '30000 x 20000', 'make it smaller'],
    );
  });

  it('with links in a circle reads every image once and says so', async () => {
    const folder = await project();
    await symlink('..', join(folder, 'images', 'left', 'up'));
    await symlink('self', join(folder, 'images', 'right', 'self'));
    const { code, json } = await runCli(['data', 'images', '--json'], { cwd: folder });
    expect([code, json.images]).toEqual([0, 10]);
    expect(json.problems).toContainEqual({
      file: join(folder, 'images/left/up'),
      problem: expect.stringContaining('back') as string,
    });
    expect(json.problems).toContainEqual({
      file: join(folder, 'images/right/self'),
      problem: expect.stringContaining('itself') as string,
    });
    expect((await runCli(TRAIN, { cwd: folder })).code).toBe(0);
  });

  it('that is a link to itself', async () => {
    const folder = await project();
    await rm(join(folder, 'images'), { recursive: true });
    await symlink('images', join(folder, 'images'));
    for (const args of [INIT, TRAIN]) await expectRefused(folder, args, [join(folder, 'images'), 'no data folder']);
  });
});

describe('names', () => {
  it('with spaces, quotes and emoji work everywhere', async () => {
    const parent = await temporaryFolder();
    const folder = join(parent, `my "best" folder's 🌼 $HOME`);
    await writeProject(folder, {}, 5);
    for (const [plain, name] of [
      ['left', `it's "left" 🌱`],
      ['right', 'right\u00e9 `a` $b'],
    ]) {
      await rename(join(folder, 'images', plain), join(folder, 'images', name));
      await rename(join(folder, 'images', name, '000.png'), join(folder, 'images', name, `a 'b' "c" 🍓.png`));
    }
    await rename(join(folder, 'images'), join(folder, 'bilder 🌻'));
    const cwd = folder;
    const plan = `ein "plan" it's 🌷.json`;
    expect(
      await runCli(['init', '--model', 'model', '--data', 'bilder 🌻', '-o', plan, '--quiet'], { cwd }),
    ).toMatchObject({ code: 0, stderr: '' });
    expect((await runCli(['check', plan], { cwd })).code).toBe(0);
    const run = `.thaw/runs/"run" it's 🌵 1`;
    expect((await runCli(['train', plan, '--run', run, '--json'], { cwd })).json).toMatchObject({
      run: join(folder, run),
      stopped: 'finished',
    });
    const { runs } = (await runCli(['runs', '--json'], { cwd })).json as { runs: object[] };
    expect(runs).toMatchObject([{ name: `"run" it's 🌵 1`, plan: join(folder, plan) }]);
    const evaluation = await runCli(['evaluate', `"run" it's 🌵 1`, '--data', 'bilder 🌻', '--json'], { cwd });
    expect(evaluation.json).toMatchObject({ n: 10, classes: [`it's "left" 🌱`, 'right\u00e9 `a` $b'] });
    const image = `bilder 🌻/it's "left" 🌱/a 'b' "c" 🍓.png`;
    expect((await runCli(['predict', run, image, '--json'], { cwd })).json).toMatchObject({
      predictions: [{ file: join(folder, image) }],
    });
  });
});

describe('a model', () => {
  const damaged: { what: string; damage: (model: string) => Promise<void>; parts: string[] }[] = [
    {
      what: 'without its weight file',
      damage: (model) => rm(join(model, 'weights.bin')),
      parts: ['weights.bin is missing', 'Put the weight files beside'],
    },
    {
      what: 'whose model.json lists no weights',
      damage: (model) => editJson(join(model, 'model.json'), (json) => ({ ...json, weightsManifest: undefined })),
      parts: ['no weights', 'Put the weight files beside'],
    },
    {
      what: 'whose weight file is too short',
      damage: (model) => truncate(join(model, 'weights.bin'), 100),
      parts: ['100 of', 'Copy or download the model again'],
    },
    { what: 'with weights that are not numbers', damage: spoilWeight, parts: ['"stem/kernel"', 'use another copy'] },
    {
      what: 'that is not JSON',
      damage: (model) => writeFile(join(model, 'model.json'), 'this is\nnot JSON\n'),
      parts: ['not valid JSON', 'again'],
    },
    {
      what: 'that is a GraphModel',
      damage: (model) => editJson(join(model, 'model.json'), (json) => ({ ...json, format: 'graph-model' })),
      parts: ['GraphModel', 'Use the LayersModel'],
    },
  ];

  it.each(damaged)('$what', async ({ damage, parts }) => {
    const folder = await project();
    await damage(join(folder, 'model'));
    for (const args of [['inspect', 'model'], TRAIN]) {
      await expectRefused(folder, args, [join(folder, 'model/model.json'), ...parts]);
    }
  });
});

async function editJson(path: string, edit: (json: Record<string, unknown>) => object): Promise<void> {
  await writeFile(path, JSON.stringify(edit(JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>)));
}

async function spoilWeight(model: string): Promise<void> {
  const bytes = await readFile(join(model, 'weights.bin'));
  bytes.writeFloatLE(NaN, 8);
  await writeFile(join(model, 'weights.bin'), bytes);
}

describe('a plan', () => {
  const phase = { name: 'head', epochs: 1 };
  const mistakes: { what: string; changes: object; at: string; parts: string[] }[] = [
    { what: 'with an unknown key', changes: { epochs: 3 }, at: '"epochs": 3', parts: ['unknown key "epochs"'] },
    {
      what: 'with an unknown block',
      changes: { blocks: { tpo: { frozen: false } } },
      at: '"tpo"',
      parts: ['"tpo"', 'Nearest valid value: top'],
    },
    {
      what: 'with a frozen block in a phase',
      changes: { phases: [{ ...phase, unfreeze: ['top'] }] },
      at: '"top"',
      parts: ['"top" is frozen', 'set "frozen" to false'],
    },
    {
      what: 'with a negative rate',
      changes: { optimizer: { name: 'adam', headLearningRate: -0.01 } },
      at: '-0.01',
      parts: ['optimizer.headLearningRate', 'greater than 0', '-0.01'],
    },
    {
      what: 'with a value of the wrong type',
      changes: { batchSize: 'many' },
      at: '"many"',
      parts: ['batchSize', 'a whole number', '"many"'],
    },
    {
      what: 'of a future version',
      changes: { version: 2 },
      at: '"version"',
      parts: ['newer Thaw (version 2)', 'Update Thaw'],
    },
  ];

  it.each(mistakes)('$what', async ({ changes, at, parts }) => {
    const folder = await project();
    await writePlan(folder, { phases: [phase], ...changes });
    const text = await readFile(join(folder, PLAN), 'utf8');
    const line = text.slice(0, text.lastIndexOf(at)).split('\n').length;
    const place = `${join(folder, PLAN)}, line ${line}:`;
    await expectRefused(folder, TRAIN, [place, ...parts]);
    await expectRefused(folder, ['check', PLAN], [place, ...parts]);
  });

  it('that is no JSON', async () => {
    const folder = await project();
    await writeFile(join(folder, PLAN), '{\n  "version": 1,\n  "model" "model"\n}\n');
    await expectRefused(folder, TRAIN, [`${join(folder, PLAN)}, line 3:`, 'colon']);
  });
});

describe('data that is deleted while it is trained on', () => {
  /** Takes the images away as soon as an event comes, and waits for the end. */
  async function vanish(folder: string, event: string, env: NodeJS.ProcessEnv = {}): Promise<CliResult> {
    const training = startCli([...TRAIN, '--run', 'run'], { cwd: folder, env });
    await training.line((line) => line.event === event);
    await rename(join(folder, 'images'), join(folder, 'gone'));
    return training.finished;
  }

  it('is not missed once its features are in memory', async () => {
    const folder = await project({ phases: [{ name: 'head', epochs: 30 }] });
    expect(await vanish(folder, 'epoch')).toMatchObject({
      code: 0,
      stderr: '',
      json: { stopped: 'finished', epochs: 30 },
    });
  });

  it('ends a run that has only begun to read it, and leaves nothing', async () => {
    const folder = await project({ blocks: everything });
    // Large enough that reading them all takes a good while longer than noticing that the first was read.
    const image = await jpeg(1, 2000, 2000);
    for (const side of ['left', 'right']) {
      for (let index = 0; index < 30; index++)
        await writeFile(join(folder, 'images', side, `large ${index}.jpg`), image);
    }
    const noImageStays = { THAW_IMAGE_LIMIT_MB: '0' };
    expectLine(await vanish(folder, 'cache', noImageStays), [
      join(folder, 'images'),
      'disappeared',
      'Restore the folder and run the command again',
    ]);
    expect(Object.keys(await listing(folder)).filter((path) => /^(run|\.thaw)/.test(path))).toEqual([]);
  });

  it('ends a run that reads images anew in every epoch, with the checkpoint to go on from', async () => {
    const folder = await project({ blocks: everything, phases: [{ name: 'all', epochs: 300 }] });
    const noImageStays = { THAW_IMAGE_LIMIT_MB: '0' };
    const result = await vanish(folder, 'checkpoint', noImageStays);
    expectLine(result, [join(folder, 'images'), 'disappeared', `continue with --resume ${join(folder, 'run')}`]);
    expect(await leftovers(folder)).toEqual([]);
    expect(JSON.parse(await readFile(join(folder, 'run/status.json'), 'utf8'))).toMatchObject({
      state: 'failed',
      problem: result.stderr.trim(),
    });
  });
});

describe('a disk', () => {
  const FREE = 'Free some space';

  it('that has too little room for a run', async (context) => {
    const folder = await temporaryFolder();
    const disk = join(folder, 'disk');
    await mountSmallDisk(context, disk, '1m');
    await writeProject(disk, {}, 5);
    await expectRefused(disk, TRAIN, [join(disk, '.thaw/runs/small-'), 'MB free', FREE]);
  });

  it('that is full', async (context) => {
    const folder = await project();
    const disk = join(folder, 'disk');
    await mountSmallDisk(context, disk, '1m');
    await fill(disk);
    await expectRefused(folder, [...INIT, '-o', 'disk/plan.json'], [join(disk, 'plan.json'), 'full', FREE]);
    await expectRefused(folder, [...TRAIN, '--run', 'disk/run'], [join(disk, 'run'), FREE]);
  });

  it('that becomes full in the middle of a run, which goes on once there is room', async (context) => {
    const folder = await project({ blocks: { top: { frozen: false } }, phases: [{ name: 'all', epochs: 60 }] });
    const disk = join(folder, 'disk');
    await mountSmallDisk(context, disk, '3m');
    const args = ['train', PLAN, '--json'];
    const training = startCli([...args, '--run', 'disk/run'], { cwd: folder });
    await training.line((line) => line.event === 'checkpoint');
    await fill(disk);
    expectLine(await training.finished, [join(disk, 'run'), 'full', FREE, `--resume ${join(disk, 'run')}`]);
    expect(await leftovers(disk)).toEqual([]);
    await rm(join(disk, 'filler'));
    const resumed = await runCli([...args, '--resume', 'disk/run'], { cwd: folder });
    expect(resumed.json).toMatchObject({ stopped: 'finished', epochs: 60 });
    expect((await runCli([...args, '--run', 'whole'], { cwd: folder })).code).toBe(0);
    const hashes = (run: string): Promise<Map<string, string>> => hashTensors(join(folder, run, 'model/model.json'));
    expect(await hashes('disk/run')).toEqual(await hashes('whole'));
  });

  it('that is read-only', async (context) => {
    const folder = await temporaryFolder();
    const disk = join(folder, 'disk');
    await mountSmallDisk(context, disk, '4m');
    await writeProject(disk, {}, 5);
    await makeReadOnly(disk);
    const advice = 'read-only file system. Choose a place that can be written to';
    for (const plan of ['plan.json', 'new/folder/plan.json']) {
      await expectRefused(disk, [...INIT, '-o', plan], [join(disk, plan), advice]);
    }
    await expectRefused(disk, TRAIN, [join(disk, '.thaw/runs/small-'), advice]);
    const elsewhere = await runCli([...TRAIN, '--run', join(folder, 'run')], { cwd: disk });
    expect(elsewhere).toMatchObject({ code: 0, json: { stopped: 'finished' } });
  });

  /** Writes until nothing more fits. */
  async function fill(disk: string): Promise<void> {
    const room = writeFile(join(disk, 'filler'), Buffer.alloc(8_000_000));
    await expect(room).rejects.toMatchObject({ code: 'ENOSPC' });
  }
});
