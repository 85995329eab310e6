import { copyFile, cp, mkdtemp, readFile, realpath, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hashTensors } from '../../src/node/freezeProof.ts';
import { readSplit } from '../../src/node/splitFile.ts';
import { listing } from '../support/folderListing.ts';
import { jpeg, put, temporaryFolder } from '../support/imageFiles.ts';
import { type CliResult, type JsonLine, runCli, startCli } from '../support/runCli.ts';
import { writePlan, writeProject } from '../support/trainingFixture.ts';

const PLAN = 'small.finetune.json';
const everything = { stem: { frozen: false }, middle: { frozen: false }, top: { frozen: false } };
const LONG = { blocks: everything, phases: [{ name: 'all', epochs: 3 }], batchSize: 1 };

const train = (folder: string, ...args: string[]): Promise<CliResult> =>
  runCli(['train', PLAN, ...args, '--json'], { cwd: folder });

const warningsOf = ({ lines }: CliResult): JsonLine[] => lines.filter(({ event }) => event === 'warning');

const weightsOf = (folder: string, run: string): Promise<Map<string, string>> =>
  hashTensors(join(folder, run, 'model', 'model.json'));

let template: Promise<string> | null = null;
let undisturbed: Map<string, string>;

/** A project with a run that was stopped in its second epoch, and the weights of one that was not. Made once. */
async function makeTemplate(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'thaw-test-')));
  await writeProject(folder, LONG, 30);
  expect((await train(folder, '--run', 'run')).code).toBe(0);
  undisturbed = await weightsOf(folder, 'run');
  await rm(join(folder, 'run'), { recursive: true });
  const training = startCli(['train', PLAN, '--run', 'run', '--json'], { cwd: folder });
  await training.line(({ event, epoch }) => event === 'step' && epoch === 2);
  training.child.kill('SIGINT');
  expect((await training.finished).code).toBe(130);
  return folder;
}

afterAll(async () => {
  if (template) await rm(await template, { recursive: true, force: true });
});

async function stoppedRun(): Promise<string> {
  template ??= makeTemplate();
  const folder = join(await temporaryFolder(), 'project');
  await cp(await template, folder, { recursive: true });
  return folder;
}

describe('a run whose images have changed since', () => {
  it('goes on with those it recorded, and to the same weights where images were only added', async () => {
    const folder = await stoppedRun();
    const extra = await put(await jpeg(1), folder, 'images', 'left', '0.jpg');
    const resumed = await train(folder, '--resume', 'run');
    expect(resumed).toMatchObject({ code: 0, stderr: '' });
    const text = `The data has changed since run ${folder}/run began: 1 image is new and not used (${extra}). It goes on with the images it recorded.`;
    expect(warningsOf(resumed)).toEqual([{ event: 'warning', code: 'dataChanged', text }]);
    expect(await weightsOf(folder, 'run')).toEqual(undisturbed);
  });

  it('says that its result is another where content has changed, and ends where images are gone', async () => {
    const folder = await stoppedRun();
    const split = await readSplit(join(folder, 'run', 'split.json'));
    const file = join(folder, 'images', split.train[0].file);
    await rename(file, join(folder, 'away.png'));
    const before = await listing(join(folder, 'run'));
    const refused = await train(folder, '--resume', 'run');
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toBe(
      `Images that run ${folder}/run trains on or is validated with are missing: 1 of them; the first is ${file}. Put them back to resume, or start a new run from these weights with --from ${folder}/run.\n`,
    );
    expect(await listing(join(folder, 'run'))).toEqual(before);

    await copyFile(join(folder, 'images', split.train[1].file), file);
    const resumed = await train(folder, '--resume', 'run');
    expect(resumed).toMatchObject({ code: 0, stderr: '' });
    const [warning] = warningsOf(resumed);
    expect(warning.code).toBe('dataChanged');
    for (const part of ['1 image has other content', file, 'no longer that of an undisturbed run']) {
      expect(warning.text).toContain(part);
    }
  });

  it('from before splits were recorded goes on as ever', async () => {
    const folder = await stoppedRun();
    await rm(join(folder, 'run', 'split.json'));
    const resumed = await train(folder, '--resume', 'run');
    expect(resumed).toMatchObject({ code: 0, stderr: '' });
    expect(warningsOf(resumed)).toEqual([]);
    expect(await weightsOf(folder, 'run')).toEqual(undisturbed);
  });

  it('whose split.json is damaged cannot be read', async () => {
    const folder = await stoppedRun();
    await put('{', folder, 'run', 'split.json');
    const { code, stderr } = await train(folder, '--resume', 'run');
    expect(code).toBe(2);
    expect(stderr).toBe(`The run at ${folder}/run/split.json cannot be read: it is not valid JSON. Start a new run.\n`);
  });
});

describe('data.split', () => {
  it('repeats the split of a run under another seed', async () => {
    const folder = await temporaryFolder();
    await writeProject(folder);
    expect((await train(folder, '--run', 'first')).code).toBe(0);
    const data = { train: 'images', validation: 0.4, split: 'first/split.json' };
    await writePlan(folder, { data });
    expect((await train(folder, '--run', 'second', '--seed', '3')).code).toBe(0);
    const [first, second] = await Promise.all(
      ['first', 'second'].map((run) => readSplit(join(folder, run, 'split.json'))),
    );
    expect(second).toEqual({ ...first, seed: 3 });
  });

  it('that is missing, or lists missing files, is refused with one line and leaves no run', async () => {
    const folder = await temporaryFolder();
    await writeProject(folder);
    expect((await train(folder, '--run', 'first')).code).toBe(0);
    const refused = async (split: string, parts: string[]): Promise<void> => {
      await writePlan(folder, { data: { train: 'images', validation: 0.2, split } });
      const before = await listing(folder);
      for (const args of [
        ['train', PLAN, '--run', 'second', '--json'],
        ['check', PLAN],
      ]) {
        const { code, stderr } = await runCli(args, { cwd: folder });
        expect(code).toBe(2);
        expect(stderr.trimEnd().split('\n')).toHaveLength(1);
        for (const part of parts) expect(stderr).toContain(part);
      }
      expect(await listing(folder)).toEqual(before);
    };
    await refused('none.json', [join(folder, 'none.json'), 'no such file', 'Give the split.json of a run']);
    const split = JSON.parse(await readFile(join(folder, 'first/split.json'), 'utf8')) as { train: { file: string }[] };
    const file = join(folder, 'images', split.train[0].file);
    await rm(file);
    await refused('first/split.json', [join(folder, 'first/split.json'), '1 of them', file, 'Put them back']);
  });
});
