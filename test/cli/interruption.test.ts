import { spawn } from 'node:child_process';
import { appendFile, cp, mkdir, mkdtemp, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hashTensors } from '../../src/node/freezeProof.ts';
import { isAlive } from '../../src/node/processAlive.ts';
import { leftovers } from '../support/folderListing.ts';
import { temporaryFolder } from '../support/imageFiles.ts';
import { CLI, type CliProcess, type CliResult, type JsonLine, runCli, startCli } from '../support/runCli.ts';
import { writeProject } from '../support/trainingFixture.ts';

const PLAN = 'small.finetune.json';

/** A project, and what its plan gives when nothing disturbs it. Everything that draws random numbers is switched on. */
let template: string;
let undisturbed: { hashes: Map<string, string>; steps: string[]; best: unknown };

beforeAll(async () => {
  template = await realpath(await mkdtemp(join(tmpdir(), 'thaw-test-')));
  const changes = {
    blocks: { stem: { frozen: false }, middle: { frozen: false }, top: { frozen: false } },
    head: { classes: ['left', 'right'], dropout: 0.3 },
    augment: { flip: true, crop: 0.2 },
    phases: [
      { name: 'head', epochs: 1, unfreeze: [] },
      { name: 'all', epochs: 2 },
    ],
    batchSize: 1,
  };
  await writeProject(template, changes, 100);
  const { code, json } = await runCli(['train', PLAN, '--run', 'run', '--json'], { cwd: template });
  expect(code).toBe(0);
  undisturbed = { ...(await outcome(template)), best: json.best };
  await rm(join(template, 'run'), { recursive: true });
});

afterAll(() => rm(template, { recursive: true, force: true }));

async function outcome(folder: string): Promise<{ hashes: Map<string, string>; steps: string[] }> {
  const lines = (await readFile(join(folder, 'run', 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
  return {
    hashes: await hashTensors(join(folder, 'run', 'model', 'model.json')),
    steps: lines.filter((line) => line.includes('"event":"step"')),
  };
}

async function copyOfProject(name = 'project'): Promise<string> {
  const folder = join(await temporaryFolder(), name);
  await cp(template, folder, { recursive: true });
  return folder;
}

const start = (folder: string): CliProcess => startCli(['train', PLAN, '--run', 'run', '--json'], { cwd: folder });

const resume = (folder: string): Promise<CliResult> =>
  runCli(['train', PLAN, '--resume', 'run', '--json'], { cwd: folder });

/** A step well within an epoch, so that what is done next happens in the middle of it. */
const inEpoch =
  (fits: (epoch: number) => boolean) =>
  (line: JsonLine): boolean =>
    line.event === 'step' && fits(Number(line.epoch)) && Number(line.step) < 0.8 * Number(line.steps);

async function readRun(folder: string, file: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(folder, 'run', file), 'utf8')) as Record<string, unknown>;
}

/** Where the newest checkpoint of the run stands. */
async function positionOf(folder: string): Promise<{ epochs: number; step: number }> {
  const { state } = await readRun(folder, 'checkpoint/state.json');
  return (state as { position: { epochs: number; step: number } }).position;
}

async function trainerOf(folder: string): Promise<number> {
  return Number((await readRun(folder, 'status.json')).processId);
}

/** Resumes and requires the very run that nobody stopped: weights, steps, best epoch. */
async function expectSameOutcome(folder: string, resumed: boolean): Promise<void> {
  const result = await resume(folder);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(result.lines[0]).toMatchObject({ event: 'start', resumed });
  expect(result.json).toMatchObject({ stopped: 'finished', epochs: 3, best: undisturbed.best });
  expect(await outcome(folder)).toMatchObject({ hashes: undisturbed.hashes, steps: undisturbed.steps });
  expect(await leftovers(join(folder, 'run'))).toEqual([]);
  expect(await readRun(folder, 'status.json')).toMatchObject({ state: 'finished' });
}

describe('a trainer killed in mid-epoch', () => {
  it('makes the command fail with the way to go on, which gives the same weights', async () => {
    const folder = await copyOfProject();
    const training = start(folder);
    await training.line(inEpoch((epoch) => epoch >= 2));
    process.kill(await trainerOf(folder), 'SIGKILL');
    const { code, stderr, json } = await training.finished;
    expect(code).toBe(1);
    expect(stderr).toBe(
      `The trainer ended unexpectedly (signal SIGKILL). Continue from the last checkpoint with --resume ${join(folder, 'run')}.\n`,
    );
    expect(json.event).not.toBe('result');
    const { epochs } = await positionOf(folder);
    const steps = (await readFile(join(folder, 'run/metrics.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(JSON.parse(steps.at(-1) ?? '')).toMatchObject({ event: 'step', epoch: Number(epochs) + 1 });
    expect((await runCli(['runs', folder, '--json'], { cwd: folder })).json).toMatchObject({
      runs: [{ name: 'run', state: 'interrupted', epochs }],
    });
    await expectSameOutcome(folder, true);
  });

  it('starts over when there was no checkpoint yet', async () => {
    const folder = await copyOfProject();
    const training = start(folder);
    await training.line(inEpoch((epoch) => epoch === 1));
    process.kill(await trainerOf(folder), 'SIGKILL');
    expect((await training.finished).code).toBe(1);
    await expectSameOutcome(folder, false);
  });
});

/** Makes a run look as if its trainer had been killed just while it put a new checkpoint in the place of the old one. */
async function leaveHalfWritten(run: string): Promise<void> {
  await rename(join(run, 'checkpoint'), join(run, 'checkpoint.old-99'));
  await mkdir(join(run, 'checkpoint.tmp-99-7'));
  await writeFile(join(run, 'checkpoint.tmp-99-7', 'weights.safetensors'), 'half');
  await writeFile(join(run, 'status.json.tmp-99-8'), '{');
  await appendFile(join(run, 'metrics.jsonl'), '{"event":"step","phase":"al');
}

describe('a command that is killed', () => {
  it('takes its trainer along, and the run goes on with the same weights, whatever was half-written', async () => {
    const folder = await copyOfProject();
    const training = start(folder);
    await training.line(inEpoch((epoch) => epoch >= 2));
    const trainer = await trainerOf(folder);
    expect(isAlive(trainer)).toBe(true);
    training.child.kill('SIGKILL');
    expect(await training.finished).toMatchObject({ signal: 'SIGKILL' });
    await vi.waitFor(() => expect(isAlive(trainer)).toBe(false), { timeout: 20_000, interval: 20 });
    const { json } = await runCli(['runs', '--json'], { cwd: folder });
    expect(json).toMatchObject({ runs: [{ state: 'interrupted' }] });
    await leaveHalfWritten(join(folder, 'run'));
    await expectSameOutcome(folder, true);
  });
});

describe('Ctrl-C', () => {
  it('writes a checkpoint and prints a command for the shell that gives the same weights', async () => {
    const folder = await copyOfProject(`it's "my" project`);
    const training = start(folder);
    await training.line(inEpoch((epoch) => epoch >= 2));
    // A terminal sends the signal to all processes of its foreground group.
    process.kill(-training.processId, 'SIGINT');
    const { code, json, stderr } = await training.finished;
    expect(code).toBe(130);
    expect(json).toMatchObject({ event: 'result', stopped: 'interrupted', freezeProof: { changedTensors: 0 } });
    const { step, epochs } = await positionOf(folder);
    expect(step).toBeGreaterThan(0);
    expect(json.epochs).toBe(epochs);
    const [, command] = /^Stopped\. Continue with: (.*)\n$/.exec(stderr) ?? [];
    await inShell(command.replace(/^thaw /, '"$NODE" "$THAW" '), folder);
    expect(await outcome(folder)).toMatchObject({ hashes: undisturbed.hashes, steps: undisturbed.steps });
    expect(await leftovers(join(folder, 'run'))).toEqual([]);
  });
});

function inShell(command: string, cwd: string): Promise<void> {
  const env = { ...process.env, NODE: process.execPath, THAW: CLI };
  const shell = spawn('sh', ['-c', command], { cwd, env, stdio: 'ignore' });
  return new Promise((resolve, reject) => {
    shell.on('error', reject);
    shell.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`exit code ${code}: ${command}`))));
  });
}

