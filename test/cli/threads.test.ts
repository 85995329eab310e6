import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashTensors } from '../../src/node/freezeProof.ts';
import { listing } from '../support/folderListing.ts';
import { temporaryFolder } from '../support/imageFiles.ts';
import { type CliResult, type JsonLine, runCli, startCli } from '../support/runCli.ts';
import { writeWideProject } from '../support/wideNetwork.ts';

const PLAN = 'small.finetune.json';
const EPOCHS = 3;
let folder: string;
let onTwo: CliResult;

/** Its convolutions are large enough to be divided among threads. */
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'thaw-test-')));
  await writeWideProject(folder, {
    blocks: { conv: { frozen: false } },
    phases: [{ name: 'all', epochs: EPOCHS }],
    batchSize: 8,
  });
  onTwo = await thaw('train', PLAN, '--run', 'two', '--threads', '2', '--json');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const thaw = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: folder });

const epochsOf = ({ lines }: CliResult): JsonLine[] => lines.filter(({ event }) => event === 'epoch');

const engineOf = ({ json }: CliResult): unknown => json.engineVersion;

async function recorded(run: string): Promise<JsonLine> {
  return JSON.parse(await readFile(join(folder, run, 'environment.json'), 'utf8')) as JsonLine;
}

describe('thaw train --threads', () => {
  it('trains with as many threads, to what one thread comes to', async () => {
    expect(onTwo).toMatchObject({ code: 0, stderr: '', json: { stopped: 'finished' } });
    expect(await recorded('two')).toMatchObject({
      threads: 2,
      engine: expect.stringContaining('2 threads') as string,
    });
    const onOne = await thaw('train', PLAN, '--run', 'one', '--threads', '1', '--json');
    expect(await recorded('one')).toMatchObject({ threads: 1, engine: expect.stringContaining('1 thread') as string });
    const [expected, actual] = [epochsOf(onOne), epochsOf(onTwo)];
    expect(actual).toHaveLength(EPOCHS);
    for (const [index, { loss, validationLoss }] of actual.entries()) {
      expect(Number(loss)).toBeCloseTo(Number(expected[index].loss), 5);
      expect(Number(validationLoss)).toBeCloseTo(Number(expected[index].validationLoss), 5);
    }
  });

  it('goes on with the number that the run began with, bit for bit', async () => {
    const args = ['train', PLAN, '--run', 'stopped', '--threads', '2', '--json'];
    const stopped = startCli(args, { cwd: folder });
    await stopped.line(({ event }) => event === 'epoch');
    process.kill(stopped.processId, 'SIGINT');
    expect((await stopped.finished).code).toBe(130);
    const resumed = await thaw('train', PLAN, '--resume', 'stopped', '--json');
    expect(resumed).toMatchObject({ code: 0, stderr: '', json: { stopped: 'finished', epochs: EPOCHS } });
    expect(engineOf(resumed)).toContain('2 threads');
    const weights = (run: string) => hashTensors(join(folder, run, 'model', 'model.json'));
    expect(await weights('stopped')).toEqual(await weights('two'));
  });

  it('goes on with another number where one is asked for', async () => {
    const resumed = await thaw('train', PLAN, '--resume', 'two', '--threads', '3', '--json');
    expect(engineOf(resumed)).toContain('3 threads');
  });

  it.each(['0', '9', '1.5', 'two', ''])('refuses "%s"', async (threads) => {
    const { code, stdout, stderr } = await thaw('train', PLAN, '--threads', threads);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^[^\n]*'--threads <number>'[^\n]*auto or a whole number from 1 to 8[^\n]*\n$/);
  });

  it('refuses the same in THAW_THREADS', async () => {
    const refused = await runCli(['train', PLAN], { cwd: folder, env: { THAW_THREADS: 'many' } });
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toBe('THAW_THREADS is "many"; it must be auto or a whole number from 1 to 8.\n');
  });
});

describe('the number of threads that is left to Thaw', () => {
  it('is measured once, before the first training', async ({ skip }) => {
    if (availableParallelism() === 1) skip('this machine has one core');
    const cache = await temporaryFolder();
    const run = (...args: string[]) =>
      runCli(args, { cwd: folder, env: { THAW_THREADS: 'auto', THAW_CACHE_DIR: cache } });
    const portable = async () => ((await run('engine', '--json')).json.engines as JsonLine[])[0].version;
    expect(await portable()).toMatch(/SIMD, 1 thread, more not measured yet$/);
    expect(await listing(cache)).toEqual({});

    const trained = await run('train', PLAN, '--run', 'measured', '--json');
    expect(trained).toMatchObject({ code: 0, stderr: '' });
    const kept = await listing(cache);
    // On a busy machine it is put off.
    if (!('threads.json' in kept)) return skip('this machine is busy');
    const { threads } = JSON.parse(await readFile(join(cache, 'threads.json'), 'utf8')) as { threads: number };
    expect(await recorded('measured')).toMatchObject({ threads });
    expect(await portable()).toMatch(new RegExp(`SIMD, ${threads} threads?, measured$`));
  });
});
