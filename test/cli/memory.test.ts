import { cp, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leftovers, listing } from '../support/folderListing.ts';
import { temporaryFolder } from '../support/imageFiles.ts';
import { refusalOf } from '../support/refusal.ts';
import { type CliResult, type JsonLine, runCli } from '../support/runCli.ts';
import { writeWideProject } from '../support/wideNetwork.ts';

/**
 * A project whose batch of 20 needs over 60 MB and its validation over 20 MB, and its run where memory is no matter.
 */
let template: string;
let roomy: CliResult;

beforeAll(async () => {
  template = await realpath(await mkdtemp(join(tmpdir(), 'thaw-test-')));
  await writeWideProject(template, {
    blocks: { conv: { frozen: false } },
    data: { train: 'images', validation: 0.5 },
  });
  roomy = await train(template, 1000);
  expect(roomy.code).toBe(0);
  await rm(join(template, 'run'), { recursive: true });
});

afterAll(() => rm(template, { recursive: true, force: true }));

async function copyOfProject(): Promise<string> {
  const folder = join(await temporaryFolder(), 'project');
  await cp(template, folder, { recursive: true });
  return folder;
}

const withMemory = (folder: string, megabytes: number, args: string[]): Promise<CliResult> =>
  runCli(args, { cwd: folder, env: { THAW_HEAP_LIMIT_MB: String(megabytes) } });

const train = (folder: string, megabytes: number): Promise<CliResult> =>
  withMemory(folder, megabytes, ['train', 'small.finetune.json', '--run', 'run', '--json']);

const warningsOf = ({ lines }: CliResult): unknown[] =>
  lines.filter(({ event }) => event === 'warning').map(({ code }) => code);

const lossesOf = ({ lines }: CliResult): number[] =>
  lines
    .filter(({ event }: JsonLine) => event === 'epoch')
    .flatMap((line) => [Number(line.loss), Number(line.validationLoss)]);

describe('little memory', () => {
  it('is answered with smaller micro-batches, which give the same losses', async () => {
    expect(warningsOf(roomy)).toEqual([]);
    const folder = await copyOfProject();
    const tight = await train(folder, 15);
    expect(tight).toMatchObject({ code: 0, stderr: '', json: { stopped: 'finished' } });
    const warnings = warningsOf(tight);
    expect(warnings.length).toBeGreaterThan(0);
    expect(new Set(warnings)).toEqual(new Set(['smallerMicroBatch']));
    const [expected, actual] = [lossesOf(roomy), lossesOf(tight)];
    expect(actual).toHaveLength(expected.length);
    actual.forEach((loss, index) => expect(loss).toBeCloseTo(expected[index], 4));
    // 16 images at a time do not fit into this even without gradients.
    const evaluation = await withMemory(folder, 15, ['evaluate', 'run', '--data', 'images', '--json']);
    expect(evaluation).toMatchObject({ code: 0, json: { n: 40 } });
  });

  it('as a command allows it divides batches before the first step, and a resumed run divides them alike', async () => {
    const folder = await copyOfProject();
    const options = ['train', 'small.finetune.json', '--run', 'run', '--json', '--memory', '300'];
    const tight = await runCli(options, { cwd: folder });
    expect(tight).toMatchObject({ code: 0, stderr: '', json: { stopped: 'finished' } });
    expect(warningsOf(tight)).toEqual(['smallerMicroBatch']);
    const eventOf = (name: string): JsonLine | undefined => tight.lines.find(({ event }) => event === name);
    expect(eventOf('start')).toMatchObject({ memoryBudgetBytes: 300e6 });
    const { microBatch } = eventOf('phase') as JsonLine & { microBatch: number };
    expect(microBatch).toBeLessThan(32);
    expect(microBatch).toBeGreaterThan(1);
    const environment: unknown = JSON.parse(await readFile(join(folder, 'run/environment.json'), 'utf8'));
    expect(environment).toMatchObject({ memoryBudgetBytes: 300e6 });
    const resumed = await runCli(['train', 'small.finetune.json', '--resume', 'run', '--json'], { cwd: folder });
    expect(resumed).toMatchObject({ code: 0, json: { best: tight.json.best } });
    expect(resumed.lines[0]).toMatchObject({ event: 'start', memoryBudgetBytes: 300e6 });
  });

  it('is no number: one line says so', async () => {
    const folder = await copyOfProject();
    for (const value of ['0', '-5', 'much']) {
      expect(await refusalOf(['train', 'small.finetune.json', `--memory=${value}`], folder)).toContain('--memory');
    }
    const environment = { THAW_MEMORY_LIMIT_MB: 'much' };
    const before = await listing(folder);
    const { code, stderr } = await runCli(['train', 'small.finetune.json'], { cwd: folder, env: environment });
    expect([code, stderr.trimEnd().split('\n').length]).toEqual([2, 1]);
    expect(stderr).toContain('THAW_MEMORY_LIMIT_MB is "much"');
    expect(await listing(folder)).toEqual(before);
  });

  it('that does not suffice for one image ends the run with one line, and it can be resumed elsewhere', async () => {
    const folder = await copyOfProject();
    const before = await listing(folder);
    const { code, stderr, json } = await train(folder, 3);
    expect(code).toBe(1);
    expect(stderr).toBe(
      'The memory of the engine was exhausted even with 1 image at a time. Freeze more blocks or use a smaller network.\n',
    );
    expect(json.event).not.toBe('result');
    expect(await leftovers(folder)).toEqual([]);
    expect(await listing(folder)).toMatchObject(before);
    expect(Object.keys(await listing(join(folder, 'run'))).sort()).toEqual([
      'environment.json',
      'metrics.jsonl',
      'plan.json',
      'split.json',
      'status.json',
    ]);
    const status: unknown = JSON.parse(await readFile(join(folder, 'run/status.json'), 'utf8'));
    expect(status).toMatchObject({ state: 'failed', problem: stderr.trimEnd() });
    const resumed = await runCli(['train', 'small.finetune.json', '--resume', 'run', '--json'], { cwd: folder });
    expect(resumed).toMatchObject({ code: 0, json: { best: roomy.json.best } });
  });

  it('that does not even suffice for the network ends every command with one line', async () => {
    const folder = await copyOfProject();
    for (const args of [
      ['check', 'small.finetune.json'],
      ['train', 'small.finetune.json'],
    ]) {
      const { code, stderr } = await withMemory(folder, 0.01, args);
      expect(code).toBe(1);
      expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^The memory of the engine was exhausted/);
    }
  });
});