describe('a trainer that is stopped for a while', () => {
  it('goes on as if nothing had happened', async () => {
    const folder = await copyOfProject();
    const training = start(folder);
    await training.line(inEpoch((epoch) => epoch >= 2));
    const trainer = await trainerOf(folder);
    process.kill(trainer, 'SIGSTOP');
    const { epochs } = await positionOf(folder);
    // What a terminal does to all of it.
    process.kill(-training.processId, 'SIGSTOP');
    process.kill(-training.processId, 'SIGCONT');
    process.kill(trainer, 'SIGCONT');
    expect(epochs).toBeGreaterThan(0);
    expect(await training.finished).toMatchObject({ code: 0, json: { stopped: 'finished' } });
    expect(await outcome(folder)).toMatchObject({ hashes: undisturbed.hashes, steps: undisturbed.steps });
  });
});

describe('several commands at once', () => {
  it('get runs of their own, each as if it were alone', async () => {
    const folder = await copyOfProject();
    const results = await Promise.all(
      Array.from({ length: 4 }, () => runCli(['train', PLAN, '--json'], { cwd: folder })),
    );
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const runs = results.map(({ json }) => String(json.run));
    expect(new Set(runs).size).toBe(4);
    for (const run of runs) expect(await hashTensors(join(run, 'model', 'model.json'))).toEqual(undisturbed.hashes);
  });
});

describe('a run that is being trained', () => {
  it('cannot be trained by a second command', async () => {
    const folder = await copyOfProject();
    const training = start(folder);
    await training.line(inEpoch(() => true));
    const trainer = await trainerOf(folder);
    const second = await resume(folder);
    expect(second.code).toBe(2);
    expect(second.stderr).toBe(
      `The run at ${join(folder, 'run')} is being trained by process ${trainer}. Wait for it or stop it first.\n`,
    );
    expect(await training.finished).toMatchObject({ code: 0, json: { stopped: 'finished' } });
    expect(await outcome(folder)).toMatchObject({ hashes: undisturbed.hashes });
  });
});
